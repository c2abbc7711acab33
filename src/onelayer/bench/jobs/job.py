"""What a job is: entries to be timed and targets, or a measurement of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from onelayer.bench.competitors.sgemm import SGEMM, sgemm
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.ratios import Target, Verdict
from onelayer.bench.timing import Timed, time_entries

__all__ = ["Job", "JobResult", "share_target"]


@dataclass(frozen=True)
class JobResult:
    """All that was measured of a job."""

    job: str
    title: str
    rounds: int
    threads: int
    entries: list[Timed]
    verdicts: list[Verdict] = field(default_factory=list)
    subject: str = ""
    axis: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> JobResult:
        """Return the result that :meth:`to_dict` gave."""
        entries = [Timed(**entry) for entry in found["entries"]]
        verdicts = [Verdict(**verdict) for verdict in found["verdicts"]]
        return cls(**{**found, "entries": entries, "verdicts": verdicts})


@dataclass(frozen=True)
class Job:
    """Entries to be timed against each other.

    Parameters
    ----------
    name : str
        As ``onelayer bench --job`` takes it.
    title : str
        One line.
    entries : callable
        From data and the number of threads to the entries.
    targets : sequence of Target
    subject : str
        The entry that the others are compared with in the table.
    axis : str
        For jobs over sizes: what the size is.
    with_sgemm : bool
        Whether the machine's own rate is measured among them.
    """

    name: str
    title: str
    entries: Callable[[BenchmarkData, int], list[Entry]]
    targets: Sequence[Target] = ()
    subject: str = ""
    axis: str = ""
    with_sgemm: bool = True

    def run(
        self, data: BenchmarkData, rounds: int, threads: int, tell: Callable[[str], None] = lambda line: None
    ) -> JobResult:
        """Measure it.

        Raises
        ------
        OnelayerError
            If its data is missing.
        """
        entries = self.entries(data, threads) + (sgemm(threads) if self.with_sgemm else [])
        timed = time_entries(entries, rounds, tell)
        by_name = {one.name: one for one in timed}
        verdicts = [target.judge(by_name) for target in self.targets]
        return JobResult(self.name, self.title, rounds, threads, timed, verdicts, self.subject, self.axis)


def share_target(subject: str, least: float, what: str) -> Target:
    """Return the target of a share of the machine's rate of large products."""
    return Target(subject, least, SGEMM, f"{what}, share of sgemm")
