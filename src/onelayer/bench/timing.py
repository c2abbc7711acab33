"""Competitors against each other in one run: each at its best setting, warmed up, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from time import perf_counter, sleep
from typing import Any

from onelayer.bench.entry import Entry, Run, TimedItself
from onelayer.bench.patience import OutOfPatience, patience

__all__ = ["Timed", "time_entries"]

PATIENCE, LEAST_PATIENCE = (
    6.0,
    0.5,
)  # a setting may take this many times the best so far, or that many seconds, warm-up included
REST = 0.2  # seconds between runs: OpenBLAS's threads go on spinning for 0.12 s after a product


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
    def of(cls, entry: Entry, **measured: Any) -> Timed:
        """Return what an entry says of itself, and what was measured."""
        same = ("name", "work", "units", "unit", "series", "size")
        return cls(**{name: getattr(entry, name) for name in same}, **measured)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def time_entries(entries: Sequence[Entry], rounds: int, tell: Callable[[str], None] = lambda line: None) -> list[Timed]:
    """Return the times of all entries.

    Each setting of each entry runs once untimed; where there are several, once more, to find the fastest. Then all take
    their turn in every round, so that whatever else the machine is doing touches all alike.
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


def _fastest(entry: Entry) -> tuple[str, Run]:
    """Return the name of an entry's fastest setting, and that run, warmed up.

    A setting that takes several times as long as the best so far is given up.
    """
    best: tuple[float, str, Run] | None = None
    for setting, prepare in entry.settings.items():
        run = prepare()
        try:
            with patience(inf if best is None else PATIENCE * max(best[0], LEAST_PATIENCE)):
                took = _timed(run)[0]
                if len(entry.settings) > 1:
                    took = _timed(run)[0]
        except OutOfPatience:
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
