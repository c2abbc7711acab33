"""Shift and scale of the features, learned from the training rows, and what they do to parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from onelayer.arrays import Array
from onelayer.rows import Rows
from onelayer.tree import Tree

__all__ = ["Scaling", "fit_scaling"]

P = TypeVar("P", bound=Tree)


# A feature whose values lie within this share of its largest counts as constant: 4 of float32's epsilon, and 512 of
# float64's, as sums of some hundred terms may be off by. Bytes are exact.
ROUNDING: Final = {np.dtype(np.uint8): 0.0, np.dtype(np.float32): 2.0**-21, np.dtype(np.float64): 2.0**-43}
LEAST_DEVIATION: Final = 2.0**-46  # as a share of the largest value: the scores of float64 have no digits for less
# Deviations below this share of the mean are looked at more closely: rounding in the mean may be a part of them.
SUSPECT: Final = 2.0**-18


# Arithmetic in a type holds scales of up to 2 to this power and their inverses: the engine's steps are on weights with
# the scale folded in, and in them it occurs squared, times a learning rate and a residual.
LARGEST_SCALE: Final = {np.dtype(np.float32): 50, np.dtype(np.float64): 450}
# At this many deviations from 0, rounding in float32 is off by a hundredth of a deviation.
FARTHEST: Final = 2.0**17


@dataclass(frozen=True)
class Scaling:
    """Models are trained on x' = (x − shift) · scale; ``fold`` gives the parameters that do the same to x itself.

    ``shift`` and ``scale`` are float64, one number or ``(d,)``, or None for 0 and 1. ``constant`` (d,) marks features
    that were constant, up to rounding, in the rows that the scaling was learned from: they say nothing about a class,
    so they have the weight 0. None: no such feature.

    Examples
    --------
    >>> from onelayer.models import LinearParameters
    >>> scaling = Scaling(shift=127.5, scale=1 / 127.5)
    >>> folded = scaling.fold(LinearParameters(np.array([[255.0]]), np.array([1.0])))
    >>> folded.weights, folded.intercepts
    (array([[2.]]), array([-254.]))
    """

    shift: Array | float | None = None
    scale: Array | float | None = None
    constant: Array | None = None

    def suits(self, dtype: DTypeLike) -> bool:
        """Whether float32 or float64 has the range, and float32 the digits, to train and predict with this scaling."""
        varying = slice(None) if self.constant is None else ~self.constant
        shift, scale = (
            np.atleast_1d(np.asarray(neutral if part is None else part, np.float64))
            for part, neutral in ((self.shift, 0.0), (self.scale, 1.0))
        )
        of_type, largest = np.dtype(dtype), 2.0 ** LARGEST_SCALE[np.dtype(dtype)]
        with np.errstate(over="ignore", invalid="ignore"):
            has_range = (scale[varying] >= 1 / largest) & (scale[varying] <= largest)
            has_range &= np.abs(shift[varying]) <= np.finfo(of_type).max / 4
            has_digits = of_type != np.float32 or (np.abs(shift * scale)[varying] <= FARTHEST).all()
        return bool(has_range.all() and has_digits)

    def fold(self, scaled: P) -> P:
        """Return parameters for x that give the scores which ``scaled`` gives for x'."""

        def folded(weights: Array, intercepts: Array) -> tuple[Array, Array]:
            if self.constant is not None:
                weights[..., self.constant] = 0.0
            if self.scale is not None:
                weights = weights * self.scale
            if self.shift is not None:
                intercepts = intercepts - (weights * self.shift).sum(axis=-1)
            return weights, intercepts

        return _at_inputs(scaled, folded)

    def unfold(self, raw: P) -> P:
        """Return the parameters that :meth:`fold` would turn into ``raw``."""

        def unfolded(weights: Array, intercepts: Array) -> tuple[Array, Array]:
            if self.shift is not None:
                intercepts = intercepts + (weights * self.shift).sum(axis=-1)
            return weights if self.scale is None else weights / self.scale, intercepts

        return _at_inputs(raw, unfolded)

    def pull_back(self, gradient: P) -> P:
        """Return the gradient by raw parameters of a function of unfolded ones, from that by unfolded ones."""

        def pulled(weights: Array, intercepts: Array) -> tuple[Array, Array]:
            on_weights = weights if self.scale is None else weights / self.scale
            if self.shift is not None:
                on_weights = on_weights + intercepts[..., np.newaxis] * self.shift
            return on_weights, intercepts

        return _at_inputs(gradient, pulled)

    def revived(self, rows: Rows, row_weights: Array | None = None) -> Scaling:
        """Return this scaling with a scale for each constant feature that varies in ``rows``: from its constant value.

        Its weight, which was 0 so far, can then be learned. Nothing changes where no constant feature varies.
        """
        if self.constant is None:
            return self
        features = np.flatnonzero(self.constant)
        shift, scale, constant = np.array(self.shift), np.array(self.scale), self.constant.copy()
        value = shift[features]
        low, high = _range(rows, features, row_weights)
        seen = rows.seen(np.float64)
        deviation = np.sqrt(_moments(seen, features, value, 1.0, row_weights)[1])
        varies = np.maximum(value - low, high - value) > ROUNDING[rows.stored_dtype] * np.abs(value)
        varies &= deviation > LEAST_DEVIATION * np.abs(value)
        scale[features[varies]], constant[features[varies]] = 1 / deviation[varies], False
        return Scaling(shift, scale, constant if constant.any() else None) if varies.any() else self


