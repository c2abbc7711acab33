"""Binary cross-entropy of single scores, the common core of ``logistic`` (one of them) and ``sigmoid`` (K of them)."""

from __future__ import annotations

from typing import Any

from onelayer.arrays import AnyArray

__all__ = ["binary_cross_entropy", "binary_cross_entropy_and_residual"]


def binary_cross_entropy(scores: AnyArray, targets: AnyArray, xp: Any) -> AnyArray:
    """Return −[t ln σ(z) + (1 − t) ln(1 − σ(z))] = max(z, 0) − t·z + ln(1 + e^−|z|), element by element.

    The first two terms cancel exactly where a certain target (t = 0 or 1) is met, so that the small loss that remains
    keeps its relative accuracy.
    """
    return xp.maximum(scores, 0.0) - targets * scores + xp.log1p(xp.exp(-xp.abs(scores)))


def binary_cross_entropy_and_residual(scores: AnyArray, targets: AnyArray, xp: Any) -> tuple[AnyArray, AnyArray]:
    """Return the same and its derivative σ(z) − t, from one exponential."""
    e = xp.exp(-xp.abs(scores))
    values = xp.maximum(scores, 0.0) - targets * scores + xp.log1p(e)
    residual = xp.where(scores >= 0, 1.0, e) / (1.0 + e) - targets
    return values, residual
