from __future__ import annotations

import numpy as np
from scipy import special

from onelayer.losses import get_loss

SIGMOID = get_loss("sigmoid")


def test_value_is_the_mean_of_binary_cross_entropies():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 3, (50, 4)), rng.integers(0, 4, 50)
    p, t = special.expit(scores), np.eye(4)[labels]
    expected = -(special.xlogy(t, p) + special.xlog1py(1 - t, -p)).mean(axis=1)
    np.testing.assert_allclose(SIGMOID.values(scores, labels), expected, rtol=1e-12)


def test_probabilities_are_the_sigmoids_over_their_sum():
    scores = np.random.default_rng(0).normal(0, 3, (50, 4))
    p = special.expit(scores)
    np.testing.assert_allclose(SIGMOID.probabilities(scores), p / p.sum(axis=1, keepdims=True), rtol=1e-13)


def test_probabilities_are_defined_where_every_sigmoid_underflows():
    probabilities = SIGMOID.probabilities(np.array([[-1e4, -1e4, -2e4]]))
    np.testing.assert_array_equal(probabilities, [[0.5, 0.5, 0.0]])
