"""What each class looks for, and images of what was decided rightly, wrongly and narrowly."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.figures import DARK, LIGHT, Figure, Mosaic, means_figure, weights_figure
from onelayer.figures.images import weight_limit, weight_pixels, weight_titles
from onelayer.reporting.data import ReportData
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.section import Content
from onelayer.reporting.shown import CELL_SIZE, Gallery, choose_galleries, shrunk

__all__ = ["class_labels", "image_uri", "images_content", "png_uri", "weights_content", "why_no_images"]

_COLUMNS: Final = 8


def class_labels(data: ReportData) -> list[str]:
    """Return the names of classes as the page has them."""
    return [printable(name, 60) for name in data.class_names]


def why_no_images(data: ReportData) -> str:
    """Return why the report shows no images."""
    if "images" in data.absent:
        return printable(data.absent["images"])
    if data.predictions is None:
        return "The run keeps no predictions of single rows."
    return "The data set has features, not images."


def weights_content(data: ReportData) -> Content:
    """Return the weights of each class as pictures, and beside them its mean training image."""
    shown = None if data.predictions is None else data.predictions.shown
    pictures = []
    if shown is not None and len(shown.means):
        names = [data.class_names[label] for label in shown.classes.tolist()]
        pictures.append(means_figure(shown.means, names, data.which_classes))
    if data.weight_images is None:
        reason = data.absent.get("weights", "The features are not pixels, so that weights make no picture.")
        return Content(printable(reason), pictures=pictures)
    classes, images = data.shown_classes, data.weight_images
    if len(images) == len(data.class_names):
        images = images[classes]
    images, names = shrunk(images), [data.class_names[label] for label in classes.tolist()]
    figure = weights_figure(images, names, data.which_classes)
    views = {
        "message": figure.message,
        "caption": figure.caption,
        "limit": f"{weight_limit(images):.3g}",
        "is_diverging": images.shape[3] == 1,
        "is_single": len(images) < len(classes),
        "weights": _weight_views(images, names, classes.tolist(), {} if shown is None else _means(shown)),
    }
    if shown is not None and len(shown.means):
        views["caption"] += " Beside them the mean training image of the class."
    return Content(pictures=[figure, *pictures], values=views)


def images_content(data: ReportData) -> Content:
    """Return the galleries: the worst errors, the least certain decisions and the most certain right ones."""
    predictions = data.predictions
    if predictions is None or predictions.shown is None:
        return Content(why_no_images(data))
    shown = predictions.shown
    galleries = _galleries(predictions, shown)
    if not galleries:
        return Content(why_no_images(data))
    places = {int(row): place for place, row in enumerate(shown.rows)}
    return Content(
        pictures=[_gallery_figure(data, predictions, shown, gallery) for gallery in galleries],
        values={"galleries": galleries},
        payload={
            "imagesOfCell": CELL_SIZE,
            "measure": "probability" if predictions.decisions.are_probabilities else "score",
            "tiles": _tiles(predictions, shown),
            "galleries": {gallery.name: [places[row] for row in gallery.rows] for gallery in galleries},
        },
    )


def png_uri(content: bytes) -> str:
    """Return a PNG as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def image_uri(image: Array) -> str:
    """Return an image (h, w, 1 or 3) as the data URI of a PNG, which is made sooner than WebP."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return png_uri(buffer.getvalue())


def image_base64(image: Array) -> str:
    """Return an image (h, w, 1 or 3) as lossless WebP in base64: a third smaller than PNG.

    Examples
    --------
    >>> base64.b64decode(image_base64(np.zeros((2, 2, 1), np.uint8)))[8:12]
    b'WEBP'
    """
    buffer = io.BytesIO()
    # For images this small, more effort takes three times as long and saves nothing.
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(
        buffer, "WEBP", lossless=True, method=2, quality=50
    )
    return base64.b64encode(buffer.getvalue()).decode()


def _means(shown: ShownImages) -> dict[int, Array]:
    return dict(zip(shown.classes.tolist(), shown.means, strict=True))


def _weight_views(
    images: Array, names: Sequence[str], labels: Sequence[int], means: Mapping[int, Array]
) -> list[dict[str, Any]]:
    """Return the weights of some classes in both themes, and the mean training images beside them."""
    limit, titles, views = weight_limit(images), weight_titles(names, len(images)), []
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        own = range(len(names)) if len(images) < len(names) else [place]
        views.append(
            {
                "name": title,
                "light": image_uri(weight_pixels(image, limit, LIGHT)),
                # Weights in colour are the same in both.
                "dark": image_uri(weight_pixels(image, limit, DARK)) if image.shape[2] == 1 else "",
                "means": [
                    {"name": printable(names[one], 60), "uri": image_uri(means[labels[one]])}
                    for one in own
                    if labels[one] in means
                ],
            }
        )
    return views


def _galleries(predictions: Predictions, shown: ShownImages) -> list[Gallery]:
    """Return the galleries that have rows, of those whose images are kept."""
    kept = set(shown.rows.tolist())
    found = choose_galleries(predictions.decisions)
    whole = [Gallery(one.name, one.title, one.caption, [row for row in one.rows if row in kept]) for one in found]
    return [one for one in whole if one.rows]


def _gallery_figure(data: ReportData, predictions: Predictions, shown: ShownImages, gallery: Gallery) -> Figure:
    decisions, rows = predictions.decisions, list(gallery.rows)
    titles = []
    for row in rows:
        true, predicted = int(decisions.labels[row]), int(decisions.predicted[row])
        names = [printable(data.class_names[index], 10) for index in (true, predicted)]
        values = [decisions.of_true[row], decisions.of_predicted[row]]
        texts = [f"{value:.0%}" if decisions.are_probabilities else f"{value:.3g}" for value in values]
        right = f"{names[0]} {texts[0]}"
        titles.append(right if true == predicted else f"{right}\nas {names[1]} {texts[1]}")
    first = [printable(data.class_names[int(one[rows[0]])]) for one in (decisions.labels, decisions.predicted)]
    message = f"{gallery.title}: first a {first[0]} that is taken for {'one' if first[0] == first[1] else first[1]}"
    columns = min(_COLUMNS, len(rows))
    images = shown.images[np.searchsorted(shown.rows, rows)]
    return Figure(gallery.name, message, gallery.caption, Mosaic(images, titles, columns, 1.1 * columns))


def _tiles(predictions: Predictions, shown: ShownImages) -> dict[str, Any]:
    """Return the images of rows with what was decided on them."""
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
