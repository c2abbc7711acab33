"""One pass over scores: decisions, ranks, costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import InputError
from onelayer.evaluation import Decisions, evaluate, evaluate_outcomes, judge
from onelayer.evaluation.decisions import ranks_of
from onelayer.losses import LOSSES

K = 7
NAMES = [f"class {i}" for i in range(K)]


def scores_of(k=K, n=200, seed=0, scale=3.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)) * scale, rng.integers(0, max(k, 2), n)


def in_blocks(scores, size):
    return [(slice(start, start + size), scores[start : start + size]) for start in range(0, len(scores), size)]


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"logistic"}))
def test_figures_are_those_of_the_scores_taken_one_by_one(name):
    scores, labels = scores_of()
    loss = LOSSES[name]
    found = evaluate_outcomes(judge(in_blocks(scores, 33), labels, loss, K), NAMES)
    probabilities = loss.probabilities(scores) if loss.has_probabilities else None
    expected = evaluate(
        labels,
        scores.argmax(axis=1),
        class_names=NAMES,
        scores=scores,
        probabilities=probabilities,
        no_probabilities=f"the scores of the {name} loss are no probabilities",
    )
    for key in ("n", "accuracy", "top_k_accuracy", "confusion", "classes", "no_probabilities"):
        assert getattr(found, key) == getattr(expected, key)
    assert (found.log_loss is None) == (not loss.has_probabilities)
    if loss.has_probabilities:
        assert found.log_loss == pytest.approx(expected.log_loss, rel=1e-12)
        assert found.calibration.expected_calibration_error == pytest.approx(
            expected.calibration.expected_calibration_error, rel=1e-12
        )


@pytest.mark.parametrize("name", ["hinge", "softmax", "logistic"])
@pytest.mark.parametrize("size", [1, 7, 50, 200, 1000])
def test_blocks_make_the_same_rows_as_one(name, size):
    scores, labels = scores_of(1 if name == "logistic" else K)
    k = 2 if name == "logistic" else K
    whole = judge(in_blocks(scores, len(scores)), labels, LOSSES[name], k)
    found = judge(in_blocks(scores, size), labels, LOSSES[name], k)
    for key in ("labels", "predicted", "ranks"):
        np.testing.assert_array_equal(getattr(found, key), getattr(whole, key))
    for key in ("losses", "surprises", "confidences"):
        if getattr(whole, key) is not None:
            np.testing.assert_allclose(getattr(found, key), getattr(whole, key), rtol=1e-13)
    for key in ("labels", "best", "values", "of_true"):
        np.testing.assert_allclose(getattr(found.decisions, key), getattr(whole.decisions, key), rtol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "logistic"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e2, 1e4])
def test_loss_and_log_loss_of_the_same_rows_are_one(name, dtype, scale):
    scores, labels = scores_of(1 if name == "logistic" else K, scale=scale)
    k = 2 if name == "logistic" else K
    found = judge([(slice(0, 200), scores.astype(dtype))], labels, LOSSES[name], k)
    assert found.surprises.mean() == found.mean_loss
    assert evaluate_outcomes(found, NAMES[:k]).log_loss == found.mean_loss


def test_a_sigmoid_that_gives_every_class_nothing_has_a_log_loss():
    # Far below 0 a sigmoid is its exponential: the probabilities are those of softmax.
    scores = np.array([[-1000.0, -1001.0, -1003.0]])
    found = judge([(slice(0, 1), scores)], np.array([2]), LOSSES["sigmoid"], 3)
    assert found.surprises[0] == pytest.approx(3 + np.log1p(np.exp(-1) + np.exp(-3)))


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 4))
def test_shares_of_ranks_grow_from_the_accuracy_to_one(seed, k, levels):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (30, k)).astype(float)  # with many exact ties
    labels, predicted = rng.integers(0, k, 30), scores.argmax(axis=1)
    shares = [np.mean(ranks_of(labels, predicted, scores) <= top) for top in range(1, k + 1)]
    assert shares[0] == np.mean(labels == predicted)
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == 1


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_ranks_are_places_where_nothing_is_equal(seed, k):
    rng = np.random.default_rng(seed)
    scores, labels = rng.random((20, k)), rng.integers(0, k, 20)
    order = np.argsort(-scores, axis=1)
    expected = 1 + np.argmax(order == labels[:, None], axis=1)
    np.testing.assert_array_equal(ranks_of(labels, scores.argmax(axis=1), scores), expected)


def test_where_all_scores_are_equal_classes_come_in_their_order():
    labels = np.arange(5)
    assert ranks_of(labels, np.zeros(5, int), np.zeros((5, 5))).tolist() == [1, 2, 3, 4, 5]
    assert ranks_of(labels, np.full(5, 3), np.zeros((5, 5))).tolist() == [2, 3, 4, 1, 5]


@pytest.mark.parametrize("k", [2, 3, 64, 65, 500])
def test_the_best_are_the_largest_values_and_begin_with_the_decision(k):
    rng = np.random.default_rng(k)
    values, labels = rng.random((50, k)).astype(np.float32), rng.integers(0, k, 50)
    found = Decisions.of(labels, values.argmax(axis=1), values, are_probabilities=False)
    np.testing.assert_array_equal(found.best, np.argsort(-values, axis=1)[:, :3])
    np.testing.assert_array_equal(found.values, -np.sort(-values, axis=1)[:, :3])
    np.testing.assert_array_equal(found.of_true, values[np.arange(50), labels])


@pytest.mark.parametrize("k", [3, 100])
def test_the_decision_is_first_among_equals(k):
    found = Decisions.of(np.zeros(1, int), np.array([2]), np.zeros((1, k)), are_probabilities=False)
    assert found.predicted.tolist() == [2]
    assert len(set(found.best[0].tolist())) == 3


def test_scores_beyond_float32_are_kept_as_its_largest():
    found = Decisions.of(np.array([0]), np.array([0]), np.array([[1e300, -1e300]]), are_probabilities=False)
    assert found.values.tolist() == [[np.finfo(np.float32).max, np.finfo(np.float32).min]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(bad):
    with pytest.raises(InputError, match="scores must be finite"):
        judge([(slice(0, 1), np.array([[0.0, bad, 0.0]]))], np.array([0]), LOSSES["softmax"], 3)


def test_no_rows_are_refused():
    with pytest.raises(InputError, match="no rows"):
        judge([], np.empty(0, int), LOSSES["softmax"], 3)
