"""Figures of pictures: what each class looks for, what its images look like, and what was decided on some."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, printable
from onelayer.figures.specification import Figure, Mosaic, Weights
from onelayer.figures.theme import LIGHT, Theme

__all__ = [
    "means_figure",
    "samples_figure",
    "weight_limit",
    "weight_palette",
    "weight_pixels",
    "weight_shades",
    "weight_titles",
    "weights_figure",
]

_MOST_LARGE: Final = 20
_MOST_ROWS: Final = 30


def weights_figure(images: Array, class_names: Sequence[str], chosen: str = "") -> Figure:
    """Return the weights of each class as a picture, all on one scale that is symmetric about 0.

    Parameters
    ----------
    images : ndarray of shape (m, h, w, c)
        One channel is drawn from blue (against the class) to vermilion (for it); three are drawn as RGB around
        mid-grey.
    class_names : sequence of str
        Of length m; of length 2 where one picture tells two classes apart.
    chosen : str
        Which classes these are, where they are not all: a sentence of the caption.

    Raises
    ------
    InputError
        Neither one nor three channels.

    Examples
    --------
    >>> weights_figure(np.ones((1, 8, 8, 3)), ["two", "three"]).message
    'Weights of three against two as 8 × 8 pixels, on a scale of ±1'
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        raise InputError(f"weight pictures need shape (k, h, w, 1) or (k, h, w, 3), not {images.shape}")
    titles = weight_titles(class_names, len(images))
    height, width = images.shape[1:3]
    limit, what = weight_limit(images), titles[0] if len(images) == 1 else "each class"
    if chosen:
        what = f"{len(images)} classes"
    message = f"Weights of {what} as {height} × {width} pixels, on a scale of ±{limit:.3g}"
    if images.shape[3] == 1:
        caption = "A pixel that speaks for the class is vermilion, one against it blue; one scale for all classes."
    else:
        caption = "Mid-grey is 0; a channel that speaks for the class is brighter. One scale for all classes."
    caption = f"{caption} {chosen}".rstrip()
    return Figure("weights", message, caption, Weights(images, titles, limit))


def weight_titles(class_names: Sequence[str], n_images: int) -> list[str]:
    """Return what pictures of weights are called: one picture of two classes speaks for the second.

    Examples
    --------
    >>> weight_titles(["two", "three"], 2), weight_titles(["two", "three"], 1)
    (['two', 'three'], ['three against two'])
    """
    names = [printable(name, 60) for name in class_names]
    return names if n_images == len(names) else [f"{names[1]} against {names[0]}"]


def means_figure(images: Array, class_names: Sequence[str], chosen: str = "") -> Figure:
    """Return the mean training images (m, h, w, c) of m classes; ``chosen`` says which, where they are not all."""
    names = [printable(name, 14) for name in class_names]
    columns = min(len(names), 5 if len(names) <= _MOST_LARGE else 10)
    message = f"The mean training image of each of {len(names)} classes"
    caption = f"What a class looks like on average. {chosen}".rstrip()
    return Figure("class-means", message, caption, Mosaic(images, names, columns, min(6.4, 1.3 * columns)))


def samples_figure(images: Array, labels: Array, class_names: Sequence[str]) -> Figure:
    """Return some training images (s, h, w, c), those of a class in a row; ``labels`` (s,) are places in the names."""
    height, width, channels = images.shape[1:]
    classes, counts = np.unique(labels, return_counts=True)
    classes, columns = classes[:_MOST_ROWS], int(counts.max())
    order = np.concatenate([np.flatnonzero(labels == label) for label in classes])
    places = np.concatenate([row * columns + np.arange(n) for row, n in enumerate(counts[:_MOST_ROWS].tolist())])
    titles = [printable(class_names[label], 14) for label in labels[order].tolist()]
    titles = [title if place % columns == 0 else "" for title, place in zip(titles, places.tolist(), strict=True)]
    message = f"Training images of each class, shown at {height} × {width} pixels"
    caption = "In colour." if channels == 3 else "In grey."
    if len(classes) < len(class_names):
        caption += f" Of {len(classes)} of {len(class_names):,} classes."
    return Figure("samples", message, caption, Mosaic(images[order], titles, columns, 0.55 * columns, places))


def weight_limit(images: Array) -> float:
    """Return the end of the scale: the 99.5% quantile of magnitudes, so that single weights don't wash out the rest.

    Examples
    --------
    >>> weight_limit(np.array([-2.0, 2.0])), weight_limit(np.zeros(3))
    (2.0, 1.0)
    """
    magnitudes = np.abs(images)
    return float(np.quantile(magnitudes, 0.995)) or float(magnitudes.max()) or 1.0


def weight_pixels(image: Array, limit: float, theme: Theme = LIGHT) -> Array:
    """Return weights (h, w, c) as RGB pixels (h, w, 3): see :func:`weights_figure`.

    Examples
    --------
    >>> weight_pixels(np.array([[[-1.0, 0.0, 1.0]]]), 1.0)
    array([[[  0, 128, 255]]], dtype=uint8)
    """
    if image.shape[2] == 1:
        return np.asarray(weight_palette(theme)[weight_shades(image, limit)])
    return (_shares(image, limit) * 255 + 0.5).astype(np.uint8)


def weight_shades(image: Array, limit: float) -> Array:
    """Return weights (h, w, 1) as places (h, w) in a palette of 256 colours.

    Examples
    --------
    >>> weight_shades(np.array([[[-2.0], [0.0], [1.0]]]), 1.0)
    array([[  0, 128, 255]], dtype=uint8)
    """
    return np.asarray(np.minimum(_shares(image[..., 0], limit) * 256, 255).astype(np.uint8))


@functools.cache
def weight_palette(theme: Theme) -> Array:
    """Return the colours (256, 3) from the lowest weight to the highest.

    Examples
    --------
    >>> weight_palette(LIGHT)[[0, 128, 255]]
    array([[  0,  80, 125],
           [255, 254, 254],
           [168,  74,   0]], dtype=uint8)
    """
    return (theme.diverging * 255 + 0.5).astype(np.uint8)


def _shares(weights: Array, limit: float) -> Array:
    """Return where on the scale weights are: 0 at −limit and below, 1 at limit and above."""
    return np.asarray(np.clip(0.5 + weights / (2 * limit), 0, 1))
