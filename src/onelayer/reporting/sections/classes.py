"""Which classes are confused, how each of them fares, and how far probabilities can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from onelayer.errors import printable
from onelayer.evaluation import Confusion
from onelayer.figures import DARK, LIGHT, confusion_figure, recall_figure, reliability_figure
from onelayer.figures.classes import MOST_WITH_COUNTS, confusion_words, matrix_classes, row_rates
from onelayer.figures.theme import cell_text_color
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Content, Table
from onelayer.reporting.sections.images import class_labels, why_no_images

__all__ = ["calibration_content", "classes_content", "confusion_content"]

_MOST_MISTAKES: Final = 12
_NO_ROWS: Final = "No part of the data was evaluated."


def confusion_content(data: ReportData) -> Content:
    """Return the confusion matrix, a table of buttons or, where these were too many, a chart; and mistakes."""
    confusion = data.confusion
    if confusion is None or not confusion.n:
        return Content(_NO_ROWS)
    figure = confusion_figure(confusion, data.class_names, data.figures.evaluated_on)
    labels, is_table = class_labels(data), confusion.n_classes <= MOST_WITH_COUNTS
    mistakes = [
        {"true": true, "predicted": predicted, "text": f"{confusion_words(labels, true, predicted)}: {count:,}"}
        for true, predicted, count in confusion.mistakes()[:_MOST_MISTAKES]
    ]
    classes = matrix_classes(confusion)
    caption = "Choose a cell to see its images; colour shows the share of the true class."
    has_images = data.predictions is not None and data.predictions.shown is not None
    return Content(
        figures=[] if is_table else [figure],
        pictures=[figure] if is_table else [],
        values={
            "message": figure.message,
            "caption": caption,
            "labels": labels if is_table else [],
            "rows": _cells(confusion, labels) if is_table else [],
            "name_width": 0.9 + 0.52 * max(map(len, labels)),
            "is_upright": len(labels) > 4 and max(map(len, labels)) > 4,
            "mistakes": mistakes,
            "has_images": has_images,
            "no_images": "" if has_images else why_no_images(data),
        },
        payload={
            "confusion": confusion.among(classes).tolist(),
            "confusionClasses": classes.tolist(),
            "firstCell": [mistakes[0]["true"], mistakes[0]["predicted"]] if mistakes else None,
        },
    )


def classes_content(data: ReportData) -> Content:
    """Return the recall of each class, and a table of its other figures."""
    if data.confusion is None or not data.confusion.n:
        return Content(_NO_ROWS)
    figure = recall_figure(data.confusion, data.class_names, data.figures.evaluated_on)
    return Content(figures=[figure], tables=_class_tables(data))


def calibration_content(data: ReportData) -> Content:
    """Return how often the model is right at each confidence, where there are probabilities."""
    found = data.figures.evaluation
    figure = None if found.calibration is None else reliability_figure(found.calibration)
    if figure is None:
        return Content(f"Left out: {printable(found.no_probabilities or 'the run has no probabilities')}.")
    return Content(figures=[figure])


def _cells(confusion: Confusion, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each true class: its name, and its cells with their words and colours."""
    counts = np.asarray(confusion)
    rates = row_rates(counts, confusion.supports)
    return [
        {"name": name, "cells": [_cell(labels, true, place, count, rates) for place, count in enumerate(row)]}
        for true, (name, row) in enumerate(zip(labels, counts.tolist(), strict=True))
    ]


def _cell(labels: Sequence[str], true: int, predicted: int, count: int, rates: Any) -> dict[str, Any]:
    rate = float(rates[true, predicted])
    return {
        "true": true,
        "predicted": predicted,
        "count": count,
        "text": f"{count:,}" if count else "",
        "rate": f"{rate:.0%}" if count else "",
        "percent": round(100 * rate, 1),
        "label": f"{confusion_words(labels, true, predicted)}: {count:,} row{'' if count == 1 else 's'}",
        "on_light": cell_text_color(LIGHT, rate),
        "on_dark": cell_text_color(DARK, rate),
    }


def _class_tables(data: ReportData) -> list[Table]:
    classes = data.figures.evaluation.classes
    if len(classes) != len(data.class_names):
        return []
    rows = [
        (
            printable(name),
            f"{one.support:,}",
            *("–" if share is None else f"{share:.2%}" for share in (one.precision, one.recall, one.f1)),
        )
        for name, one in zip(data.class_names, classes, strict=True)
    ]
    heading = ("Class", "Rows", "Precision", "Recall", "F1")
    return [Table("of-classes", "Figures of each class", heading, rows, "Precision, recall and F1 of each class")]
