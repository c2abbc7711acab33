"""Results of jobs: ratios within one run, targets and verdicts, files, and tables of text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from onelayer import engine
from onelayer.bench.timing import Timed
from onelayer.bench.with_numpy import SGEMM
from onelayer.errors import DataError, printable
from onelayer.storage.atomic import write_atomically
from onelayer.storage.environment import describe_environment
from onelayer.storage.plain import json_text

__all__ = [
    "ENTRY_COLUMNS",
    "VERDICT_COLUMNS",
    "JobResult",
    "Measured",
    "Target",
    "Verdict",
    "describe_machine",
    "entry_rows",
    "read_results",
    "share_of_sgemm",
    "skipped_lines",
    "times_the_rate",
    "verdict_row",
    "write_result",
]


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
        The name of a competitor.
    least : float
    against : tuple of str
        Names of competitors; :data:`SGEMM` for a share of the machine's rate.
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
class Measured:
    """The result of a job, and the machine and software it was measured on."""

    result: JobResult
    environment: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"result": self.result.to_dict(), "environment": self.environment}


def describe_machine(threads: int) -> dict[str, Any]:
    """Return the environment, with the versions of the peers that are installed.

    Examples
    --------
    >>> describe_machine(threads=2)["threads"]
    2
    """
    from importlib.metadata import PackageNotFoundError, version

    environment = describe_environment(engine=engine.name(), threads=threads)
    for peer in ("torch", "scikit-image"):
        try:
            environment["versions"][peer] = version(peer)
        except PackageNotFoundError:
            continue
    return environment


def write_result(folder: Path, measured: Measured) -> Path:
    """Write ``JOB.json`` into a folder, which is made if need be; return its path.

    Raises
    ------
    RunDirectoryError, StorageError
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{measured.result.job}.json"
    write_atomically(path, json_text(measured.to_dict(), indent=1) + "\n")
    return path


def read_results(folder: Path, jobs: Iterable[str]) -> list[Measured]:
    """Return the results of these jobs that a folder holds.

    Raises
    ------
    DataError
        If a file is not what :func:`write_result` wrote, or there is none.
    """
    found = [_read(folder / f"{name}.json") for name in jobs if (folder / f"{name}.json").is_file()]
    if not found:
        raise DataError(f"{printable(str(folder))} holds no results: measure them with onelayer bench --out")
    return found


def _read(path: Path) -> Measured:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Measured(JobResult.from_dict(content["result"]), content["environment"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{printable(str(path))} is no result of onelayer bench ({printable(str(error))}); measure that job again"
        ) from None


ENTRY_COLUMNS = ("", "setting", "median", "fastest", "ratio", "of sgemm", "accuracy")
VERDICT_COLUMNS = ("target", "at least", "measured", "")


def entry_rows(result: JobResult) -> list[tuple[str, ...]]:
    """Return a row for each entry that was measured.

    Times are per unit, ratios to the job's subject. A ratio of 5 is five times the subject's time for the same work.
    """
    subject = next((entry for entry in result.entries if entry.name == result.subject), None)
    return [_row(entry, subject, result.entries) for entry in result.entries if entry.seconds]


def _row(entry: Timed, subject: Timed | None, everyone: Sequence[Timed]) -> tuple[str, ...]:
    is_sgemm = entry.name in SGEMM
    ratio = None if subject is None or is_sgemm else times_the_rate(subject, [entry])
    share = None if is_sgemm or entry.unit != "epoch" else share_of_sgemm(entry, everyone)
    accuracy = entry.figures.get("accuracy")
    if is_sgemm:
        rate = f"{2 * entry.work / median(entry.seconds) / 1e9:.0f} GFLOP/s"
        return entry.name, entry.setting, rate, f"{2 * entry.work / min(entry.seconds) / 1e9:.0f} GFLOP/s", "", "", ""
    return (
        entry.name,
        entry.setting,
        _seconds(median(entry.seconds) / entry.units),
        _seconds(min(entry.seconds) / entry.units),
        "" if ratio is None else f"{ratio:.2f}",
        "" if share is None else f"{share:.0%}",
        "" if accuracy is None else f"{accuracy:.4f}",
    )


def skipped_lines(result: JobResult) -> list[str]:
    """Return a line for each entry that was left out, with the reason."""
    return [f"{entry.name} was left out: {entry.skipped}" for entry in result.entries if entry.skipped]


def verdict_row(verdict: Verdict) -> tuple[str, str, str, str]:
    """Return a target, its figure, what was measured, and whether it was met.

    Examples
    --------
    >>> verdict_row(Verdict("speed", 0.85, 0.9123, "%", met=True))
    ('speed', '85%', '91.2%', 'met')
    """
    met = {True: "met", False: "missed", None: "not measured"}[verdict.met]
    # A digit more than targets have, so that one that was barely missed does not look met.
    measured = "–" if verdict.measured is None else _figure(verdict.measured, verdict.unit, decimals=1)
    return verdict.what, _figure(verdict.wanted, verdict.unit), measured, met


def _figure(value: float, unit: str, decimals: int = 0) -> str:
    if unit == "%":
        return f"{value:.{decimals}%}"
    return f"{value:.3g}{unit}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"
