"""Intervals of means over seeds, and what may be concluded from them.

Differences are paired: both models saw the same seed, so the same order of rows. Their mean has Student's t interval
(*The probable error of a mean*, Biometrika 1908). That two are equal is concluded as in two one-sided tests
(Schuirmann 1987): the 90% interval lies within ± a margin that was fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt
from statistics import fmean, stdev

__all__ = ["Sample"]


@dataclass(frozen=True)
class Sample:
    """Figures of independent replicates, or their paired differences.

    Examples
    --------
    >>> sample = Sample((0.010, 0.012, 0.011))
    >>> [round(end, 4) for end in sample.interval(0.95)]
    [0.0085, 0.0135]
    >>> sample.is_positive(), sample.is_within(0.02), sample.is_within(0.01)
    (True, True, False)
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """Return the sample of some values."""
        return cls(tuple(values))

    def minus(self, other: Sample) -> Sample:
        """Return the paired differences."""
        return Sample(tuple(one - two for one, two in zip(self.values, other.values, strict=True)))

    def times(self, factor: float) -> Sample:
        """Return all values times a number."""
        return Sample(tuple(factor * value for value in self.values))

    @cached_property
    def mean(self) -> float:
        """The mean."""
        return fmean(self.values)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return Student's t interval of the mean; all numbers where one value is all there is."""
        n = len(self.values)
        if n < 2:
            return -inf, inf
        from scipy.stats import t

        half = float(t.ppf((1 + confidence) / 2, n - 1)) * stdev(self.values) / sqrt(n)
        return self.mean - half, self.mean + half

    def is_positive(self, confidence: float = 0.95, above: float = 0.0) -> bool:
        """Whether the interval lies above 0, or another limit."""
        return self.interval(confidence)[0] > above

    def is_negative(self, confidence: float = 0.95, below: float = 0.0) -> bool:
        """Whether the interval lies below 0, or another limit."""
        return self.interval(confidence)[1] < below

    def is_within(self, margin: float) -> bool:
        """Whether the 90% interval lies within ± a margin: two one-sided tests at 5%."""
        low, high = self.interval(0.90)
        return -margin < low and high < margin
