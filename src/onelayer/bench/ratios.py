"""Ratios of one run: a time alone says little, and less on another machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from onelayer.bench.competitors.sgemm import SGEMM
from onelayer.bench.timing import Timed

__all__ = ["Target", "Verdict", "share_of_sgemm", "times_the_rate"]


def times_the_rate(subject: Timed, others: Sequence[Timed]) -> float | None:
    """Return how many times the rate (work a second) of the fastest of ``others`` the subject reaches.

    That is the median over rounds of the ratios within a round; the fastest is so by the median of its times. None if
    something was skipped.

    Examples
    --------
    >>> one, other = Timed("a", work=100, seconds=[1.0, 2.0, 1.0]), Timed("b", work=100, seconds=[3.0, 4.0, 9.0])
    >>> times_the_rate(one, [other])
    3.0
    """
    there = [other for other in others if other.seconds]
    if not subject.seconds or not there:
        return None
    fastest = max(there, key=lambda other: other.work / median(other.seconds))
    rates = zip(subject.seconds, fastest.seconds, strict=True)
    return median((subject.work / mine) / (fastest.work / its) for mine, its in rates)


def share_of_sgemm(subject: Timed, everyone: Sequence[Timed]) -> float | None:
    """Return the share that the subject reaches of the rate of large float32 products, by the best library."""
    return times_the_rate(subject, [one for one in everyone if one.name in SGEMM])


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured of it; ``met`` is None where it could not be measured."""

    what: str
    wanted: float
    measured: float | None
    unit: str
    met: bool | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Target:
    """What is to be reached: ``least`` times the rate of the fastest of ``against``.

    Parameters
    ----------
    subject : str
        The name of an entry.
    least : float
    against : tuple of str
        Names of entries; :data:`SGEMM` for a share of the machine's rate.
    what : str
        The target in words, without its figure.
    """

    subject: str
    least: float
    against: tuple[str, ...]
    what: str

    @property
    def unit(self) -> str:
        """``"%"`` for a share, ``"×"`` for a multiple."""
        return "%" if self.least < 1 else "×"

    def judge(self, timed: Mapping[str, Timed]) -> Verdict:
        """Return whether it was reached."""
        measured = times_the_rate(timed[self.subject], [timed[name] for name in self.against])
        met = None if measured is None else measured >= self.least
        return Verdict(self.what, self.least, measured, self.unit, met)
