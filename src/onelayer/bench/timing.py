"""Competitors timed against each other in one run: each at its best setting, warmed up, all of them in every round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from math import inf
from time import perf_counter, sleep
from typing import Any

__all__ = [
    "Competitor",
    "Run",
    "TimeLimitExceeded",
    "Timed",
    "TimedItself",
    "check_time_limit",
    "missing_module",
    "time_entries",
    "time_limit",
]

Run = Callable[[], Any]

# A setting may take this many times the time of the best so far, or of this many seconds if that is more.
LIMIT_FACTOR, LIMIT_SECONDS = 6.0, 0.5
REST = 0.2  # seconds between runs: OpenBLAS's threads go on spinning for 0.12 s after a product


@dataclass(frozen=True)
class TimedItself:
    """The result of a run that measured its own time, because it ran in a process of its own."""

    seconds: float
    result: Any = None


@dataclass(frozen=True)
class Competitor:
    """A competitor at one job, ready to be timed: one line of the job's table.

    Parameters
    ----------
    name : str
        Unique in its job.
    settings : mapping of str to callable
        Ways to run it, by what distinguishes them (``"threads: 2"``). Each prepares what is not to be timed, and
        returns what is. The fastest is measured.
    work : float
        Multiply-adds of a run, or rows where there are none; rates are this over time.
    units : float
        How many of ``unit`` a run has; times are shown for one.
    unit : str
    group : str
        Entries of one group do the same work: their results are equal.
    figures : callable
        From a result to what is shown beside the time (``accuracy``).
    missing : str or None
        Why it can't run here.
    series : str
        The line of a plot over sizes that this is a point of.
    size : int or None
        Where on that line.
    """

    name: str
    settings: Mapping[str, Callable[[], Run]]
    work: float
    units: float = 1
    unit: str = "epoch"
    group: str = ""
    figures: Callable[[Any], dict[str, float]] = field(default=lambda result: {})
    missing: str | None = None
    series: str = ""
    size: int | None = None


def missing_module(*names: str) -> str | None:
    """Return why a competitor that needs these modules can't run, or None.

    Examples
    --------
    >>> missing_module("numpy", "no_such_module")
    'no_such_module is not installed'
    """
    absent = [name for name in names if find_spec(name) is None]
    return f"{absent[0]} is not installed" if absent else None


@dataclass(frozen=True)
class Timed:
    """What was measured of one entry: seconds of a run in each round, nothing where it was skipped."""

    name: str
    work: float
    units: float = 1
    unit: str = "epoch"
    setting: str = ""
    seconds: list[float] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    skipped: str | None = None
    series: str = ""
    size: int | None = None

    @classmethod
    def of(cls, entry: Competitor, **measured: Any) -> Timed:
        """Return what an entry says of itself, and what was measured."""
        same = ("name", "work", "units", "unit", "series", "size")
        return cls(**{name: getattr(entry, name) for name in same}, **measured)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def time_entries(
    entries: Sequence[Competitor], rounds: int, tell: Callable[[str], None] = lambda line: None
) -> list[Timed]:
    """Return the times of all entries.

    Each setting of each entry runs once untimed; where there are several, once more, to find the fastest. Then every
    round runs all entries, one after another, so that whatever else the machine is doing slows all of them alike.
    """
    chosen: dict[str, tuple[str, Run]] = {}
    for entry in entries:
        tell(f"warming up: {entry.name}" + (f" is left out, {entry.missing}" if entry.missing else ""))
        if entry.missing is None:
            chosen[entry.name] = _fastest(entry)
    seconds: dict[str, list[float]] = {name: [] for name in chosen}
    figures: dict[str, dict[str, float]] = {}
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        for entry in entries:
            if entry.name in chosen:
                took, result = _timed(chosen[entry.name][1])
                seconds[entry.name].append(took)
                if number == rounds - 1:
                    figures[entry.name] = entry.figures(result)
    return [
        Timed.of(entry, skipped=entry.missing)
        if entry.missing is not None
        else Timed.of(entry, setting=chosen[entry.name][0], seconds=seconds[entry.name], figures=figures[entry.name])
        for entry in entries
    ]


def _fastest(entry: Competitor) -> tuple[str, Run]:
    """Return the name of an entry's fastest setting, and that run, warmed up.

    A setting that takes several times as long as the best so far is stopped.
    """
    best: tuple[float, str, Run] | None = None
    for setting, prepare in entry.settings.items():
        run = prepare()
        try:
            with time_limit(inf if best is None else LIMIT_FACTOR * max(best[0], LIMIT_SECONDS)):
                took = _timed(run)[0]
                if len(entry.settings) > 1:
                    took = _timed(run)[0]
        except TimeLimitExceeded:
            continue
        if best is None or took < best[0]:
            best = took, setting, run
    if best is None:
        raise ValueError(f"{entry.name} has no settings")
    return best[1:]


def _timed(run: Run) -> tuple[float, Any]:
    sleep(REST)
    start = perf_counter()
    result = run()
    took = perf_counter() - start
    return (result.seconds, result.result) if isinstance(result, TimedItself) else (took, result)


class TimeLimitExceeded(Exception):
    """A run was stopped because it took longer than its time limit.

    With more threads than free cores a small matrix product can take a hundred times as long as with one.
    """


_deadline: ContextVar[float] = ContextVar("deadline", default=inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Limit the time of the block, which calls :func:`check_time_limit` now and then.

    Examples
    --------
    >>> with time_limit(0.0):
    ...     check_time_limit()
    Traceback (most recent call last):
    onelayer.bench.timing.TimeLimitExceeded
    """
    token = _deadline.set(perf_counter() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def check_time_limit() -> None:
    """Raise :class:`TimeLimitExceeded` if time is up; without a limit it never is."""
    if perf_counter() > _deadline.get():
        raise TimeLimitExceeded
