from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onelayer.errors import InputError
from onelayer.evaluation import Decisions
from onelayer.reporting.predictions import Predictions
from onelayer.reporting.shown import cell_rows, choose_galleries, shown_classes


@pytest.fixture
def first_version(predictions):
    """What a file of version 1 had: the values of all classes, and images of all of them."""
    arrays, metadata = predictions.contents()
    decisions, rows = predictions.decisions, np.arange(40)[:, None]
    values = np.zeros((40, 3), np.float32)
    values[rows, decisions.best] = decisions.values
    kept = {name: arrays[name] for name in ("labels", "image_rows", "images", "samples", "sample_labels", "means")}
    return {**kept, "predicted": decisions.predicted.astype(np.int32), "values": values}, {"values": metadata["values"]}


def test_contents_survive(predictions):
    found = Predictions.from_contents(*predictions.contents())
    for name in ("labels", "best", "values", "of_true"):
        np.testing.assert_array_equal(getattr(found.decisions, name), getattr(predictions.decisions, name))
    np.testing.assert_array_equal(found.shown.images, predictions.shown.images)
    np.testing.assert_array_equal(found.shown.classes, [0, 1, 2])
    assert found.decisions.are_probabilities


def test_the_first_version_is_read(predictions, first_version):
    found = Predictions.from_contents(*first_version)
    for name in ("labels", "best", "values", "of_true"):
        np.testing.assert_array_equal(getattr(found.decisions, name), getattr(predictions.decisions, name))
    np.testing.assert_array_equal(found.shown.classes, [0, 1, 2])


def test_confusion_counts_every_row(predictions):
    np.testing.assert_array_equal(predictions.decisions.confusion, [[9, 1, 0], [0, 10, 0], [5, 0, 15]])


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
        ("labels", lambda a: a[:-1], "39 labels for 40 rows"),
        ("best", lambda a: changed(a, (0, 1), 3), "best are not all between 0 and 2"),
        ("best", lambda a: a[:, :2], "not both"),
        ("of_true", lambda a: changed(a, 0, np.nan), "not all values are probabilities"),
        ("of_true", lambda a: a[:-1], "40 labels for 40 rows"),
        ("values", lambda a: changed(a, 0, np.nan), "not all values are probabilities"),
        ("values", lambda a: changed(a, 0, 2.0), "not all values are probabilities"),
        ("values", lambda a: a.astype(int), "not floats"),
        ("image_rows", lambda a: a[::-1], "not ascending"),
        ("image_rows", lambda a: changed(a, -1, 40), "image_rows are not all between 0 and 39"),
        ("images", lambda a: a[:-1], "images are uint8 of shape"),
        ("images", lambda a: a.astype(np.float32), "images are float32"),
        ("images", lambda a: a[..., :2], "not uint8"),
        ("means", lambda a: a[..., :1], "means are not of the kind of images"),
        ("classes", lambda a: a[:2], "means are uint8 of shape"),
        ("classes", lambda a: a[::-1], "classes are not ascending"),
        ("sample_labels", lambda a: changed(a, 0, 7), "sample_labels are not all between 0 and 2"),
    ],
)
def test_wrong_contents_are_refused_in_one_line(predictions, name, change, reason):
    arrays, metadata = predictions.contents()
    with pytest.raises(InputError, match=reason):
        Predictions.from_contents({**arrays, name: change(arrays[name])}, metadata)


@pytest.mark.parametrize("number", ["", "2.5", "1", "-3", "99999999999999", "\u0663"])
def test_a_wrong_number_of_classes_is_refused_in_one_line(predictions, number):
    arrays, metadata = predictions.contents()
    with pytest.raises(InputError, match="n_classes is not a number"):
        Predictions.from_contents(arrays, metadata | {"n_classes": number})


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("labels", lambda a: changed(a, 0, 3), "labels are not all between 0 and 2"),
        ("predicted", lambda a: a[:-1], "39 predicted for 40 rows"),
        ("predicted", lambda a: changed(a, 0, -1), "predicted are not all between 0 and 2"),
        ("values", lambda a: changed(a, 0, np.nan), "not all values are probabilities"),
        ("values", lambda a: a[:, :1], "not floats"),
        ("values", lambda a: a[:0], "not floats"),
    ],
)
def test_wrong_contents_of_the_first_version_are_refused_in_one_line(first_version, name, change, reason):
    arrays, metadata = first_version
    with pytest.raises(InputError, match=reason):
        Predictions.from_contents({**arrays, name: change(arrays[name])}, metadata)


