"""Loss and accuracy on whole parts of the data, with as many threads as are allowed.

Rows are cut into pieces whose size does not depend on the number of threads, and the sums over pieces are added in the
order of the pieces: any number of threads gives the same figures, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from operator import add
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective, Sums
from onelayer.rows import RowSource
from onelayer.threads import map_in_threads

__all__ = ["Part", "total_sums"]

PIECE: Final = 2048  # rows: some tenths of a millisecond of work, far more than it costs to hand over


@dataclass(frozen=True)
class Part:
    """n rows with their integer labels ``(n,)`` and weights ``(n,)`` or None."""

    rows: RowSource
    labels: Array
    weights: Array | None = None

    def pieces(self, size: int) -> Iterator[Part]:
        """Yield the part ``size`` rows at a time."""
        for start in range(0, self.rows.n, size):
            piece = slice(start, start + size)
            weights = None if self.weights is None else self.weights[piece]
            yield Part(self.rows.section(piece), self.labels[piece], weights)


def total_sums(
    objective: Objective, parameters: LinearParameters, parts: Sequence[Part], threads: int = 1
) -> list[Sums]:
    """Return weighted sums of loss, right decisions and weight over each part."""
    if objective.is_native:
        return [objective.sums(parameters, part.rows, part.labels, part.weights, threads) for part in parts]

    def sums(piece: Part) -> Sums:
        with np.errstate(all="ignore"):  # an overflow shows in the sums; threads do not inherit this
            return objective.sums(parameters, piece.rows, piece.labels, piece.weights)

    pieces = [list(part.pieces(PIECE)) for part in parts]
    found = iter(map_in_threads(sums, [*chain(*pieces)], threads))
    return [reduce(add, islice(found, len(of_part))) for of_part in pieces]
