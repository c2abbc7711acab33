"""The page, and what it shows of a moment of training: charts, pictures and words."""

from __future__ import annotations

import functools
import importlib.resources
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.evaluation import RunFigures
from onelayer.figures import DARK, LIGHT, Figure, Plot, Theme, weights_figure
from onelayer.figures.curves import TRENDS
from onelayer.figures.images import weight_limit, weight_palette, weight_pixels, weight_shades, weight_titles
from onelayer.figures.plotly import chart
from onelayer.live.snapshot import Snapshot
from onelayer.reporting.data import ReportData
from onelayer.reporting.document import render
from onelayer.reporting.sections.curves import curve_figures, trend_figures
from onelayer.reporting.sections.images import image_uri, png_uri
from onelayer.training.listeners import RunDescription

__all__ = ["description_part", "live_page", "training_part"]


_WAITING = "nothing to show yet"


@functools.cache
def live_page() -> str:
    """Return the page; what it shows comes in events.

    Examples
    --------
    >>> "connect-src 'self'" in live_page()
    True
    """
    curves = [Figure(name, _WAITING, "", Plot([])) for name in ("loss", "accuracy")]
    trends = [Figure(name, _WAITING, "", Plot([], size=(4.9, 2.0))) for name in TRENDS]
    return render(
        "live.html.j2",
        payload={"charts": {figure.name: chart(figure) for figure in [*curves, *trends]}},
        title="Training",
        sections=[
            {"name": "curves", "heading": "Learning curves"},
            {"name": "weights", "heading": "What each class looks for"},
            {"name": "trends", "heading": "Weights and learning rate over time"},
        ],
        curves=curves,
        trends=trends,
        live_script=importlib.resources.files("onelayer.live").joinpath("live.js").read_text("utf-8"),
    )


def description_part(description: RunDescription) -> dict[str, Any]:
    """Return what the page says of what is trained.

    Examples
    --------
    >>> description_part(RunDescription("<digits>"))["title"]
    '<digits>'
    """
    why = "" if description.image_shape is not None else printable(description.no_pictures)
    return {"title": printable(description.title), "absent": why}


def training_part(description: RunDescription, snapshot: Snapshot) -> dict[str, Any]:
    """Return what the page shows of a moment of training: ``charts``, their ``messages``, ``weights`` and ``figures``.

    Charts are thinned out as those of the report are, so that their size does not grow with training.
    """
    history = snapshot.history.arrays()
    # The charts take from it how long an epoch is; to count the steps of all would take a third of this frame's time.
    epochs = history["epoch"]
    history["epoch"] = epochs[epochs == epochs[:1]]
    data = ReportData(
        description.title,
        description.config,
        RunFigures(),
        history,
        description.class_names,
        snapshot.weights,
        majority_share=description.majority_share,
    )
    charts = [*curve_figures(data), *trend_figures(data)]
    figures, weights = [*charts], _shown_weights(data)
    if weights is not None:
        figures.append(weights_figure(*weights, data.which_classes))
    messages = {figure.name: {"message": figure.message, "caption": figure.caption} for figure in figures}
    if weights is not None:
        messages["weights"]["caption"] += " Weights are those on scaled features, as training has them."
    return {
        "charts": {figure.name: chart(figure) for figure in charts},
        "messages": messages,
        "weights": [] if weights is None else _weights(*weights),
        "figures": _figures(snapshot),
    }


def _shown_weights(data: ReportData) -> tuple[Array, list[str]] | None:
    """Return the weights as pictures, and their classes; of very many classes those of some."""
    images, classes = data.weight_images, data.shown_classes
    if images is None or not np.isfinite(images).all():
        return None
    images = images[classes] if len(images) == len(data.class_names) else images
    return images, [data.class_names[label] for label in classes.tolist()]


def _weights(images: Array, names: Sequence[str]) -> list[dict[str, str]]:
    limit, shown = weight_limit(images), []
    for image, name in zip(images, weight_titles(names, len(images)), strict=True):
        if image.shape[2] == 3:  # the same in both themes
            light = dark = image_uri(weight_pixels(image, limit))
        else:
            shades = weight_shades(image, limit)
            light, dark = _shades_uri(shades, LIGHT), _shades_uri(shades, DARK)
        shown.append({"name": name, "light": light, "dark": dark})
    return shown


def _shades_uri(shades: Array, theme: Theme) -> str:
    """Return a PNG with a palette, which is made in a fifth of the time that one of colours takes."""
    picture, buffer = Image.fromarray(shades), io.BytesIO()
    picture.putpalette(weight_palette(theme).tobytes())
    picture.save(buffer, "PNG", compress_level=1)
    return png_uri(buffer.getvalue())


def _figures(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return labels and values, the most telling first."""
    last = snapshot.history.last_validation
    figures = []
    if last is not None:
        figures += [
            ("Validation accuracy", f"{last['validation_accuracy']:.2%}"),
            ("Validation loss", f"{last['validation_loss']:.4f}"),
            ("Training loss", f"{last['train_loss']:.4f}"),
        ]
    elif (loss := snapshot.history.last_batch_loss) is not None:
        figures.append(("Loss of the last batch", f"{loss:.4f}"))
    return [
        *figures,
        ("Epochs", f"{snapshot.epoch:,} of {snapshot.max_epochs:,}"),
        ("Steps", f"{snapshot.step:,}"),
        ("Time", f"{snapshot.seconds:.1f} s"),
    ]
