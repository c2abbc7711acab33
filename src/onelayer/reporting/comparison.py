"""The page that compares several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from onelayer.errors import InputError, printable
from onelayer.evaluation import PartFigures
from onelayer.evaluation.paired import compare_paired
from onelayer.reporting.charts.comparison import RUN_COLORS, overlaid_chart
from onelayer.reporting.data import ReportData
from onelayer.reporting.document import render
from onelayer.reporting.inlining import image_uri
from onelayer.reporting.sections import Section
from onelayer.reporting.tables import flat_rows, loss_text
from onelayer.reporting.theme import DARK, LIGHT
from onelayer.reporting.views import ChartView
from onelayer.reporting.weights import weight_limit, weight_pixels

__all__ = ["ComparedRun", "render_comparison"]


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """A run with the name that it is known by among the others."""

    name: str
    data: ReportData


def render_comparison(runs: Sequence[ComparedRun]) -> str:
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
    charts = _charts(runs)
    pairs, unpaired = _pairs(runs)
    weights, no_weights = _weights(runs)
    differing = _differing(runs)
    sections = [
        Section("result", "Result"),
        Section("pairs", "Differences on the same rows", absent=unpaired),
        Section("curves", "Learning curves", charts, absent="" if charts else "No run has a history."),
        Section("weights", "Weights side by side", absent=no_weights),
        Section("settings", "What differs in the settings", absent="" if differing else "All settings are the same."),
    ]
    return render(
        "comparison.html.j2",
        title=f"{len(runs)} runs compared",
        payload={"charts": {view.name: view.chart.to_dict() for view in charts}, "classes": [], "galleries": {}},
        sections=sections,
        runs=[_run_row(place, run) for place, run in enumerate(runs)],
        pairs=pairs,
        weights=weights,
        names=[printable(run.name, 60) for run in runs],
        differing=differing,
    )


def _run_row(place: int, run: ComparedRun) -> dict[str, Any]:
    figures = run.data.figures
    evaluated = figures.parts.get(figures.evaluated_on) or next(reversed(figures.parts.values()), None)
    features = printable(str(run.data.config.get("features", "")))
    return {
        "color": f"--run-{place % RUN_COLORS}",
        "name": printable(run.name, 60),
        "cells": [
            _accuracy(evaluated),
            _interval(evaluated),
            "–" if evaluated is None else f"{evaluated.n:,} {figures.evaluated_on}",
            loss_text(None if evaluated is None else evaluated.loss),
            _accuracy(figures.train),
            printable(figures.dataset or "–", 40),
            ", ".join(filter(None, [printable(figures.loss or ""), features])) or "–",
            "–" if figures.epochs is None else f"{figures.epochs:,}",
            "–" if figures.seconds is None else f"{figures.seconds:,.1f}",
        ],
    }


def _accuracy(split: PartFigures | None) -> str:
    return "–" if split is None else f"{split.accuracy:.2%}"


def _interval(split: PartFigures | None) -> str:
    return "–" if split is None else "{:.2f}–{:.2f}%".format(*(100 * end for end in split.accuracy_interval))


def _charts(runs: Sequence[ComparedRun]) -> list[ChartView]:
    histories = [(run.name, run.data.history) for run in runs]
    wanted = {
        "validation_accuracy": ("validation accuracy", "Validation accuracy of each run"),
        "validation_loss": ("validation loss", "Validation loss of each run"),
        "batch_loss": ("training loss", "Training loss of each run, means of blocks of mini-batches"),
        "weight_norm_squared": ("‖W‖²", "Squared norm of the weights of each run"),
    }
    views = []
    for key, (label, message) in wanted.items():
        chart = overlaid_chart(histories, key, label)
        if chart is not None:
            views.append(ChartView(key.replace("_", "-"), message, "Over epochs; one colour a run.", chart))
    return views


def _pairs(runs: Sequence[ComparedRun]) -> tuple[list[tuple[str, ...]], str]:
    """Return a row for each pair of runs with the same evaluated rows, and why there are none."""
    rows: list[tuple[str, ...]] = []
    reasons = []
    for first, second in combinations(runs, 2):
        names = f"{printable(first.name, 40)} less {printable(second.name, 40)}"
        one, other = first.data.predictions, second.data.predictions
        if one is None or other is None:
            reasons.append(f"{names}: not both runs keep their predictions.")
        elif (
            not _fingerprint(first)
            or _fingerprint(first) != _fingerprint(second)
            or one.decisions.labels.shape != other.decisions.labels.shape
        ):
            reasons.append(f"{names}: the evaluated rows are not the same.")
        else:
            found = compare_paired(one.decisions.correct, other.decisions.correct)
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
    return rows, " ".join(reasons)


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _fingerprint(run: ComparedRun) -> str:
    facts, part = run.data.figures.data, run.data.figures.evaluated_on
    if facts is None:
        return ""
    # With validate_on="test" the test part stands in the place of the validation part too.
    found = facts.parts.get(part)
    return "" if found is None else found.fingerprint


def _weights(runs: Sequence[ComparedRun]) -> tuple[dict[str, Any] | None, str]:
    """Return the weight pictures by class, one of each run, and why there are none or not all."""
    shown = [run for run in runs if run.data.weight_images is not None]
    if not shown:
        return None, "No run has weights that can be shown as pictures."
    first = shown[0].data
    assert first.weight_images is not None  # noqa: S101 (shown ones have them)
    kind = (list(first.class_names), len(first.weight_images))
    shown = [run for run in shown if _kind(run) == kind]
    names = [printable(name, 40) for name in first.class_names]
    titles = names if kind[1] == len(names) else [f"{names[1]} against {names[0]}"]
    colors = {id(run): f"--run-{place % RUN_COLORS}" for place, run in enumerate(runs)}
    limits = {id(run): weight_limit(run.data.weight_images) for run in shown if run.data.weight_images is not None}
    rows = [
        {"name": title, "cells": [_cell(run, place, limits[id(run)], colors[id(run)]) for run in shown]}
        for place, title in enumerate(titles)
    ]
    key = [
        {"name": printable(run.name, 40), "color": colors[id(run)], "limit": f"{limits[id(run)]:.3g}"} for run in shown
    ]
    lacking = [printable(run.name, 40) for run in runs if run not in shown]
    left_out = f"Without pictures, or of other classes: {', '.join(lacking)}." if lacking else ""
    return {"key": key, "rows": rows}, left_out


def _kind(run: ComparedRun) -> tuple[list[str], int]:
    images = run.data.weight_images
    return list(run.data.class_names), 0 if images is None else len(images)


def _cell(run: ComparedRun, place: int, limit: float, color: str) -> dict[str, str]:
    images = run.data.weight_images
    assert images is not None  # noqa: S101 (shown ones have them)
    pictures = {name: image_uri(weight_pixels(images[place], limit, theme)) for name, theme in _THEMES.items()}
    return {**pictures, "run": printable(run.name, 40), "color": color}


_THEMES = {"light": LIGHT, "dark": DARK}


def _differing(runs: Sequence[ComparedRun]) -> list[tuple[str, ...]]:
    """Return the settings that are not the same in all runs: key, then the value of each."""
    tables = [dict(flat_rows(run.data.config)) for run in runs]
    keys = dict.fromkeys(key for table in tables for key in table)
    rows = [(key, *(table.get(key, "–") for table in tables)) for key in keys]
    return [row for row in rows if len(set(row[1:])) > 1]
