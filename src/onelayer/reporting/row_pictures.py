"""Pictures of rows: galleries of decisions, calibration, and what the classes look like in the data."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from onelayer.errors import printable
from onelayer.reporting.class_counts import class_counts_figure
from onelayer.reporting.confusion import short_name
from onelayer.reporting.data import ReportData
from onelayer.reporting.mosaic import mosaic_figure
from onelayer.reporting.pictures import Picture
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.reliability import reliability_figure
from onelayer.reporting.shown import Gallery, choose_galleries
from onelayer.reporting.theme import Theme

__all__ = ["calibration_pictures", "data_pictures", "galleries_of", "gallery_pictures", "mean_pictures"]

_COLUMNS = 8


def galleries_of(predictions: Predictions) -> list[Gallery]:
    """Return the galleries that have rows, of those whose images are kept."""
    kept = set() if predictions.shown is None else set(predictions.shown.rows.tolist())
    found = choose_galleries(predictions.decisions)
    whole = [Gallery(one.name, one.title, one.caption, [row for row in one.rows if row in kept]) for one in found]
    return [one for one in whole if one.rows]


def gallery_pictures(data: ReportData) -> list[Picture]:
    """Return a picture of each gallery, where there are images."""
    predictions = data.predictions
    if predictions is None or predictions.shown is None:
        return []
    shown = predictions.shown
    return [
        Picture(
            gallery.name,
            f"{gallery.title}: {_gallery_message(data, predictions, gallery)}",
            gallery.caption,
            partial(_draw_gallery, data, predictions, shown, gallery),
        )
        for gallery in galleries_of(predictions)
    ]


def calibration_pictures(data: ReportData) -> list[Picture]:
    """Return the reliability diagram, where there are probabilities."""
    calibration = data.figures.evaluation.calibration
    if calibration is None or not any(one.count for one in calibration.bins):
        return []
    counts = np.array([one.count for one in calibration.bins], float)
    gaps = [(one.accuracy or 0.0) - (one.confidence or 0.0) for one in calibration.bins]
    mean_gap = float(np.dot(counts, gaps) / counts.sum())
    side = "too sure of itself" if mean_gap < 0 else "not sure enough of itself"
    message = f"Expected calibration error {calibration.expected_calibration_error:.1%}"
    if abs(mean_gap) >= 0.01:
        message += f"; on the whole the model is {side}, by {abs(mean_gap):.1%}"
    caption = (
        "Rows by the probability of the class decided for: how many are right, with Wilson intervals. On the dotted "
        "line, 8 of 10 decisions made with 80% are right. Larger points stand for more rows."
    )
    bins = calibration.bins
    return [Picture("reliability", message, caption, lambda theme: reliability_figure(bins, theme))]


def mean_pictures(data: ReportData) -> list[Picture]:
    """Return the mean training image of each class, where there are images."""
    shown = None if data.predictions is None else data.predictions.shown
    if shown is None or not len(shown.means):
        return []
    names = [short_name(data.class_names[label], 14) for label in shown.classes.tolist()]
    columns = min(len(names), 5 if len(names) <= 20 else 10)
    message = f"The mean training image of each of {len(names)} classes"

    def draw(theme: Theme) -> Figure:
        return mosaic_figure(shown.means, names, columns, theme, width=min(6.4, 1.3 * columns))

    return [Picture("class-means", message, "What a class looks like on average.", draw)]


def data_pictures(data: ReportData) -> list[Picture]:
    """Return the rows of each class in each part, and some training images of each class."""
    pictures = []
    facts = data.figures.data
    counts: dict[str, list[int]] = {}
    if facts is not None:
        counts = {name: part.class_counts for name, part in facts.parts.items()}
    if counts:
        totals = np.sum(list(counts.values()), axis=0)
        many = f"{totals.min():,}" if totals.min() == totals.max() else f"{totals.min():,} to {totals.max():,}"
        message = f"The classes have {many} rows each in all parts together"
        names = data.class_names
        pictures.append(
            Picture("class-counts", message, "", lambda theme: class_counts_figure(counts, names, theme)),
        )
    shown = None if data.predictions is None else data.predictions.shown
    if shown is not None and len(shown.samples):
        height, width, channels = shown.samples.shape[1:]
        message = f"Training images of each class, shown at {height} × {width} pixels"
        caption = "In colour." if channels == 3 else "In grey."
        pictures.append(Picture("samples", message, caption, lambda theme: _draw_samples(data, shown, theme)))
    return pictures


def _gallery_message(data: ReportData, predictions: Predictions, gallery: Gallery) -> str:
    first, decisions = gallery.rows[0], predictions.decisions
    true, predicted = (
        printable(data.class_names[int(classes[first])]) for classes in (decisions.labels, decisions.predicted)
    )
    if true == predicted:
        return f"first a {true} that is taken for one"
    return f"first a {true} that is taken for {predicted}"


def _draw_gallery(
    data: ReportData, predictions: Predictions, shown: ShownImages, gallery: Gallery, theme: Theme
) -> Figure:
    rows = list(gallery.rows)
    titles = []
    for row in rows:
        decisions = predictions.decisions
        true, predicted = int(decisions.labels[row]), int(decisions.predicted[row])
        names = [short_name(data.class_names[index], 10) for index in (true, predicted)]
        values = [decisions.of_true[row], decisions.of_predicted[row]]
        texts = [f"{value:.0%}" if decisions.are_probabilities else f"{value:.3g}" for value in values]
        right = f"{names[0]} {texts[0]}"
        titles.append(right if true == predicted else f"{right}\nas {names[1]} {texts[1]}")
    images = shown.images[np.searchsorted(shown.rows, rows)]
    return mosaic_figure(images, titles, min(_COLUMNS, len(rows)), theme, width=1.1 * min(_COLUMNS, len(rows)))


def _draw_samples(data: ReportData, shown: ShownImages, theme: Theme) -> Figure:
    columns = int(np.bincount(shown.sample_labels).max())
    blank = np.full((1, *shown.samples.shape[1:]), 255 if theme.paper == "#ffffff" else 0, np.uint8)
    images, titles = [], []
    for label in range(min(len(data.class_names), 30)):
        own = shown.samples[shown.sample_labels == label]
        images += [own, np.repeat(blank, columns - len(own), axis=0)]
        titles += [short_name(data.class_names[label], 14), *[""] * (columns - 1)]
    return mosaic_figure(np.concatenate(images), titles, columns, theme, width=0.55 * columns)