def _at_inputs(tree: P, change: Callable[[Array, Array], tuple[Array, Array]]) -> P:
    """Return a tree with ``change`` of the weights and intercepts that meet the inputs, computed in float64."""
    names = tree.at_inputs
    parts = [getattr(tree, name) for name in names]
    changed = change(*(part.astype(np.float64) for part in parts))
    return replace(
        tree, **{name: new.astype(part.dtype) for name, new, part in zip(names, changed, parts, strict=True)}
    )


def fit_scaling(kind: str, rows: Rows, row_weights: Array | None = None) -> Scaling:
    """Learn a scaling from rows; statistics are float64 whatever type the rows have.

    - ``none``: x' = x.
    - ``unit``: x' = x / max|x|, the largest over all rows and features (255 for photographs in bytes).
    - ``symmetric``: the range of all values is mapped to [−1, 1]; for bytes that is (x − 127.5) / 127.5.
    - ``standardize``: each feature's (weighted) mean is subtracted and its standard deviation divided by. A feature
      that is constant up to rounding (over the rows that have a weight) is marked as such.

    Examples
    --------
    >>> from onelayer.rows import ArrayRows
    >>> fit_scaling("unit", ArrayRows(np.array([[0, 51], [102, 255]], np.uint8)))
    Scaling(shift=None, scale=0.00392156862745098, constant=None)
    """
    if kind == "none":
        return Scaling()
    if kind == "standardize":
        return _standardizing(rows.seen(np.float64), row_weights)
    low, high = np.inf, -np.inf
    for _, block in rows.seen(rows.stored_dtype).blocks():
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    if kind == "unit":
        return Scaling(scale=1 / (max(abs(low), abs(high)) or 1.0))
    return Scaling(shift=(low + high) / 2, scale=2 / ((high - low) or 2.0))


def _standardizing(rows: Rows, row_weights: Array | None) -> Scaling:
    """Mean and deviation by merging blocks (Chan, Golub & LeVeque 1983), which loses no digits to large means."""
    total, mean, squares = 0.0, np.zeros(rows.d), np.zeros(rows.d)
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large shows in the result
        for part, block in rows.blocks():
            weights = np.ones(len(block)) if row_weights is None else row_weights[part].astype(np.float64)
            weight = weights.sum()
            if weight == 0:
                continue
            block_mean = weights @ block / weight
            deviation = block - block_mean
            difference = block_mean - mean
            between = difference**2 * (total * weight / (total + weight)) if total > 0 else 0.0
            squares += weights @ (deviation * deviation) + between
            total += weight
            mean += difference * (weight / total)
        deviation = np.sqrt(squares / total)
        suspects = np.flatnonzero(~((deviation > SUSPECT * np.abs(mean)) & (deviation < np.inf)))
        is_constant = np.zeros(rows.d, dtype=bool)
        is_constant[suspects], mean[suspects], deviation[suspects] = _exactly(rows, suspects, mean, row_weights)
    with np.errstate(divide="ignore"):
        return Scaling(mean, 1 / deviation, is_constant if is_constant.any() else None)


def _exactly(rows: Rows, features: Array, mean: Array, row_weights: Array | None) -> tuple[Array, Array, Array]:
    """Return which of some features are constant, and their means and deviations, in spite of rounding in ``mean``.

    For constants these are their value, and a number that is large enough that rounding in (x − value) / number, which
    is all that it ever is, moves nothing.
    """
    low, high = _range(rows, features, row_weights)
    largest = np.maximum(np.abs(low), np.abs(high))
    is_constant = high - low <= ROUNDING[rows.stored_dtype] * largest
    value, deviation = low + (high - low) / 2, np.maximum(largest, 1.0)
    others = np.flatnonzero(~is_constant)
    if others.size:
        origin, unit = np.clip(mean[features[others]], low[others], high[others]), (high - low)[others]
        # In units of the range: squares of small or large numbers have no digits.
        above, squares = _moments(rows, features[others], origin, unit, row_weights)
        spread = np.sqrt(np.maximum(squares - above**2, 0.0)) * unit
        varies = ~(spread <= LEAST_DEVIATION * largest[others])
        value[others], is_constant[others] = origin + above * unit, ~varies
        deviation[others[varies]] = spread[varies]
    return is_constant, value, deviation


def _moments(
    rows: Rows, features: Array, origin: Array, unit: Array | float, row_weights: Array | None
) -> tuple[Array, Array]:
    """Return the (weighted) means of (x − origin) / unit and of its square; origins near x lose no digits."""
    total, sums, squares = 0.0, np.zeros(len(features)), np.zeros(len(features))
    if len(features):
        for part, block in rows.blocks():
            weights = np.ones(len(block)) if row_weights is None else row_weights[part].astype(np.float64)
            differences = (block[:, features] - origin) / unit
            total += weights.sum()
            sums += weights @ differences
            squares += weights @ differences**2
    return sums / (total or 1.0), squares / (total or 1.0)


def _range(rows: Rows, features: Array, row_weights: Array | None) -> tuple[Array, Array]:
    """Return the least and the largest value of some features among the rows that have a weight."""
    low, high = np.full(len(features), np.inf), np.full(len(features), -np.inf)
    if len(features):
        for part, block in replace(rows, dtype=rows.stored_dtype).blocks():
            values = block[:, features] if row_weights is None else block[row_weights[part] > 0][:, features]
            if len(values):
                low, high = np.minimum(low, values.min(axis=0)), np.maximum(high, values.max(axis=0))
    return low, high
