"""Multiclass hinge loss of the Weston–Watkins kind, margin 1 (uvic-a3).

Formula
    With y the label and margins m_j = z_j − z_y + 1,

        ℓ = Σ_{j≠y} max(0, m_j)

    (*Support vector machines for multi-class pattern recognition*, ESANN 1999; scikit-learn's ``crammer_singer``
    takes the largest of the terms where this takes their sum).

Residual
    ∂ℓ/∂z_j = 1 if m_j > 0, else 0, for j ≠ y, and ∂ℓ/∂z_y = −(number of violated margins). Derivation: max(0, m) has
    slope [m > 0], and ∂m_j/∂z_j = 1, ∂m_j/∂z_y = −1. At a kink, m_j = 0, the subgradient 0 is taken.

There is no Hessian: it is zero wherever it exists.
"""

from __future__ import annotations

from typing import Any, ClassVar

from onelayer.arrays import AnyArray, namespace_of
from onelayer.losses.base import Loss
from onelayer.losses.targets import one_hot
from onelayer.numerics import row_sum

__all__ = ["Hinge"]


class Hinge(Loss):
    """Sum of the violated margins. See the module for formula and derivation.

    Examples
    --------
    >>> import numpy as np
    >>> Hinge().values_and_residual(np.array([[2.0, 1.5, 0.0]]), np.array([0]))
    (array([0.5]), array([[-1.,  1.,  0.]]))
    """

    name: ClassVar[str] = "hinge"

    def values(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return Σ_{j≠y} max(0, z_j − z_y + 1)."""
        xp = namespace_of(scores)
        margins, _ = _margins(scores, targets, xp)
        return row_sum(xp.maximum(margins, 0.0), xp)

    def values_and_residual(self, scores: AnyArray, targets: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ℓ and the residual, counts of violated margins."""
        xp = namespace_of(scores)
        margins, own = _margins(scores, targets, xp)
        violated = xp.astype(margins > 0, scores.dtype)
        residual = xp.where(own, -row_sum(violated, xp)[..., None], violated)
        return row_sum(xp.maximum(margins, 0.0), xp), residual

    def kink_distance(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return min_{j≠y} |z_j − z_y + 1|."""
        xp = namespace_of(scores)
        margins, own = _margins(scores, targets, xp)
        return xp.min(xp.where(own, xp.inf, xp.abs(margins)), axis=-1)


def _margins(scores: AnyArray, labels: AnyArray, xp: Any) -> tuple[AnyArray, AnyArray]:
    """Return m_j with 0 in the place of m_y, and where that is."""
    own = one_hot(labels, scores, xp)
    own_score = xp.vecdot(xp.astype(own, scores.dtype), scores)[..., None]
    return xp.where(own, 0.0, scores - own_score + 1.0), own
