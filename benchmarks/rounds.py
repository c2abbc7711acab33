"""Measuring competitors against each other in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def interleaved(competitors: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each competitor in each round; all take their turn in every round, after one untimed.

    What else the machine is doing then touches all of them alike.
    """
    for run in competitors.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in competitors}
    for _ in range(rounds):
        for name, run in competitors.items():
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    return seconds


def times_as_fast(seconds: Mapping[str, list[float]], name: str, other: str) -> float:
    """Return how many times as fast as ``other`` the competitor ``name`` is: the median of the rounds' ratios."""
    return median(b / a for a, b in zip(seconds[name], seconds[other], strict=True))
