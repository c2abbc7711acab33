from __future__ import annotations

import numpy as np

from onelayer.losses import get_loss

HINGE = get_loss("hinge")


def test_value_and_residual_are_those_of_the_loops_of_the_definition():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 2, (30, 5)), rng.integers(0, 5, 30)
    values, residual = np.zeros(30), np.zeros((30, 5))
    for i in range(30):
        for j in range(5):
            margin = scores[i, j] - scores[i, labels[i]] + 1
            if j != labels[i] and margin > 0:
                values[i] += margin
                residual[i, j] += 1
                residual[i, labels[i]] -= 1
    np.testing.assert_allclose(HINGE.values(scores, labels), values, rtol=1e-13)
    np.testing.assert_array_equal(HINGE.residual(scores, labels), residual)


def test_at_a_kink_the_subgradient_is_zero():
    np.testing.assert_array_equal(HINGE.residual(np.array([[1.0, 0.0]]), np.array([0])), [[0.0, 0.0]])


def test_distance_from_the_nearest_kink():
    distance = HINGE.kink_distance(np.array([[2.0, 1.25, -4.0], [0.0, 0.0, 0.0]]), np.array([0, 1]))
    np.testing.assert_array_equal(distance, [0.25, 1.0])
