"""The page, and what it shows of a moment of training: charts, pictures and words."""

from __future__ import annotations

import functools
import importlib.resources
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from onelayer.errors import printable
from onelayer.evaluation import RunFigures
from onelayer.live.snapshot import Snapshot
from onelayer.reporting.charts.chart import Chart
from onelayer.reporting.charts.curves import accuracy_chart, loss_chart, trend_chart
from onelayer.reporting.data import ReportData
from onelayer.reporting.document import render
from onelayer.reporting.inlining import image_uri, png_uri
from onelayer.reporting.pictures import curve_pictures, share_in_view, training_marks, trend_pictures, weight_pictures
from onelayer.reporting.theme import DARK, LIGHT, Theme
from onelayer.reporting.views import ChartView
from onelayer.reporting.weights import weight_limit, weight_palette, weight_pixels, weight_shades
from onelayer.training.listeners import RunDescription

__all__ = ["description_part", "live_page", "training_part"]


_WAITING = "nothing to show yet"
_CURVES = {"loss": 360, "accuracy": 360}
_TRENDS = {"weight-norm": 260, "learning-rate": 260}


@functools.cache
def live_page() -> str:
    """Return the page; what it shows comes in events.

    Examples
    --------
    >>> "connect-src 'self'" in live_page()
    True
    """
    curves, trends = (
        [ChartView(name, _WAITING, "", Chart([], {}, height)) for name, height in some.items()]
        for some in (_CURVES, _TRENDS)
    )
    return render(
        "live.html.j2",
        payload={"charts": {view.name: view.chart.to_dict() for view in [*curves, *trends]}},
        title="Training",
        sections=[
            {"id": "curves", "heading": "Learning curves"},
            {"id": "weights", "heading": "What each class looks for"},
            {"id": "trends", "heading": "Weights and learning rate over time"},
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
    pictures = [*curve_pictures(data), *trend_pictures(data), *weight_pictures(data)]
    messages = {picture.name: {"message": picture.message, "caption": picture.caption} for picture in pictures}
    if "weights" in messages:
        messages["weights"]["caption"] += " Weights are those on scaled features, as training has them."
    return {
        "charts": {name: chart.to_dict() for name, chart in _charts(data).items() if name in messages},
        "messages": messages,
        "weights": _weights(data),
        "figures": _figures(snapshot),
    }


def _charts(data: ReportData) -> dict[str, Chart]:
    history = data.history
    return {
        "loss": loss_chart(history, training_marks(data)),
        "accuracy": accuracy_chart(history, training_marks(data), share_in_view(data)),
        "weight-norm": trend_chart(history, "validation_step", "weight_norm_squared", "‖W‖²"),
        "learning-rate": trend_chart(history, "step", "learning_rate", "learning rate"),
    }


def _weights(data: ReportData) -> list[dict[str, str]]:
    images = data.weight_images
    if images is None or not np.isfinite(images).all():
        return []
    limit = weight_limit(images)
    names = [printable(name, 60) for name in data.class_names]
    if len(images) < len(names):
        names = [f"{names[1]} against {names[0]}"]
    shown = []
    for image, name in zip(images, names, strict=True):
        if image.shape[2] == 3:  # the same in both themes
            light = dark = image_uri(weight_pixels(image, limit))
        else:
            shades = weight_shades(image, limit)
            light, dark = _shades_uri(shades, LIGHT), _shades_uri(shades, DARK)
        shown.append({"name": name, "light": light, "dark": dark})
    return shown


def _shades_uri(shades: npt.NDArray[np.uint8], theme: Theme) -> str:
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
