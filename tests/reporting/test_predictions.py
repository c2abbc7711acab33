from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onelayer.errors import InputError
from onelayer.reporting.galleries import cell_rows, choose_galleries
from onelayer.reporting.predictions import Predictions


def test_contents_survive(predictions):
    found = Predictions.from_contents(*predictions.contents())
    np.testing.assert_array_equal(found.values, predictions.values)
    np.testing.assert_array_equal(found.shown.images, predictions.shown.images)
    assert found.are_probabilities


def test_confusion_counts_every_row(predictions):
    np.testing.assert_array_equal(predictions.confusion(), [[9, 1, 0], [0, 10, 0], [5, 0, 15]])


def changed(array, index, value):
    copy = array.copy()
    copy[index] = value
    return copy


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("labels", lambda a: changed(a, 0, 3), "labels are not all between 0 and 2"),
        ("labels", lambda a: changed(a, 0, -1), "labels are not all between 0 and 2"),
        ("labels", lambda a: a.astype(float), "indices are of type float64"),
        ("predicted", lambda a: a[:-1], "39 predicted for 40 rows"),
        ("values", lambda a: changed(a, 0, np.nan), "not all values are probabilities"),
        ("values", lambda a: changed(a, 0, 2.0), "not all values are probabilities"),
        ("values", lambda a: a[:, :1], "not floats"),
        ("values", lambda a: a[:0], "not floats"),
        ("image_rows", lambda a: a[::-1], "not ascending"),
        ("image_rows", lambda a: changed(a, -1, 40), "image_rows are not all between 0 and 39"),
        ("images", lambda a: a[:-1], "images are uint8 of shape"),
        ("images", lambda a: a.astype(np.float32), "images are float32"),
        ("images", lambda a: a[..., :2], "not uint8"),
        ("means", lambda a: a[:, :2], "means have not the size of images"),
        ("sample_labels", lambda a: changed(a, 0, 7), "sample_labels are not all between 0 and 2"),
    ],
)
def test_wrong_contents_are_refused_in_one_line(predictions, name, change, reason):
    arrays, metadata = predictions.contents()
    with pytest.raises(InputError, match=reason):
        Predictions.from_contents({**arrays, name: change(arrays[name])}, metadata)


@pytest.mark.parametrize("name", ["labels", "values", "image_rows", "means"])
def test_missing_contents_are_named(predictions, name):
    arrays, metadata = predictions.contents()
    del arrays[name]
    with pytest.raises(InputError, match=f"array '{name}' is missing"):
        Predictions.from_contents(arrays, metadata)


def test_predictions_of_other_rows_are_refused(make_data, predictions):
    other = replace(predictions, predicted=predictions.labels)
    with pytest.raises(InputError, match="not those that the confusion matrix counts"):
        make_data(predictions=other)


@pytest.mark.parametrize(("budget", "of_each"), [(9, 1), (17, 1), (25, 2), (108, 12), (1000, 12)])
def test_cells_have_the_same_number_of_rows(budget, of_each):
    rng = np.random.default_rng(budget)
    labels, predicted = rng.integers(0, 3, (2, 400))
    rows = cell_rows(labels, predicted, rng.random((400, 3)), budget)
    assert np.bincount(labels[rows] * 3 + predicted[rows], minlength=9).tolist() == [of_each] * 9


def test_a_cell_of_few_rows_has_all_of_them():
    labels = np.repeat([0, 1], [30, 2])
    rows = cell_rows(labels, np.zeros(32, int), np.random.default_rng(0).random((32, 2)), 14)
    assert np.bincount(labels[rows]).tolist() == [12, 2]


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_where_there_is_not_one_for_each_the_largest_cells_have_theirs(budget):
    rng = np.random.default_rng(budget)
    labels, predicted = rng.integers(0, 3, (2, 400))
    rows = cell_rows(labels, predicted, rng.random((400, 3)), budget)
    shown = np.bincount(labels[rows] * 3 + predicted[rows], minlength=9)
    counts = np.bincount(labels * 3 + predicted, minlength=9)
    assert sorted(counts[shown == 1]) == sorted(counts)[9 - budget :]
    assert shown.sum() == budget


def test_a_cell_shows_what_was_decided_with_the_largest_values():
    values = np.random.default_rng(0).random((100, 2))
    rows = cell_rows(np.zeros(100, int), np.ones(100, int), values, 10)
    np.testing.assert_array_equal(rows, np.sort(np.argsort(-values[:, 1])[:10]))


def test_worst_errors_are_ordered_by_the_gap(predictions):
    worst = choose_galleries(predictions.labels, predictions.predicted, predictions.values, are_probabilities=True)[0]
    of = predictions.values[worst.rows]
    gaps = of.max(axis=1) - of[np.arange(len(of)), predictions.labels[worst.rows]]
    assert len(gaps) == 6
    assert (np.diff(gaps) <= 0).all()
