"""Squared hinge loss, one class against the rest (the loss of scikit-learn's ``LinearSVC``).

Formula
    With t_j = 1 for the row's own class, −1 for the others, and margins m_j = 1 − t_j z_j,

        ℓ = Σ_j max(0, m_j)².

Residual
    ∂ℓ/∂z_j = −2 t_j max(0, m_j). Derivation: max(0, m)² has the continuous slope 2 max(0, m), and ∂m_j/∂z_j = −t_j.

Curvature
    The generalised Hessian is diag(2·[m_j > 0]), as t_j² = 1: the residual has kinks at m_j = 0, where 0 is taken
    (*A modified finite Newton method for fast solution of large scale linear SVMs*, JMLR 2005).
"""

from __future__ import annotations

from typing import Any, ClassVar

from onelayer.arrays import AnyArray, namespace_of
from onelayer.losses.base import Loss
from onelayer.losses.targets import one_hot

__all__ = ["SquaredHinge"]


class SquaredHinge(Loss):
    """Sum of the squared violated margins, one against the rest. See the module for formula and derivation.

    Examples
    --------
    >>> import numpy as np
    >>> SquaredHinge().values_and_residual(np.array([[2.0, -0.5, -2.0]]), np.array([0]))
    (array([0.25]), array([[-0.,  1.,  0.]]))
    """

    name: ClassVar[str] = "squared_hinge"
    has_curvature: ClassVar[bool] = True

    def values(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return Σ_j max(0, 1 − t_j z_j)²."""
        xp = namespace_of(scores)
        violations = xp.maximum(1.0 - _signs(scores, targets, xp) * scores, 0.0)
        return xp.vecdot(violations, violations)

    def values_and_residual(self, scores: AnyArray, targets: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ℓ and −2 t_j max(0, 1 − t_j z_j)."""
        xp = namespace_of(scores)
        signs = _signs(scores, targets, xp)
        violations = xp.maximum(1.0 - signs * scores, 0.0)
        return xp.vecdot(violations, violations), -2.0 * signs * violations

    def curvature(self, scores: AnyArray, targets: AnyArray, direction: AnyArray) -> AnyArray:
        """Return 2·[m_j > 0]·v_j, the generalised Hessian's."""
        xp = namespace_of(scores)
        violated = _signs(scores, targets, xp) * scores < 1.0
        return xp.where(violated, 2.0 * direction, 0.0)

    def kink_distance(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return min_j |1 − t_j z_j|."""
        xp = namespace_of(scores)
        return xp.min(xp.abs(1.0 - _signs(scores, targets, xp) * scores), axis=-1)


def _signs(scores: AnyArray, labels: AnyArray, xp: Any) -> AnyArray:
    """Return t_j, 1 for the own class and −1 for the others, broadcasting against the scores."""
    return 2.0 * xp.astype(one_hot(labels, scores, xp), scores.dtype) - 1.0
