from __future__ import annotations

import numpy as np
from sklearn.svm import LinearSVC

from onelayer.losses import get_loss

SQUARED_HINGE = get_loss("squared_hinge")


def test_value_and_residual_are_those_of_the_loops_of_the_definition():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(0, 2, (30, 5)), rng.integers(0, 5, 30)
    values, residual = np.zeros(30), np.zeros((30, 5))
    for i in range(30):
        for j in range(5):
            sign = 1 if j == labels[i] else -1
            violation = max(0.0, 1 - sign * scores[i, j])
            values[i] += violation**2
            residual[i, j] = -2 * sign * violation
    np.testing.assert_allclose(SQUARED_HINGE.values(scores, labels), values, rtol=1e-13)
    np.testing.assert_allclose(SQUARED_HINGE.residual(scores, labels), residual, rtol=1e-14)


def test_scikit_learns_linear_svc_is_where_the_gradient_vanishes():
    """LinearSVC minimises ½‖W‖² + C·Σᵢ ℓᵢ, bias penalised by its intercept_scaling trick; there W + C·RᵀX = 0."""
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(80, 4)), rng.integers(0, 3, 80)
    svc = LinearSVC(C=0.5, dual=False, tol=1e-10, max_iter=10_000).fit(X, labels)
    residual = SQUARED_HINGE.residual(X @ svc.coef_.T + svc.intercept_, labels)
    np.testing.assert_allclose(svc.coef_ + 0.5 * residual.T @ X, 0, atol=1e-6)


def test_curvature_counts_violated_margins_only():
    scores = np.array([[0.5, -2.0, 1.0, 2.0]])
    curved = SQUARED_HINGE.curvature(scores, np.array([0]), np.ones_like(scores))
    np.testing.assert_array_equal(curved, [[2.0, 0.0, 2.0, 2.0]])


def test_distance_from_the_nearest_kink():
    distance = SQUARED_HINGE.kink_distance(np.array([[2.0, -1.25, -4.0]]), np.array([0]))
    np.testing.assert_array_equal(distance, [0.25])
