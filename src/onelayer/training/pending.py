"""Validations that wait for each other, so that several share one pass over the data.

Where training is fast, most of the time of an epoch goes into validations, and most of theirs into reading the rows. So
a copy of the weights is kept of each, and all that an epoch brings within a moment are made in one go. Figures, stops
and kept weights are those of validating at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Final

from onelayer.arrays import Array
from onelayer.solvers.sgd import SGDState

__all__ = ["Pending", "Segment"]

MOST: Final = 8
MOST_BYTES: Final = 1 << 26  # of copies
SECONDS: Final = 0.1  # whoever watches training is told of a validation not much later than it was due


@dataclass
class Segment:
    """Steps from one validation to the next.

    Attributes
    ----------
    first_step : int
        Of all steps, from 0.
    losses, rates : (steps,) arrays
    solver : SGDState
        As the last of them left it.
    is_validated : bool
        Whether a validation follows them.
    is_interrupted : bool
        Whether training was asked to stop in them.
    """

    first_step: int
    losses: Array
    rates: Array
    solver: SGDState
    is_validated: bool
    is_interrupted: bool


class Pending:
    """Segments whose validations are still to be made.

    Parameters
    ----------
    most : int
        How many may wait.
    """

    def __init__(self, most: int) -> None:
        self.most, self.segments, self._since = most, list[Segment](), monotonic()

    @classmethod
    def of_bytes(cls, each: int) -> Pending:
        """Return one for weights of so many bytes."""
        return cls(max(1, min(MOST, MOST_BYTES // each)))

    def add(self, segment: Segment) -> None:
        """Add a segment."""
        self.segments.append(segment)

    @property
    def is_due(self) -> bool:
        """Whether they have waited for long enough."""
        late = monotonic() - self._since >= SECONDS
        return late or len(self.segments) >= self.most or self.segments[-1].is_interrupted

    def keep(self) -> None:
        """Keep a copy of what the next steps will change."""
        last = self.segments[-1]
        last.solver = last.solver.copy()

    def take(self) -> list[Segment]:
        """Return all segments; those that come wait anew."""
        segments, self.segments, self._since = self.segments, [], monotonic()
        return segments
