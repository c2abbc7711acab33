"""How far training lets the process grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.jobs.job import JobResult
from onelayer.bench.memory import growth_in_new_process
from onelayer.bench.ratios import Verdict

__all__ = ["MEMORY", "MemoryJob"]

MOST = 60e6  # bytes


@dataclass(frozen=True)
class MemoryJob:
    """Growth of resident memory in a process of its own, once a round."""

    name: str
    title: str

    def run(
        self, data: BenchmarkData, rounds: int, threads: int, tell: Callable[[str], None] = lambda line: None
    ) -> JobResult:
        """Measure it.

        Raises
        ------
        DataError
            If the data is missing.
        """
        found = []
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            found.append(growth_in_new_process(data.data_dir)["growth"] / 1e6)
        grown = median(found)
        verdict = Verdict("memory beyond the data, at most", MOST / 1e6, grown, " MB", grown <= MOST / 1e6)
        return JobResult(self.name, self.title, rounds, threads, [], [verdict])


MEMORY = MemoryJob("memory", "Memory: a fit of CIFAR-10's 50,000 training images, standardised, with validation")
