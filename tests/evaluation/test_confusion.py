from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from onelayer.errors import InputError
from onelayer.evaluation import Confusion, RunFigures, evaluate


@pytest.fixture(scope="module", params=[2, 5, 40])
def case(request):
    rng = np.random.default_rng(request.param)
    labels, predicted = rng.integers(0, request.param, (2, 300))
    return labels, predicted, request.param


def test_the_matrix_is_scikit_learns(case):
    labels, predicted, k = case
    expected = metrics.confusion_matrix(labels, predicted, labels=np.arange(k))
    found = Confusion.of(labels, predicted, k)
    np.testing.assert_array_equal(found, expected)
    assert Confusion.of_matrix(expected.tolist()) == found


def test_sums_are_those_of_the_matrix(case):
    labels, predicted, k = case
    found = Confusion.of(labels, predicted, k)
    matrix = np.asarray(found)
    np.testing.assert_array_equal(found.supports, matrix.sum(axis=1))
    np.testing.assert_array_equal(found.predictions, matrix.sum(axis=0))
    np.testing.assert_array_equal(found.hits, matrix.diagonal())
    assert found.n == 300


def test_a_part_of_the_matrix_has_the_order_that_was_asked_for(case):
    labels, predicted, k = case
    classes = np.random.default_rng(0).permutation(k)[: k // 2 + 1]
    found = Confusion.of(labels, predicted, k)
    np.testing.assert_array_equal(found.among(classes), np.asarray(found)[np.ix_(classes, classes)])


def test_mistakes_are_the_cells_off_the_diagonal_the_largest_first(case):
    labels, predicted, k = case
    found = Confusion.of(labels, predicted, k).mistakes()
    assert sum(count for *_, count in found) == (labels != predicted).sum()
    counts = [count for *_, count in found]
    assert counts == sorted(counts, reverse=True)
    assert all(true != other for true, other, _ in found)


def test_ten_thousand_classes_take_little_memory():
    labels = np.arange(10_000)
    found = evaluate(labels, labels[::-1].copy(), class_names=[str(k) for k in labels])
    assert len(found.confusion.counts) == 10_000
    assert found.to_dict()["confusion"] is None


@pytest.mark.parametrize(("k", "is_written"), [(1, True), (200, True), (1000, True), (1001, False)])
def test_json_has_the_matrix_of_up_to_a_thousand_classes(k, is_written):
    labels = np.arange(k)
    table = evaluate(labels, labels, class_names=[str(k) for k in labels]).to_dict()
    assert (table["confusion"] is not None) == is_written
    again = RunFigures.check({"evaluation": table}).evaluation
    assert again.confusion == (Confusion.of(labels, labels, k) if is_written else None)
    assert again.to_dict() == table


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(InputError, match="classes 0 and 2 are both named 'a'"):
        evaluate(np.array([0]), np.array([0]), class_names=["a", "b", "a"])
