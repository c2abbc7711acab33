"""Reproducing reports: run what has not been run, judge every figure and every claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

from onelayer.errors import DataError, DownloadError, MissingDependencyError
from onelayer.reproduce.designs import decide_claim
from onelayer.reproduce.protocol import Protocol, Published, arms_named
from onelayer.reproduce.quantities import QUANTITIES, Row, Verdict, judge_figure
from onelayer.reproduce.runs import Results
from onelayer.reproduce.splits import SplitLoader
from onelayer.reproduce.theory import Theory, number_of, theory_of
from onelayer.reproduce.training import run_protocol
from onelayer.storage.atomic import write_error
from onelayer.storage.cache import ArrayCache

__all__ = ["ReportResults", "Reproduction", "reproduce"]

_OF_AUDITS: dict[str, Verdict] = {"proved": "claim holds", "refuted": "claim is wrong", "undecided": "undecided"}


@dataclass(frozen=True, eq=False)
class ReportResults:
    """What came of one report.

    Parameters
    ----------
    protocol : Protocol
    rows : list of Row
    results : dict
        Of the runs, by experiment; empty where it was skipped.
    theory : Theory or None
        None where SymPy is missing.
    skipped : str
        Why its experiments were skipped; empty where they were not.
    """

    protocol: Protocol
    rows: list[Row]
    results: Results = field(default_factory=dict)
    theory: Theory | None = None
    skipped: str = ""


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What came of all reports, and how long it took."""

    reports: list[ReportResults]
    seconds: float

    @property
    def rows(self) -> list[Row]:
        """All rows, report after report."""
        return [row for report in self.reports for row in report.rows]

    @property
    def is_complete(self) -> bool:
        """Whether nothing was skipped."""
        return all(row.verdict != "skipped" for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"results": [row.to_dict() for row in self.rows], "seconds": self.seconds}


def reproduce(
    protocols: Sequence[Protocol],
    out: Path,
    *,
    data_dir: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
    cache: ArrayCache | None = None,
) -> Reproduction:
    """ModelRun what has not been run yet and judge it.

    A report whose data is missing is skipped, with a row that says what to do; the others are done.

    Parameters
    ----------
    protocols : sequence of Protocol
    out : Path
        Where runs are kept, in ``runs/``, and proofs, in ``theory.json``.
    data_dir : Path or None
    tell : callable
        Told of progress, a line at a time.
    cache : ArrayCache or None
        Where features are looked up and kept.

    Raises
    ------
    OnelayerError
        Whatever goes wrong in training and writing.
    """
    started, loader = perf_counter(), SplitLoader(data_dir, cache)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(out, error) from error
    found = [_report(protocol, loader, out, tell) for protocol in protocols]
    return Reproduction(found, perf_counter() - started)


def _report(protocol: Protocol, loader: SplitLoader, out: Path, tell: Callable[[str], None]) -> ReportResults:
    results: Results = {}
    skipped = ""
    try:
        results = run_protocol(protocol, loader, out / "runs", tell)
        rows = [*_published_rows(protocol, results), *_number_rows(protocol), *_claim_rows(protocol, results)]
    except (DataError, DownloadError, MissingDependencyError) as error:
        skipped = f"{str(error).rstrip('.')}. Give the folder that has it with --data-dir."
        if isinstance(error, MissingDependencyError):
            skipped = str(error)
        tell(f"{protocol.name} is skipped: {skipped}")
        rows = [*_skipped_rows(protocol, skipped), *_number_rows(protocol)]
    theory = None
    try:
        theory = theory_of(protocol.derivations, protocol.formulas, out / "theory.json", tell)
        rows += _formula_rows(protocol, theory)
    except MissingDependencyError as error:
        rows += [_row(protocol, name, "formula", "skipped", evidence=str(error)) for name in protocol.formulas]
    return ReportResults(protocol, rows, results, theory, skipped)


def _row(protocol: Protocol, experiment: str, quantity: str, verdict: Verdict, **values: Any) -> Row:
    return Row(protocol.name, experiment, quantity, verdict, **values)


def _published_rows(protocol: Protocol, results: Results) -> list[Row]:
    return [
        _published_row(protocol, one, arm, results)
        for one in protocol.published
        for arm in arms_named(protocol.experiments[one.experiment], one.arm or "")
    ]


def _published_row(protocol: Protocol, one: Published, arm: str, results: Results) -> Row:
    found = [
        result.quantities[one.quantity]
        for run, result in results[one.experiment]
        if run.reference.arm == arm and one.quantity in result.quantities
    ]
    name = f"{one.experiment}/{arm}" if arm else one.experiment
    title = QUANTITIES[one.quantity].title + (f", mean of {len(found)}" if one.over == "mean" else "")
    source = one.source or ""
    if not found:
        verdict: Verdict = "not published" if one.value is None else "differs"
        return _row(
            protocol, name, title, verdict, published=one.value, source=source, evidence="the runs have no such figure"
        )
    measured = fmean(found) if one.over == "mean" else found[0]
    return _row(
        protocol,
        name,
        title,
        judge_figure(one.value, measured, one.tolerance),
        published=one.value,
        measured=measured,
        tolerance=one.tolerance if one.value is not None or one.expected is not None else None,
        expected=one.expected,
        source=source,
        form=QUANTITIES[one.quantity].form,
    )


def _number_rows(protocol: Protocol) -> list[Row]:
    rows = []
    for one in protocol.numbers:
        measured = number_of(one.expression)
        values = {"published": one.value, "measured": measured, "tolerance": one.tolerance, "source": one.source or ""}
        rows.append(_row(protocol, "arithmetic", one.title, judge_figure(one.value, measured, one.tolerance), **values))
    return rows


def _claim_rows(protocol: Protocol, results: Results) -> list[Row]:
    rows = []
    for name, claim in protocol.claims.items():
        found = decide_claim(claim, protocol, results)
        rows.append(
            _row(
                protocol,
                f"claim {name}",
                claim.title,
                found.verdict,
                source=claim.source or "",
                evidence=found.evidence,
            )
        )
    return rows


def _formula_rows(protocol: Protocol, theory: Theory) -> list[Row]:
    rows = []
    for name, one in theory.formulas.items():
        evidence = " ".join(part for part in (one["reason"] + ".", one["explanation"]) if part)
        rows.append(
            _row(
                protocol,
                f"formula {name.removeprefix(protocol.name + '-')}",
                one["title"],
                _OF_AUDITS[one["verdict"]],
                source=one["source"],
                evidence=evidence,
            )
        )
    return rows


def _skipped_rows(protocol: Protocol, why: str) -> list[Row]:
    rows = []
    for one in protocol.published:
        name = f"{one.experiment}/{one.arm}" if one.arm else one.experiment
        title = QUANTITIES[one.quantity].title
        rows.append(_row(protocol, name, title, "skipped", published=one.value, evidence=why))
    claims = protocol.claims.items()
    rows += [_row(protocol, f"claim {name}", claim.title, "skipped", evidence=why) for name, claim in claims]
    return rows or [_row(protocol, "", "", "skipped", evidence=why)]
