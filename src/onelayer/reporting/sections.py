"""The sections of a report on one run, in order: which pictures and charts each has, or why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onelayer.errors import printable
from onelayer.reporting.charts.chart import Chart
from onelayer.reporting.charts.classes import class_counts_chart, confusion_chart, recall_chart, reliability_chart
from onelayer.reporting.charts.curves import accuracy_chart, loss_chart, trend_chart
from onelayer.reporting.charts.sweep import sweep_accuracy_chart, sweep_heat_map_chart, sweep_loss_chart
from onelayer.reporting.charts.sweep_curves import sweep_curves_chart
from onelayer.reporting.data import ReportData
from onelayer.reporting.pictures import (
    Picture,
    class_pictures,
    curve_pictures,
    share_in_view,
    training_marks,
    trend_pictures,
    weight_pictures,
)
from onelayer.reporting.recalls import Recalls
from onelayer.reporting.row_pictures import calibration_pictures, data_pictures, gallery_pictures, mean_pictures
from onelayer.reporting.sweep_pictures import sweep_pictures
from onelayer.reporting.views import ChartView
from onelayer.selection import SweepResult

__all__ = ["MOST_CELLS", "Section", "confusion_view", "make_sections", "run_pictures", "why_no_images"]

MOST_CELLS = 20  # classes of a confusion matrix that is a table of buttons; of more it is a heat map
_MOST_IN_HEAT_MAP = 200


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Parameters
    ----------
    id, heading : str
    charts : sequence of ChartView
    absent : str
        Why there is nothing to see, if there is not.
    """

    id: str
    heading: str
    charts: Sequence[ChartView] = ()
    absent: str = ""


def run_pictures(data: ReportData) -> dict[str, list[Picture]]:
    """Return all pictures of a report, by section; these are the files under ``figures/``.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> run_pictures(ReportData("t", {}, RunFigures(), {}, ["a", "b"]))["curves"]
    []
    """
    return {
        "sweep": [] if data.sweep is None else sweep_pictures(data.sweep),
        "curves": curve_pictures(data),
        "classes": class_pictures(data),
        "weights": [*weight_pictures(data), *mean_pictures(data)],
        "images": gallery_pictures(data),
        "calibration": calibration_pictures(data),
        "trends": trend_pictures(data),
        "data": data_pictures(data),
    }


def make_sections(data: ReportData, pictures: dict[str, list[Picture]]) -> list[Section]:
    """Return the sections of the page."""
    charts = {key: [view for picture in some for view in _chart_views(data, picture)] for key, some in pictures.items()}
    recalls = [view for view in charts["classes"] if view.name == "recall"]
    has_rows = data.confusion is not None and bool(data.confusion.n)
    no_rows = "" if has_rows else "No part of the data was evaluated."
    sections = [
        Section("result", "Result"),
        Section("curves", "Learning curves", charts["curves"], absent="" if charts["curves"] else _NO_CURVES),
        # The heat map of many classes stands beside the images of its cells.
        Section("confusion", "Which classes are confused", absent=no_rows),
        Section("classes", "Class by class", recalls, absent=no_rows),
        Section("weights", "What each class looks for", absent=_why_no_weights(data)),
        Section("images", "Errors and certainties", absent="" if pictures["images"] else why_no_images(data)),
        Section("calibration", "Calibration", charts["calibration"], absent=_why_no_calibration(data, charts)),
        Section("trends", "Weights and learning rate over time", charts["trends"], absent=_why_no_trends(charts)),
        Section("data", "The data", charts["data"], absent="" if data.figures.data else _NO_DATA),
        Section("repeat", "Repeat it"),
    ]
    if pictures["sweep"]:
        sections.insert(1, Section("sweep", "What was tried", charts["sweep"]))
    return sections


def confusion_view(data: ReportData, pictures: dict[str, list[Picture]]) -> ChartView | None:
    """Return the confusion matrix as a heat map, where there are too many classes for a table."""
    views = [view for picture in pictures["classes"] for view in _chart_views(data, picture)]
    return next((view for view in views if view.name == "confusion"), None)


def why_no_images(data: ReportData) -> str:
    """Return why the report shows no images."""
    if "images" in data.absent:
        return printable(data.absent["images"])
    if data.predictions is None:
        return "The run keeps no predictions of single rows."
    return "The data set has features, not images."


_NO_CURVES = "Training took no step."
_NO_DATA = "The run says nothing of its data."


def _chart_views(data: ReportData, picture: Picture) -> list[ChartView]:
    chart = _chart(data, picture.name)
    return [] if chart is None else [ChartView(picture.name, picture.message, picture.caption, chart)]


def _chart(data: ReportData, name: str) -> Chart | None:
    history, facts = data.history, data.figures.data
    counts = None if data.confusion is None else np.asarray(data.confusion)
    if data.sweep is not None and name.startswith("sweep-"):
        return _sweep_chart(data.sweep, name)
    match name:
        case "loss":
            return loss_chart(history, training_marks(data))
        case "accuracy":
            return accuracy_chart(history, training_marks(data), share_in_view(data))
        case "weight-norm":
            return trend_chart(history, "validation_step", "weight_norm_squared", "‖W‖²")
        case "learning-rate":
            return trend_chart(history, "step", "learning_rate", "learning rate")
        case "recall" if counts is not None:
            return recall_chart(Recalls.of(counts), data.class_names)
        case "confusion" if counts is not None and MOST_CELLS < len(counts) <= _MOST_IN_HEAT_MAP:
            return confusion_chart(counts, data.class_names)
        case "reliability" if data.figures.evaluation.calibration is not None:
            return reliability_chart(data.figures.evaluation.calibration.bins)
        case "class-counts" if facts is not None:
            parts: dict[str, list[int]] = {part: figures.class_counts for part, figures in facts.parts.items()}
            return class_counts_chart(parts, data.class_names)
    return None


def _sweep_chart(sweep: SweepResult, name: str) -> Chart:
    if name == "sweep-heat-map":
        return sweep_heat_map_chart(sweep)
    if name == "sweep-curves":
        return sweep_curves_chart(sweep)
    if name.startswith("sweep-accuracy-"):
        return sweep_accuracy_chart(sweep, name.removeprefix("sweep-accuracy-"))
    return sweep_loss_chart(sweep, name.removeprefix("sweep-loss-"))


def _why_no_weights(data: ReportData) -> str:
    if data.weight_images is not None:
        return ""
    return printable(data.absent.get("weights", "The features are not pixels, so that weights make no picture."))


def _why_no_calibration(data: ReportData, charts: dict[str, list[ChartView]]) -> str:
    if charts["calibration"]:
        return ""
    return f"Left out: {printable(data.figures.evaluation.no_probabilities or 'the run has no probabilities')}."


def _why_no_trends(charts: dict[str, list[ChartView]]) -> str:
    names = {view.name for view in charts["trends"]}
    if "weight-norm" not in names and names:
        return "‖W‖² is recorded at validations, and nothing was validated on."
    return "" if names else "Training took no step."
