"""A feature that never varied in training says nothing: it has no weight, and another value of it later is ignored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer import OneLayerClassifier
from onelayer.estimators.sweeping import sweep_classifier
from onelayer.losses import LOSSES

LEVELS = 255


def problem(constant, dtype, n=200):
    """Rows of one telling feature, then one that is constant; labels 0 and 1."""
    y = np.arange(n) % 2
    return np.column_stack([y, np.full(n, constant)]).astype(dtype), y


def test_constant_that_rounding_gives_a_deviation():
    """A thousand times 0.1 has a mean that is none of them, and a deviation of 1e-14."""
    X, y = problem(0.1, float, 1_000)
    clf = OneLayerClassifier(random_state=0).fit(X, y)
    assert clf.coef_[0, 1] == 0.0
    np.testing.assert_array_equal(clf.decision_function([[0.0, 0.1], [1.0, 0.1 + 1e-9]]), clf.decision_function(X[:2]))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "parameters", [{}, {"init": "normal", "init_scale": 10.0}, {"momentum": 0.9, "l2": 0.0}], ids=str
)
def test_every_loss_and_start(loss, parameters):
    X, y = problem(1 / 3, float)
    clf = OneLayerClassifier(loss, random_state=0, max_epochs=3, **parameters).fit(X, y)
    assert clf.coef_[:, 1].tolist() == [0.0] * len(clf.coef_)
    assert np.abs(clf.coef_[:, 0]).min() > 0


@settings(deadline=None, max_examples=50)
@given(
    dtype=st.sampled_from(["uint8", "float32", "float64"]),
    levels=st.lists(st.integers(0, LEVELS - 1), min_size=1, max_size=300),
    n=st.integers(4, 60),
    weighted=st.booleans(),
    init=st.sampled_from(["zeros", "normal"]),
)
def test_a_grey_level_more_never_turns_a_decision(dtype, levels, n, weighted, init):
    """Pictures with a border of any colours, as bytes and in 0 … 1; at prediction all of it is a level brighter."""
    rng = np.random.default_rng(n)
    unit = 1 if dtype == "uint8" else LEVELS
    y = np.arange(n) % 2
    inside = rng.integers(0, 100, (n, 3)) + 100 * y[:, np.newaxis]
    border = np.broadcast_to(levels, (n, len(levels)))
    X, brighter = (np.hstack([inside, part]).astype("uint8" if unit == 1 else dtype) for part in (border, border + 1))
    X, brighter = (X, brighter) if unit == 1 else (X / X.dtype.type(unit), brighter / X.dtype.type(unit))
    weights = rng.uniform(0.1, 3, n) if weighted else None
    clf = OneLayerClassifier(random_state=0, max_epochs=5, batch_size=16, init=init).fit(X, y, weights)
    np.testing.assert_array_equal(clf.decision_function(brighter), clf.decision_function(X))


def test_models_of_a_sweep():
    X, y = problem(0.1, float, 1_000)
    result = sweep_classifier(
        OneLayerClassifier(random_state=0), X, y, {"l2": [0.0, 0.1]}, X_val=X + np.array([0, 1e-9]), y_val=y
    )
    assert [trial.validation_accuracy for trial in result.trials] == [1.0, 1.0]


def test_a_constant_may_begin_to_vary_with_another_part():
    X, y = problem(0.1, float)
    clf = OneLayerClassifier(random_state=0, learning_rate=0.1).partial_fit(X, y, [0, 1])
    assert clf.coef_[0, 1] == 0.0
    swapped = np.column_stack([np.zeros(len(y)), 0.1 + 3.0 * y])
    for _ in range(20):
        clf.partial_fit(swapped, y)
    assert clf.score(swapped, y) == 1.0
    assert clf.coef_[0, 1] > 0.1
