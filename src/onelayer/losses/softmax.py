"""Softmax loss, or multiclass cross-entropy (tdt4265-a1, uvic-a3, dd2424-a1-bonus, cse344-a1).

Formula
    With p_j = e^{z_j} / Σ_l e^{z_l} and target probabilities t that sum to 1 (one-hot for a label),

        ℓ = −Σ_j t_j ln p_j = ln Σ_l e^{z_l} − Σ_j t_j z_j,

    computed from scores shifted by their maximum, which leaves p unchanged.

Residual
    ∂ℓ/∂z_i = p_i − t_i. Derivation: the softmax Jacobian is ∂p_j/∂z_i = p_j(δ_ij − p_i) (both cases, i = j and i ≠ j,
    in one), hence ∂ln p_j/∂z_i = δ_ij − p_i and ∂ℓ/∂z_i = −Σ_j t_j(δ_ij − p_i) = p_i Σ_j t_j − t_i = p_i − t_i.

Curvature
    ∂²ℓ/∂z² = diag(p) − p pᵀ, the Jacobian of p, so that H v = p ∘ (v − ⟨p, v⟩).
"""

from __future__ import annotations

from typing import ClassVar

from onelayer.arrays import AnyArray, namespace_of
from onelayer.losses.base import Loss
from onelayer.losses.targets import as_probabilities, target_scores
from onelayer.numerics import log_softmax, shifted_exponentials, softmax

__all__ = ["Softmax"]


class Softmax(Loss):
    """Cross-entropy of softmax probabilities. See the module for formula and derivation.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[np.log(3.0), 0.0], [1e4, -1e4]])
    >>> Softmax().values_and_residual(scores, np.array([0, 1]))
    (array([2.87682072e-01, 2.00000000e+04]), array([[-0.25,  0.25],
           [ 1.  , -1.  ]]))
    """

    name: ClassVar[str] = "softmax"
    has_probabilities: ClassVar[bool] = True
    has_curvature: ClassVar[bool] = True
    takes_probabilities: ClassVar[bool] = True

    def values(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return −Σ_j t_j ln p_j."""
        xp = namespace_of(scores)
        shifted, _, sums = shifted_exponentials(scores, xp)
        return xp.log(sums) - target_scores(targets, shifted, xp)

    def values_and_residual(self, scores: AnyArray, targets: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ℓ and p − t."""
        xp = namespace_of(scores)
        targets = as_probabilities(targets, scores, xp)
        shifted, residual, sums = shifted_exponentials(scores, xp)
        values = xp.log(sums) - xp.vecdot(targets, shifted)
        residual /= sums[..., None]
        residual -= targets
        return values, residual

    def curvature(self, scores: AnyArray, targets: AnyArray, direction: AnyArray) -> AnyArray:
        """Return p ∘ (v − ⟨p, v⟩); the targets play no part."""
        xp = namespace_of(scores)
        p = softmax(scores, xp)
        return p * (direction - xp.vecdot(p, direction)[..., None])

    def probabilities(self, scores: AnyArray) -> AnyArray:
        """Return p."""
        return softmax(scores)

    def log_probabilities(self, scores: AnyArray) -> AnyArray:
        """Return ln p."""
        return log_softmax(scores)
