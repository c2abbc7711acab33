"""Results as rows of text, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from onelayer.bench.competitors.sgemm import SGEMM
from onelayer.bench.jobs import JobResult
from onelayer.bench.ratios import Verdict, share_of_sgemm, times_the_rate
from onelayer.bench.timing import Timed

__all__ = ["ENTRY_COLUMNS", "VERDICT_COLUMNS", "entry_rows", "skipped_lines", "verdict_row"]

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
