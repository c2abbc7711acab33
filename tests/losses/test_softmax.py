from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special
from sklearn.metrics import log_loss

from onelayer.losses import get_loss

SOFTMAX = get_loss("softmax")
SCORES = arrays(np.float64, (4, 3), elements=st.floats(-1e4, 1e4))
LABELS = np.array([0, 1, 2, 1])


def test_mean_is_scikit_learns_log_loss():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 3, (200, 6)), rng.integers(0, 6, 200)
    expected = log_loss(labels, special.softmax(scores, axis=1), labels=range(6))
    assert SOFTMAX.values(scores, labels).mean() == pytest.approx(expected, rel=1e-12)


@given(SCORES)
@settings(deadline=None)
def test_equals_scipys_log_sum_exp(scores):
    expected = special.logsumexp(scores, axis=1) - scores[np.arange(4), LABELS]
    np.testing.assert_allclose(SOFTMAX.values(scores, LABELS), expected, rtol=1e-14, atol=4e-12)


@given(SCORES)
@settings(deadline=None)
def test_values_are_not_negative(scores):
    assert (SOFTMAX.values(scores, LABELS) >= 0).all()


@given(SCORES)
@settings(deadline=None)
def test_residual_sums_to_zero(scores):
    np.testing.assert_allclose(SOFTMAX.residual(scores, LABELS).sum(axis=1), 0, atol=4e-16)


@given(SCORES, st.integers(-4096, 4096))
@settings(deadline=None)
def test_a_shift_of_all_scores_changes_nothing(scores, shift):
    scores = np.round(scores * 1024) / 1024  # the shift is then exact
    np.testing.assert_array_equal(SOFTMAX.residual(scores + shift, LABELS), SOFTMAX.residual(scores, LABELS))


@given(SCORES, SCORES)
@settings(deadline=None)
def test_curvature_is_positive_semidefinite(scores, direction):
    curved = SOFTMAX.curvature(scores, LABELS, direction)
    assert ((curved * direction).sum(axis=1) >= -1e-9 * (1 + (direction**2).sum(axis=1))).all()
