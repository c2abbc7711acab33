"""Rows with their labels and weights: a part of the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onelayer.arrays import Array
from onelayer.rows.base import Rows

__all__ = ["LabelledRows"]


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """n rows, their labels ``(n,)`` and their weights ``(n,)``, for m models ``(n, m)``, or None for 1 each.

    Labels are those of the user until a problem is made of them, and then positions among the classes, or
    probabilities ``(n, k)``.
    """

    rows: Rows
    labels: Array
    weights: Array | None = None

    def subset(self, indices: Array) -> LabelledRows:
        """Return some of these rows, without a copy of them."""
        weights = None if self.weights is None else self.weights[indices]
        return LabelledRows(self.rows.subset(indices), self.labels[indices], weights)

    def pieces(self, size: int) -> Iterator[LabelledRows]:
        """Yield them ``size`` rows at a time."""
        for start in range(0, self.rows.n, size):
            piece = slice(start, start + size)
            weights = None if self.weights is None else self.weights[piece]
            yield LabelledRows(self.rows.section(piece), self.labels[piece], weights)

    def of_models(self, models: Array) -> LabelledRows:
        """Return the same rows with the weights of those models that the bool array ``models`` (m,) marks."""
        if self.weights is None or self.weights.ndim == 1:
            return self
        return LabelledRows(self.rows, self.labels, self.weights[:, models])
