"""``reproduction.html``: all of a reproduction on one page, which needs neither script nor network."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from onelayer.errors import printable
from onelayer.figures import DARK, LIGHT
from onelayer.figures.drawing import png_bytes
from onelayer.reporting.document import templates, text_of, theme_variables
from onelayer.reporting.sections.images import png_uri
from onelayer.reproduce.drawing import draw
from onelayer.reproduce.protocol import Experiment, Protocol
from onelayer.reproduce.quantities import Row, shown_row, shown_value
from onelayer.reproduce.reproduction import ReportResults, Reproduction
from onelayer.reproduce.runs import ModelRun, RunResult
from onelayer.storage.atomic import write_atomically
from onelayer.version import __version__

__all__ = ["page_of", "write_page"]

_FOLDER: Final = "reproduce"
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_ORDER: Final = (
    *("reproduced", "close", "differs", "claim holds", "claim is wrong", "undecided", "not published", "skipped"),
)
_UNTOLD: Final = ("title", "arms", "seeds", "dataset", "random_state", "n_jobs", "verbose")
_MOST_PARTS_IN_A_LINE: Final = 6  # evidence in more parts is a list


@dataclass(frozen=True)
class _Picture:
    """A figure in both themes, as data URIs."""

    title: str
    caption: str
    light: str
    dark: str


def write_page(reproduction: Reproduction, out: Path) -> Path:
    """Write the page into a folder and return its path.

    Raises
    ------
    StorageError, RunDirectoryError
        If it can't be written.
    """
    path = out / "reproduction.html"
    write_atomically(path, page_of(reproduction))
    return path


def page_of(reproduction: Reproduction) -> str:
    """Return the page."""
    return (
        templates(_FOLDER)
        .get_template("page.html.j2")
        .render(
            policy=Markup(_POLICY),  # noqa: S704 (ours)
            colors=theme_variables(),
            style=Markup(text_of(_FOLDER, "page.css")),  # noqa: S704 (ours)
            version=__version__,
            reports=[_report(one) for one in reproduction.reports],
            summary=_summary(reproduction),
            seconds=f"{reproduction.seconds:,.0f}",
        )
    )


def _summary(reproduction: Reproduction) -> dict[str, Any]:
    counts = {one.protocol.name: Counter(str(row.verdict) for row in one.rows) for one in reproduction.reports}
    shown = [verdict for verdict in _ORDER if any(count[verdict] for count in counts.values())]
    rows = [
        {
            "name": one.protocol.name,
            "title": one.protocol.title,
            "counts": [(v, counts[one.protocol.name][v]) for v in shown],
        }
        for one in reproduction.reports
    ]
    return {"verdicts": shown, "rows": rows}


def _report(report: ReportResults) -> dict[str, Any]:
    protocol, theory = report.protocol, report.theory
    figures, claims, formulas = [], [], []
    for row in report.rows:
        if row.experiment.startswith("claim "):
            claims.append(_claim(protocol, row))
        elif row.experiment.startswith("formula "):
            formulas.append(row)
        else:
            figures.append(_figure_row(row))
    return {
        "name": protocol.name,
        "title": protocol.title,
        "summary": protocol.summary,
        "notes": protocol.notes,
        "skipped": report.skipped,
        "command": shlex.join(["onelayer", "reproduce", protocol.name]),
        "experiments": [_experiment(name, one, report) for name, one in protocol.experiments.items()],
        "rows": figures,
        "pictures": [] if report.skipped else _pictures(report),
        "claims": claims,
        # What derivations make is markup that they escaped themselves.
        "derivations": [
            (name, one["title"], one["holds"], Markup(one["html"]))  # noqa: S704
            for name, one in (theory.derivations.items() if theory else ())
        ],
        "formulas": [
            (row, Markup(one["html"]))  # noqa: S704
            for row, one in zip(formulas, theory.formulas.values() if theory else (), strict=False)
        ],
    }


def _figure_row(row: Row) -> dict[str, Any]:
    of, quantity, published, measured, verdict = shown_row(row)
    exact = row.tolerance is not None and row.tolerance < 1e-6
    expected = shown_value(row.expected, row.form, exact=exact) if row.expected is not None else ""
    tolerance = ""
    if row.tolerance is not None and row.published is not None:
        tolerance = (
            "exactly"
            if not row.tolerance
            else f"± {100 * row.tolerance:g} points"
            if row.form == "share"
            else f"± {row.tolerance:g}"
        )
    return {
        "of": of,
        "quantity": quantity,
        "published": published,
        "expected": expected,
        "measured": measured,
        "tolerance": tolerance,
        "verdict": verdict,
        "source": row.source,
        "evidence": row.evidence,
    }


def _claim(protocol: Protocol, row: Row) -> dict[str, Any]:
    claim = protocol.claims[row.experiment.removeprefix("claim ")]
    parts = row.evidence.split("; ")
    return {"row": row, "plan": claim.plan, "parts": parts if len(parts) > _MOST_PARTS_IN_A_LINE else []}


def _experiment(name: str, experiment: Experiment, report: ReportResults) -> dict[str, Any]:
    found: list[tuple[ModelRun, RunResult]] = report.results.get(name, [])
    defaults = {key: field.default for key, field in Experiment.model_fields.items()}
    told = {
        key: value
        for key, value in experiment.model_dump().items()
        if key not in _UNTOLD and value != defaults.get(key) and value != {}
    }
    sizes = found[0][1].sizes if found else {}
    return {
        "name": name,
        "title": experiment.title,
        "dataset": found[0][1].dataset if found else experiment.dataset,
        "sizes": ", ".join(f"{count:,} {part}" for part, count in sizes.items()),
        "settings": [(key, _setting(value)) for key, value in told.items()],
        "arms": [
            (arm, ", ".join(f"{key} = {_setting(v)}" for key, v in keys.items()))
            for arm, keys in experiment.arms.items()
        ],
        "seeds": ", ".join(map(str, experiment.seeds)),
        "models": len(found),
        "seconds": f"{sum(result.seconds for _, result in found):,.1f}",
    }


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{printable(str(key))} = {_setting(one)}" for key, one in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else printable(str(value))


def _pictures(report: ReportResults) -> list[_Picture]:
    found = []
    for figure in report.protocol.figures:
        themes = [draw(figure, report.protocol, report.results, theme) for theme in (LIGHT, DARK)]
        for (title, light), (_, dark) in zip(*themes, strict=True):
            full = f"{figure.title}: {title}" if title else figure.title
            uris = [png_uri(png_bytes(drawing)) for drawing in (light, dark)]
            found.append(_Picture(full, figure.source or "", *uris))
    return found
