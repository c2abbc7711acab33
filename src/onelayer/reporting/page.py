"""The page of one run: self-contained, it asks nothing of any network."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.errors import printable
from onelayer.reporting.confusion import short_name
from onelayer.reporting.data import ReportData
from onelayer.reporting.document import render
from onelayer.reporting.export import both_bytes
from onelayer.reporting.inlining import image_base64
from onelayer.reporting.pictures import Picture
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.row_pictures import galleries_of
from onelayer.reporting.sections import MOST_CELLS, Section, confusion_view, make_sections, run_pictures, why_no_images
from onelayer.reporting.shown import CELL_SIZE
from onelayer.reporting.sweep_pictures import sweep_key, sweep_statement, trial_rows
from onelayer.reporting.tables import (
    class_rows,
    data_rows,
    figure_rows,
    flat_rows,
    headline,
    split_rows,
    statement,
)
from onelayer.reporting.theme import LIGHT
from onelayer.reporting.views import confusion_cells, most_frequent_mistakes, sample_strips, weight_views
from onelayer.storage.run_directory import RunDirectory

__all__ = ["render_report", "write_report"]

Pictures = dict[str, list[Picture]]


def render_report(data: ReportData) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    data : ReportData
        Names in it are text, whatever they look like.

    Raises
    ------
    InputError
        Weight pictures of neither one nor three channels.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> page = render_report(ReportData("<digits>", {"loss": "softmax"}, RunFigures(), {}, ["0", "1"]))
    >>> "<h1>&lt;digits&gt;</h1>" in page
    True
    """
    return _page(data, run_pictures(data))


def write_report(run: RunDirectory, data: ReportData) -> None:
    """Write ``report.html``, and each picture as PNG and SVG under ``figures/``.

    Raises
    ------
    InputError, RunDirectoryError, StorageError
    """
    pictures = run_pictures(data)
    for picture in (one for some in pictures.values() for one in some):
        png, svg = both_bytes(picture.draw(LIGHT))
        run.write_figure(f"{picture.name}.png", png)
        run.write_figure(f"{picture.name}.svg", svg)
    run.write_report(_page(data, pictures))


def _page(data: ReportData, pictures: Pictures) -> str:
    sections = make_sections(data, pictures)
    weights = next((one for one in pictures["weights"] if one.name == "weights"), None)
    return render(
        "run.html.j2",
        title=printable(data.title),
        payload=_payload(data, sections, pictures),
        sections=sections,
        statement=statement(data),
        headline=headline(data),
        splits=split_rows(data),
        figures=figure_rows(data),
        classes=_class_labels(data),
        confusion=_confusion(data, pictures),
        has_images=bool(pictures["images"]),
        no_images=why_no_images(data),
        class_rows=class_rows(data),
        weights=None if weights is None else weight_views(data, weights),
        galleries=galleries_of(data.predictions) if data.predictions and pictures["images"] else [],
        data_rows=data_rows(data),
        samples=sample_strips(data),
        sweep_statement=[] if data.sweep is None else sweep_statement(data.sweep),
        sweep_key=[] if data.sweep is None else sweep_key(data.sweep),
        n_trials=0 if data.sweep is None else len(data.sweep.trials),
        trials=None if data.sweep is None else trial_rows(data.sweep),
        repeats="This command trains the same model again:",
        command=None if data.command is None else printable(data.command, 2000),
        tables={"Configuration": flat_rows(data.config), "Environment": flat_rows(data.environment)},
    )


def _class_labels(data: ReportData) -> list[str]:
    return [short_name(name, 60) for name in data.class_names]


def _confusion(data: ReportData, pictures: Pictures) -> dict[str, Any] | None:
    picture = next((one for one in pictures["classes"] if one.name == "confusion"), None)
    if picture is None:
        return None
    is_table = len(data.class_names) <= MOST_CELLS
    return {
        "message": picture.message,
        "caption": "Choose a cell to see its images; colour shows the share of the true class.",
        "rows": confusion_cells(data) if is_table else [],
        "view": confusion_view(data, pictures),
        "name_width": 0.9 + 0.52 * max(map(len, _class_labels(data))),
        "upright": len(data.class_names) > 4 and max(map(len, data.class_names)) > 4,
        "mistakes": most_frequent_mistakes(data),
    }


def _payload(data: ReportData, sections: list[Section], pictures: Pictures) -> dict[str, Any]:
    """Return what the page's script takes: charts, and the images of rows with what was decided on them."""
    views = [view for section in sections for view in section.charts]
    heat_map = confusion_view(data, pictures)
    payload: dict[str, Any] = {
        "charts": {view.name: view.chart.to_dict() for view in [*views, *([heat_map] if heat_map else [])]},
        "classes": _class_labels(data),
        "confusion": [] if data.confusion is None else np.asarray(data.confusion).tolist(),
        "firstCell": next(([one["true"], one["predicted"]] for one in most_frequent_mistakes(data)), None),
        "galleries": {},
    }
    predictions = data.predictions
    if predictions is None or predictions.shown is None or not pictures["images"]:
        return payload
    places = {int(row): place for place, row in enumerate(predictions.shown.rows)}
    galleries = {one.name: [places[row] for row in one.rows] for one in galleries_of(predictions)}
    return payload | {
        "imagesOfCell": CELL_SIZE,
        "measure": "probability" if predictions.decisions.are_probabilities else "score",
        "tiles": _tiles(predictions, predictions.shown),
        "galleries": galleries,
    }


def _tiles(predictions: Predictions, shown: ShownImages) -> dict[str, Any]:
    decisions, rows = predictions.decisions, shown.rows
    return {
        "rows": rows.tolist(),
        "labels": decisions.labels[rows].tolist(),
        "predicted": decisions.predicted[rows].tolist(),
        "classes": decisions.best[rows].tolist(),
        "values": [[float(f"{value:.4g}") for value in row] for row in decisions.values[rows].tolist()],
        "order": np.argsort(-decisions.of_predicted[rows], kind="stable").tolist(),
        "images": [image_base64(image) for image in shown.images],
    }
