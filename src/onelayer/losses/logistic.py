"""Logistic loss: two classes, one score (tdt4265-a1, "binary"; cse344-a1).

Formula
    With z the score, ŷ = σ(z) = 1/(1 + e⁻ᶻ) the probability of class 1, and t ∈ [0, 1] the target,

        ℓ = −[t ln ŷ + (1 − t) ln(1 − ŷ)] = max(z, 0) − t·z + ln(1 + e^−|z|).

Residual
    ∂ℓ/∂z = ŷ − t. Derivation: σ' = σ(1 − σ), hence ∂ln ŷ/∂z = 1 − ŷ and ∂ln(1 − ŷ)/∂z = −ŷ, and
    ∂ℓ/∂z = −t(1 − ŷ) + (1 − t)ŷ = ŷ − t.

Curvature
    ∂²ℓ/∂z² = ŷ(1 − ŷ).

It is the softmax loss of the two scores (0, z). A model with two softmax scores and the same l2 is another model,
because there the penalty acts on both weight vectors.
"""

from __future__ import annotations

from typing import Any, ClassVar

from onelayer.arrays import AnyArray, namespace_of
from onelayer.errors import ConfigError
from onelayer.losses.base import Loss
from onelayer.losses.bernoulli import binary_cross_entropy, binary_cross_entropy_and_residual
from onelayer.losses.targets import expand_labels
from onelayer.numerics import sigmoid, sigmoid_slope, softplus

__all__ = ["Logistic"]


class Logistic(Loss):
    """Binary cross-entropy of one score, (n, 1) or (n, m, 1). See the module for formula and derivation.

    Targets are labels 0 and 1, or probabilities of class 1 of the scores' shape.

    Examples
    --------
    >>> import numpy as np
    >>> Logistic().values(np.array([[0.0], [1e4], [1e4]]), np.array([0, 0, 1]))
    array([6.93147181e-01, 1.00000000e+04, 0.00000000e+00])
    """

    name: ClassVar[str] = "logistic"
    has_probabilities: ClassVar[bool] = True
    has_curvature: ClassVar[bool] = True
    takes_probabilities: ClassVar[bool] = True

    def outputs(self, n_classes: int) -> int:
        """Return 1; raise ConfigError unless there are two classes."""
        if n_classes != 2:
            raise ConfigError(f"loss 'logistic' tells two classes apart, not {n_classes}; use 'softmax'")
        return 1

    def values(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return −[t ln ŷ + (1 − t) ln(1 − ŷ)]."""
        xp = namespace_of(scores)
        return binary_cross_entropy(scores, _class_one(targets, scores, xp), xp)[..., 0]

    def values_and_residual(self, scores: AnyArray, targets: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ℓ and ŷ − t."""
        xp = namespace_of(scores)
        values, residual = binary_cross_entropy_and_residual(scores, _class_one(targets, scores, xp), xp)
        return values[..., 0], residual

    def curvature(self, scores: AnyArray, targets: AnyArray, direction: AnyArray) -> AnyArray:
        """Return ŷ(1 − ŷ)·v; the targets play no part."""
        return sigmoid_slope(scores) * direction

    def probabilities(self, scores: AnyArray) -> AnyArray:
        """Return (1 − ŷ, ŷ), each accurate to rounding however small."""
        xp = namespace_of(scores)
        return sigmoid(xp.concat([-scores, scores], axis=-1), xp)

    def log_probabilities(self, scores: AnyArray) -> AnyArray:
        """Return ln(1 − ŷ) and ln ŷ."""
        xp = namespace_of(scores)
        return -softplus(xp.concat([scores, -scores], axis=-1), xp)

    def decision(self, scores: AnyArray) -> AnyArray:
        """Return 1 where ŷ ≥ 0.5, that is z ≥ 0, else 0."""
        xp = namespace_of(scores)
        return xp.astype(scores[..., 0] >= 0, xp.int64)


def _class_one(targets: AnyArray, scores: AnyArray, xp: Any) -> AnyArray:
    """Return the probability of class 1, in the scores' dtype, broadcasting against the scores."""
    if targets.ndim < scores.ndim:
        targets = expand_labels(targets, scores)
    return xp.astype(targets, scores.dtype, copy=False)
