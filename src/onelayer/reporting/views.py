"""The parts of a report's page, as its template takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.errors import printable
from onelayer.reporting.charts.chart import Chart
from onelayer.reporting.confusion import row_rates, short_name
from onelayer.reporting.data import ReportData
from onelayer.reporting.inlining import image_uri
from onelayer.reporting.pictures import Picture
from onelayer.reporting.predictions import ShownImages
from onelayer.reporting.theme import DARK, LIGHT, Theme, cell_text_color
from onelayer.reporting.weights import weight_limit, weight_pixels

__all__ = ["ChartView", "confusion_cells", "most_frequent_mistakes", "sample_strips", "weight_views"]

_MOST_MISTAKES = 12


@dataclass(frozen=True)
class ChartView:
    """A chart with its words.

    Parameters
    ----------
    name : str
        What the page knows it by.
    message : str
        What it shows, in words.
    caption : str
        How to read it.
    chart : Chart
    """

    name: str
    message: str
    caption: str
    chart: Chart

    @property
    def height(self) -> int:
        """In pixels of the page."""
        return self.chart.height


def confusion_cells(data: ReportData) -> list[dict[str, Any]]:
    """Return a row for each true class: its name, and its cells with their words and colours."""
    if data.confusion is None:
        return []
    counts = np.asarray(data.confusion)
    rates = row_rates(counts)
    names = [short_name(name, 60) for name in data.class_names]
    return [
        {
            "name": names[true],
            "cells": [
                {
                    "true": true,
                    "predicted": predicted,
                    "count": int(counts[true, predicted]),
                    "text": f"{counts[true, predicted]:,}" if counts[true, predicted] else "",
                    "rate": f"{rates[true, predicted]:.0%}" if counts[true, predicted] else "",
                    "percent": round(100 * float(rates[true, predicted]), 1),
                    "label": _cell_label(names, true, predicted, int(counts[true, predicted])),
                    "on_light": cell_text_color(LIGHT, float(rates[true, predicted])),
                    "on_dark": cell_text_color(DARK, float(rates[true, predicted])),
                }
                for predicted in range(len(names))
            ],
        }
        for true in range(len(names))
    ]


def most_frequent_mistakes(data: ReportData) -> list[dict[str, Any]]:
    """Return the cells off the diagonal with most rows, at most 12 of them, the most frequent first."""
    if data.confusion is None:
        return []
    names = [short_name(name, 60) for name in data.class_names]
    return [
        {"true": true, "predicted": predicted, "text": f"{names[true]} taken for {names[predicted]}: {count:,}"}
        for true, predicted, count in data.confusion.mistakes()[:_MOST_MISTAKES]
    ]


def weight_views(data: ReportData, picture: Picture) -> dict[str, Any]:
    """Return the weights of each class in both themes, and beside them the class's mean training image."""
    images = data.weight_images
    assert images is not None  # noqa: S101 (there is a picture of them)
    limit = weight_limit(images)
    shown = None if data.predictions is None else data.predictions.shown
    has_means = shown is not None and len(shown.means) > 0
    names = [printable(name, 60) for name in data.class_names]
    single = len(images) < len(names)
    titles = [f"{names[1]} against {names[0]}"] if single else names
    classes = [
        {
            "name": title,
            "weights": {theme: image_uri(weight_pixels(image, limit, colors)) for theme, colors in _THEMES.items()},
            "means": _means(shown, names, range(len(names)) if single else [place]),
        }
        for place, (image, title) in enumerate(zip(images, titles, strict=True))
    ]
    return {
        "message": picture.message,
        "caption": picture.caption + (" Beside them the mean training image of the class." if has_means else ""),
        "limit": f"{limit:.3g}",
        "diverging": images.shape[3] == 1,
        "classes": classes,
        "single": single,
    }


def sample_strips(data: ReportData) -> list[dict[str, Any]]:
    """Return for each class a strip of its sample images."""
    shown = None if data.predictions is None else data.predictions.shown
    if shown is None:
        return []
    strips = []
    most = int(np.bincount(shown.sample_labels, minlength=1).max(initial=0))
    for label, name in enumerate(data.class_names):
        own = shown.samples[shown.sample_labels == label]
        if not len(own):
            continue
        height, width = own.shape[1:3]
        strips.append(
            {
                "name": printable(name, 60),
                "count": len(own),
                "uri": image_uri(np.concatenate(list(own), axis=1)),
                "aspect": f"{width * len(own)} / {height}",
                "width": round(660 * len(own) / most),
            }
        )
    return strips


_THEMES: dict[str, Theme] = {"light": LIGHT, "dark": DARK}


def _means(shown: ShownImages | None, names: Sequence[str], labels: Sequence[int]) -> list[dict[str, str]]:
    if shown is None or not len(shown.means):
        return []
    return [
        {"name": names[label], "uri": image_uri(shown.means[place])}
        for place, label in enumerate(shown.classes.tolist())
        if label in labels
    ]


def _cell_label(names: Sequence[str], true: int, predicted: int, count: int) -> str:
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    return (
        f"{names[true]} recognised: {rows}"
        if true == predicted
        else f"{names[true]} taken for {names[predicted]}: {rows}"
    )
