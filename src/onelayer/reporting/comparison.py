"""The page that compares several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

from onelayer.errors import InputError, printable
from onelayer.evaluation import PartFigures
from onelayer.evaluation.paired import compare_paired
from onelayer.figures import DARK, LIGHT, compared_figure
from onelayer.figures.curves import COMPARED
from onelayer.figures.images import weight_limit, weight_pixels
from onelayer.figures.theme import RUN_COLORS
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Content, Section, Table, render_page, shown_sections
from onelayer.reporting.sections.images import image_uri
from onelayer.reporting.sections.origin import flat_rows
from onelayer.reporting.sections.result import loss_text
from onelayer.reporting.shown import shrunk

__all__ = ["ComparedRun", "render_comparison"]

_HEADING: Final = (
    "Run",
    "Accuracy",
    "95% interval",
    "Rows",
    "Loss",
    "On training",
    "Data",
    "Model",
    "Epochs",
    "Seconds",
)
_NOTES: Final = (
    "Intervals of accuracies are Wilson's at 95%, those of differences Agresti and Min's. Losses are without penalty."
)


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A run with the name that it is known by among the others."""

    name: str
    data: ReportData


Runs = Sequence[ComparedRun]


def render_comparison(runs: Runs) -> str:
    """Return the comparison of two or more runs as one HTML document.

    Raises
    ------
    InputError
        Fewer than two runs.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> one = ReportData("t", {"l2": 0.1}, RunFigures(), {}, ["a", "b"])
    >>> "2 runs compared" in render_comparison([ComparedRun("one", one), ComparedRun("two", one)])
    True
    """
    if len(runs) < 2:
        raise InputError("a comparison needs two runs or more")
    said = f"Accuracies of {len(runs)} runs with their intervals, and what differs between them."
    return render_page(f"{len(runs)} runs compared", said, shown_sections(runs, _SECTIONS), [], _NOTES)


def _result(runs: Runs) -> Content:
    rows = [
        {"color": _color(place), "name": printable(run.name, 60), "cells": _cells(run)}
        for place, run in enumerate(runs)
    ]
    return Content(values={"heading": _HEADING, "runs": rows})


def _cells(run: ComparedRun) -> list[str]:
    figures = run.data.figures
    evaluated = figures.parts.get(figures.evaluated_on) or next(reversed(figures.parts.values()), None)
    features = printable(str(run.data.config.get("features", "")))
    return [
        _accuracy(evaluated),
        "–" if evaluated is None else "{:.2f}–{:.2f}%".format(*(100 * end for end in evaluated.accuracy_interval)),
        "–" if evaluated is None else f"{evaluated.n:,} {figures.evaluated_on}",
        loss_text(None if evaluated is None else evaluated.loss),
        _accuracy(figures.train),
        printable(figures.dataset or "–", 40),
        ", ".join(filter(None, [printable(figures.loss or ""), features])) or "–",
        "–" if figures.epochs is None else f"{figures.epochs:,}",
        "–" if figures.seconds is None else f"{figures.seconds:,.1f}",
    ]


def _accuracy(part: PartFigures | None) -> str:
    return "–" if part is None else f"{part.accuracy:.2%}"


def _color(place: int) -> str:
    return f"--run-{place % RUN_COLORS}"


def _pairs(runs: Runs) -> Content:
    """Return a row for each pair of runs with the same evaluated rows, and why there are none."""
    rows: list[tuple[str, ...]] = []
    reasons = []
    for first, second in combinations(runs, 2):
        names = f"{printable(first.name, 40)} less {printable(second.name, 40)}"
        if first.data.predictions is None or second.data.predictions is None:
            reasons.append(f"{names}: not both runs keep their predictions.")
            continue
        one, other = first.data.predictions.decisions.correct, second.data.predictions.decisions.correct
        if not _fingerprint(first) or _fingerprint(first) != _fingerprint(second) or len(one) != len(other):
            reasons.append(f"{names}: the evaluated rows are not the same.")
            continue
        found = compare_paired(one, other)
        low, high = found.interval
        rows.append(
            (
                names,
                _points(found.difference),
                f"{_points(low)} to {_points(high)}",
                f"{found.only_first:,}",
                f"{found.only_second:,}",
                "< 0.0001" if found.p_value < 1e-4 else f"{found.p_value:.2g}",
            )
        )
    lines = [
        "Accuracy of the first less that of the second, in percentage points, and McNemar's exact test of whether "
        "neither is better. The p-values are those of single comparisons."
    ]
    heading = ("Runs", "Difference", "95% interval", "Only first right", "Only second right", "p")
    tables = [Table("pairs", "Differences of pairs of runs", heading, rows)] if rows else []
    return Content(" ".join(reasons), lines=lines if rows else (), tables=tables)


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _fingerprint(run: ComparedRun) -> str:
    facts, part = run.data.figures.data, run.data.figures.evaluated_on
    if facts is None:
        return ""
    # With validate_on="test" the test part stands in the place of the validation part too.
    found = facts.parts.get(part)
    return "" if found is None else found.fingerprint


