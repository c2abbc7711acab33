"""A competitor at one job, ready to be timed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from onelayer.bench.work import TrainingWork

__all__ = ["Entry", "Run", "TimedItself", "missing_module", "training_entry"]

Run = Callable[[], Any]


@dataclass(frozen=True)
class TimedItself:
    """The result of a run that knows better than its caller how long it took: one in a process of its own, say."""

    seconds: float
    result: Any = None


@dataclass(frozen=True)
class Entry:
    """One line of a job's table.

    Parameters
    ----------
    name : str
        Unique in its job.
    settings : mapping of str to callable
        Ways to run it, by what sets them apart (``"threads: 2"``). Each prepares what is not to be timed, and returns
        what is. The fastest is measured.
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


def training_entry(
    name: str, work: TrainingWork, settings: Mapping[str, Callable[[], Run]], missing: str | None = None
) -> Entry:
    """Return the entry of a competitor that trains: times per epoch, the accuracy beside them."""

    def figures(result: Any) -> dict[str, float]:
        return {"accuracy": work.accuracy(result)}

    return Entry(name, settings, work.multiply_adds, work.epochs, group="training", figures=figures, missing=missing)
