"""Sigmoid loss, or multiple binary cross-entropy: one binary problem a class, averaged (dd2424-a1-bonus).

Formula
    With p_j = σ(z_j) = 1/(1 + e^{−z_j}) and targets t_j ∈ [0, 1] (one-hot for a label),

        ℓ = −(1/K) Σ_j [t_j ln p_j + (1 − t_j) ln(1 − p_j)].

Residual
    ∂ℓ/∂z_j = (p_j − t_j)/K. Derivation: ∂ℓ/∂p_j = −(1/K)[t_j/p_j − (1 − t_j)/(1 − p_j)] = (p_j − t_j)/(K p_j(1 −
    p_j)), and ∂p_j/∂z_j = p_j(1 − p_j) is diagonal; their product is (p_j − t_j)/K.

Curvature
    ∂²ℓ/∂z² = diag(p_j(1 − p_j))/K.

The K sigmoids need not sum to 1. Probabilities of the classes are therefore p_j/Σ_l p_l, computed from ln p_j so that
they are defined even where every p_j underflows. Their order is that of the scores.
"""

from __future__ import annotations

from typing import ClassVar

from onelayer.arrays import AnyArray, namespace_of
from onelayer.losses.base import Loss
from onelayer.losses.bernoulli import binary_cross_entropy, binary_cross_entropy_and_residual
from onelayer.losses.targets import as_probabilities
from onelayer.numerics import log_softmax, row_sum, sigmoid_slope, softmax, softplus

__all__ = ["Sigmoid"]


class Sigmoid(Loss):
    """Mean over the classes of the binary cross-entropies. See the module for formula and derivation.

    Examples
    --------
    >>> import numpy as np
    >>> values, residual = Sigmoid().values_and_residual(np.zeros((1, 2)), np.array([1]))
    >>> float(values[0]), residual
    (0.6931471805599453, array([[ 0.25, -0.25]]))
    """

    name: ClassVar[str] = "sigmoid"
    has_probabilities: ClassVar[bool] = True
    has_curvature: ClassVar[bool] = True
    takes_probabilities: ClassVar[bool] = True

    def values(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return −(1/K) Σ_j [t_j ln p_j + (1 − t_j) ln(1 − p_j)]."""
        xp = namespace_of(scores)
        values = binary_cross_entropy(scores, as_probabilities(targets, scores, xp), xp)
        return row_sum(values, xp) / scores.shape[-1]

    def values_and_residual(self, scores: AnyArray, targets: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ℓ and (p − t)/K."""
        xp = namespace_of(scores)
        k = scores.shape[-1]
        values, residual = binary_cross_entropy_and_residual(scores, as_probabilities(targets, scores, xp), xp)
        residual /= k
        return row_sum(values, xp) / k, residual

    def curvature(self, scores: AnyArray, targets: AnyArray, direction: AnyArray) -> AnyArray:
        """Return p ∘ (1 − p) ∘ v/K; the targets play no part."""
        return sigmoid_slope(scores) * direction / scores.shape[-1]

    def probabilities(self, scores: AnyArray) -> AnyArray:
        """Return p_j/Σ_l p_l."""
        return softmax(-softplus(-scores))

    def log_probabilities(self, scores: AnyArray) -> AnyArray:
        """Return ln p_j − ln Σ_l p_l."""
        return log_softmax(-softplus(-scores))