@pytest.mark.parametrize("name", ["labels", "values", "of_true", "image_rows", "means"])
def test_missing_contents_are_named(predictions, name):
    arrays, metadata = predictions.contents()
    del arrays[name]
    with pytest.raises(InputError, match=f"array '{name}' is missing"):
        Predictions.from_contents(arrays, metadata)


def test_predictions_of_other_rows_are_refused(make_data, predictions):
    right = replace(predictions.decisions, labels=predictions.decisions.predicted)
    with pytest.raises(InputError, match="not those that the confusion matrix counts"):
        make_data(predictions=Predictions(right))


def random_decisions(seed, n=400, k=3):
    rng = np.random.default_rng(seed)
    labels, predicted = rng.integers(0, k, (2, n))
    values = rng.random((n, k))
    values[np.arange(n), predicted] += 1
    return Decisions.of(labels, predicted, values, are_probabilities=False)


@pytest.mark.parametrize(("budget", "of_each"), [(9, 1), (17, 1), (25, 2), (108, 12), (1000, 12)])
def test_cells_have_the_same_number_of_rows(budget, of_each):
    decisions = random_decisions(budget)
    rows = cell_rows(decisions, budget)
    cells = np.bincount(decisions.labels[rows] * 3 + decisions.predicted[rows], minlength=9)
    assert cells.tolist() == [of_each] * 9


def test_a_cell_of_few_rows_has_all_of_them():
    labels, values = np.repeat([0, 1], [30, 2]), np.random.default_rng(0).random((32, 2))
    decisions = Decisions.of(labels, np.zeros(32, int), values, are_probabilities=True)
    assert np.bincount(labels[cell_rows(decisions, 14)]).tolist() == [12, 2]


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_where_there_is_not_one_for_each_the_largest_cells_have_theirs(budget):
    decisions = random_decisions(budget)
    cells = decisions.labels * 3 + decisions.predicted
    shown, counts = np.bincount(cells[cell_rows(decisions, budget)], minlength=9), np.bincount(cells, minlength=9)
    assert sorted(counts[shown == 1]) == sorted(counts)[9 - budget :]
    assert shown.sum() == budget


def test_a_cell_shows_what_was_decided_with_the_largest_values():
    values = np.random.default_rng(0).random((100, 2))
    decisions = Decisions.of(np.zeros(100, int), np.ones(100, int), values, are_probabilities=True)
    np.testing.assert_array_equal(cell_rows(decisions, 10), np.sort(np.argsort(-values[:, 1])[:10]))


def test_worst_errors_are_ordered_by_the_gap(predictions):
    decisions = predictions.decisions
    rows = list(choose_galleries(decisions)[0].rows)
    gaps = decisions.of_predicted[rows] - decisions.of_true[rows]
    assert len(gaps) == 6
    assert (np.diff(gaps) <= 0).all()


def test_of_many_classes_those_that_are_recognised_least_are_shown():
    labels = np.repeat(np.arange(250), 4)
    values = np.eye(250)[np.where(labels >= 100, labels, labels + 1)]
    decisions = Decisions.of(labels, values.argmax(axis=1), values, are_probabilities=True)
    np.testing.assert_array_equal(shown_classes(250, decisions.confusion), np.arange(60))
    np.testing.assert_array_equal(shown_classes(200, None), np.arange(200))
    np.testing.assert_array_equal(shown_classes(201, None), np.arange(60))