def _curves(runs: Runs) -> Content:
    histories = [(run.name, run.data.history) for run in runs]
    found = (compared_figure(histories, name) for name in COMPARED)
    figures = [figure for figure in found if figure is not None]
    return Content("" if figures else "No run has a history.", figures=figures)


def _weights(runs: Runs) -> Content:
    """Return the weight pictures by class, one of each run, and why there are none or not all."""
    pictured = [run for run in runs if run.data.weight_images is not None]
    if not pictured:
        return Content("No run has weights that can be shown as pictures.")
    first = pictured[0].data
    kind = _kind(pictured[0])
    shown = [run for run in pictured if _kind(run) == kind]
    names = [printable(name, 40) for name in first.class_names]
    of_pair = kind[1] < len(names)
    classes = [0] if of_pair else first.shown_classes.tolist()
    titles = [f"{names[1]} against {names[0]}"] if of_pair else [names[label] for label in classes]
    colors = {id(run): _color(place) for place, run in enumerate(runs)}
    pictures = {id(run): shrunk(np.asarray(run.data.weight_images)[classes]) for run in shown}
    limits = {key: weight_limit(images) for key, images in pictures.items()}
    rows = [
        {
            "name": title,
            "cells": [
                _picture(pictures[id(run)][place], limits[id(run)])
                | {"run": printable(run.name, 40), "color": colors[id(run)]}
                for run in shown
            ],
        }
        for place, title in enumerate(titles)
    ]
    key = [
        {"name": printable(run.name, 40), "color": colors[id(run)], "limit": f"{limits[id(run)]:.3g}"} for run in shown
    ]
    lacking = [printable(run.name, 40) for run in runs if run not in shown]
    left_out = f"Without pictures, or of other classes: {', '.join(lacking)}." if lacking else ""
    some = "" if of_pair else first.which_classes
    return Content(left_out, values={"key": key, "rows": rows, "some": some})


def _kind(run: ComparedRun) -> tuple[list[str], int]:
    images = run.data.weight_images
    return list(run.data.class_names), 0 if images is None else len(images)


def _picture(image: Any, limit: float) -> dict[str, str]:
    light = image_uri(weight_pixels(image, limit, LIGHT))
    # Weights in colour are the same in both themes.
    return {"light": light, "dark": image_uri(weight_pixels(image, limit, DARK)) if image.shape[2] == 1 else ""}


def _settings(runs: Runs) -> Content:
    """Return the settings that are not the same in all runs: key, then the value of each."""
    tables = [dict(flat_rows(run.data.config)) for run in runs]
    keys = dict.fromkeys(key for table in tables for key in table)
    rows = [(key, *(table.get(key, "–") for table in tables)) for key in keys]
    differing = [row for row in rows if len(set(row[1:])) > 1]
    if not differing:
        return Content("All settings are the same.")
    heading = ["Setting", *(printable(run.name, 60) for run in runs)]
    return Content(tables=[Table("settings", "Settings that differ", heading, differing, kind="text")])


_SECTIONS: Final[list[Section[Runs]]] = [
    Section("result", "Result", _result, "compared_result.html.j2"),
    Section("pairs", "Differences on the same rows", _pairs),
    Section("curves", "Learning curves", _curves),
    Section("weights", "Weights side by side", _weights, "compared_weights.html.j2"),
    Section("settings", "What differs in the settings", _settings),
]
