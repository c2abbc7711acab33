from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.metrics import log_loss

from onelayer.errors import ConfigError
from onelayer.losses import get_loss

LOGISTIC, SOFTMAX = get_loss("logistic"), get_loss("softmax")


def test_mean_is_scikit_learns_log_loss():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 3, (200, 1)), rng.integers(0, 2, 200)
    assert LOGISTIC.values(scores, labels).mean() == pytest.approx(
        log_loss(labels, special.expit(scores[:, 0])), rel=1e-13
    )


def test_equals_softmax_of_zero_and_the_score():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 3, (50, 1)), rng.integers(0, 2, 50)
    pair = np.concatenate([np.zeros_like(scores), scores], axis=1)
    np.testing.assert_allclose(LOGISTIC.values(scores, labels), SOFTMAX.values(pair, labels), rtol=1e-12)
    np.testing.assert_allclose(
        LOGISTIC.residual(scores, labels)[:, 0], SOFTMAX.residual(pair, labels)[:, 1], atol=1e-15
    )
    np.testing.assert_allclose(LOGISTIC.probabilities(scores), SOFTMAX.probabilities(pair), rtol=1e-13)


@given(st.floats(-700, 700), st.integers(0, 1))
@settings(deadline=None)
def test_small_losses_keep_their_relative_accuracy(score, label):
    exact = np.logaddexp(0, score if label == 0 else -score)
    assert LOGISTIC.values(np.array([[score]]), np.array([label]))[0] == pytest.approx(exact, rel=1e-14)


def test_a_score_of_zero_decides_for_class_one():
    np.testing.assert_array_equal(LOGISTIC.decision(np.array([[-0.1], [0.0], [0.1]])), [0, 1, 1])


def test_three_classes_are_refused():
    with pytest.raises(ConfigError, match="two classes apart, not 3; use 'softmax'"):
        LOGISTIC.outputs(3)
