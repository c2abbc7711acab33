"""Shift and scale of the features, learned from the training rows, and what they do to parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.arrays import Array
from onelayer.models.linear import LinearParameters
from onelayer.rows import RowSource

__all__ = ["Scaling", "fit_scaling"]


@dataclass(frozen=True)
class Scaling:
    """Models are trained on x' = (x − shift) · scale; ``fold`` gives the parameters that do the same to x itself.

    ``shift`` and ``scale`` are float64, one number or ``(d,)``, or None for 0 and 1.

    Examples
    --------
    >>> scaling = Scaling(shift=127.5, scale=1 / 127.5)
    >>> folded = scaling.fold(LinearParameters(np.array([[255.0]]), np.array([1.0])))
    >>> folded.weights, folded.intercepts
    (array([[2.]]), array([-254.]))
    """

    shift: Array | float | None = None
    scale: Array | float | None = None

    def fold(self, scaled: LinearParameters) -> LinearParameters:
        """Return parameters for x that give the scores which ``scaled`` gives for x'."""
        weights, intercepts = scaled.weights.astype(np.float64), scaled.intercepts.astype(np.float64)
        if self.scale is not None:
            weights = weights * self.scale
        if self.shift is not None:
            intercepts = intercepts - (weights * self.shift).sum(axis=-1)
        return LinearParameters(weights.astype(scaled.weights.dtype), intercepts.astype(scaled.intercepts.dtype))

    def unfold(self, raw: LinearParameters) -> LinearParameters:
        """Return the parameters that :meth:`fold` would turn into ``raw``."""
        weights, intercepts = raw.weights.astype(np.float64), raw.intercepts.astype(np.float64)
        if self.shift is not None:
            intercepts = intercepts + (weights * self.shift).sum(axis=-1)
        if self.scale is not None:
            weights = weights / self.scale
        return LinearParameters(weights.astype(raw.weights.dtype), intercepts.astype(raw.intercepts.dtype))


def fit_scaling(kind: str, rows: RowSource, row_weights: Array | None = None) -> Scaling:
    """Learn a scaling from rows; statistics are float64 whatever type the rows have.

    - ``none``: x' = x.
    - ``unit``: x' = x / max|x|, the largest over all rows and features (255 for photographs in bytes).
    - ``symmetric``: the range of all values is mapped to [−1, 1]; for bytes that is (x − 127.5) / 127.5.
    - ``standardize``: each feature's (weighted) mean is subtracted and its standard deviation divided by; a deviation
      of 0 counts as 1.

    Examples
    --------
    >>> fit_scaling("unit", RowSource(np.array([[0, 51], [102, 255]], np.uint8)))
    Scaling(shift=None, scale=0.00392156862745098)
    """
    if kind == "none":
        return Scaling()
    if kind == "standardize":
        return _standardizing(RowSource(rows.array, np.float64, indices=rows.indices), row_weights)
    low, high = np.inf, -np.inf
    for _, block in RowSource(rows.array, rows.array.dtype, indices=rows.indices).blocks():
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    if kind == "unit":
        return Scaling(scale=1 / (max(abs(low), abs(high)) or 1.0))
    return Scaling(shift=(low + high) / 2, scale=2 / ((high - low) or 2.0))


def _standardizing(rows: RowSource, row_weights: Array | None) -> Scaling:
    """Mean and deviation by merging blocks (Chan, Golub & LeVeque 1983), which loses no digits to large means."""
    total, mean, squares = 0.0, np.zeros(rows.d), np.zeros(rows.d)
    for part, block in rows.blocks():
        weights = np.ones(len(block)) if row_weights is None else row_weights[part].astype(np.float64)
        weight = weights.sum()
        if weight == 0:
            continue
        block_mean = weights @ block / weight
        deviation = block - block_mean
        difference = block_mean - mean
        squares += weights @ (deviation * deviation) + difference**2 * (total * weight / (total + weight))
        total += weight
        mean += difference * (weight / total)
    deviation = np.sqrt(squares / total)
    # A constant feature can come out with a deviation of rounding errors: it counts as constant.
    constant = deviation <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return Scaling(shift=mean, scale=1 / np.where(constant, 1.0, deviation))
