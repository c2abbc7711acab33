"""Which rows and classes a report shows, and their images as small as it shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from PIL import Image

from onelayer.arrays import Array
from onelayer.evaluation import Confusion, Decisions

__all__ = [
    "CELL_SIZE",
    "GALLERY_SIZE",
    "Gallery",
    "affordable_images",
    "cell_rows",
    "choose_galleries",
    "picture_side",
    "sample_size",
    "shown_classes",
    "shown_rows",
    "shrunk",
    "thumbnails",
]

GALLERY_SIZE: Final = 24
CELL_SIZE: Final = 12

_MOST_CLASSES: Final = 200  # with pictures of each
_FEW_CLASSES: Final = 60
_LONGEST_SIDE: Final = 64
_MOST_SAMPLES: Final = 10
# Before compression, which halves colour images and takes nine tenths of grey ones. The page of ten classes of CIFAR-10
# has 12 images of each cell, and fewer than 6 MB.
_BUDGET_BYTES: Final = 3_800_000
_SAMPLE_BYTES: Final = 2_000_000
_WEIGHT_PIXELS: Final = 1_000_000
_MOST_IMAGES: Final = 2400


@dataclass(frozen=True)
class Gallery:
    """Rows that have something in common.

    Parameters
    ----------
    name, title : str
    caption : str
        What they are, and in which order.
    rows : sequence of int
    """

    name: str
    title: str
    caption: str
    rows: Sequence[int]


def choose_galleries(decisions: Decisions) -> list[Gallery]:
    """Return the worst errors, the least certain and the most certain right decisions, of 24 rows at most.

    Examples
    --------
    >>> values = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> decisions = Decisions.of(np.array([0, 1, 0]), np.array([0, 0, 1]), values, are_probabilities=True)
    >>> for gallery in choose_galleries(decisions):
    ...     print(gallery.title, gallery.rows)
    Worst errors [2, 1]
    Least certain [1, 2, 0]
    Most certain and right [0]
    """
    what, several = ("probability", "probabilities") if decisions.are_probabilities else ("score", "scores")
    margins = decisions.margins
    wrong, right = np.flatnonzero(~decisions.correct), np.flatnonzero(decisions.correct)
    return [
        Gallery(
            "worst-errors",
            "Worst errors",
            f"Wrong decisions, the widest gap first between the {what} of the class decided for and of the true one.",
            _first(wrong, (decisions.of_true - decisions.of_predicted)[wrong]),
        ),
        Gallery(
            "least-certain",
            "Least certain",
            f"The smallest gap first between the two largest {several}.",
            _first(np.arange(len(margins)), margins),
        ),
        Gallery(
            "most-certain",
            "Most certain and right",
            f"Right decisions, the widest gap first between the two largest {several}.",
            _first(right, -margins[right]),
        ),
    ]


def shown_rows(decisions: Decisions, budget: int) -> Array:
    """Return the rows, ascending, of which a report has an image: those of the galleries, and some of each cell."""
    galleries = [np.array(one.rows, np.int64) for one in choose_galleries(decisions)]
    return np.unique(np.concatenate([cell_rows(decisions, budget), *galleries]))


def shown_classes(n_classes: int, confusion: Confusion | None) -> Array:
    """Return the classes, ascending, that have pictures of their own: all, or of over 200 the 60 worst recognised.

    Parameters
    ----------
    n_classes : int
        k.
    confusion : Confusion or None
        Without one the first classes are chosen.

    Examples
    --------
    >>> shown_classes(3, None)
    array([0, 1, 2])
    >>> len(shown_classes(201, None))
    60
    """
    if n_classes <= _MOST_CLASSES:
        return np.arange(n_classes)
    recalls = np.zeros(n_classes)
    if confusion is not None:
        recalls = confusion.hits / np.maximum(confusion.supports, 1)
        recalls[confusion.supports == 0] = 2.0  # of classes that no evaluated row has, nothing is known
    return np.sort(np.argsort(recalls, kind="stable")[:_FEW_CLASSES])


def sample_size(n_classes: int, shape: tuple[int, ...]) -> int:
    """Return how many training images of each of some classes a page has room for, 10 at most.

    Examples
    --------
    >>> sample_size(10, (32, 32, 3)), sample_size(200, (64, 64, 3))
    (10, 3)
    """
    height, width = _small_size(shape[0], shape[1], picture_side(n_classes))
    return max(1, min(_MOST_SAMPLES, _SAMPLE_BYTES // (n_classes * prod((height, width, *shape[2:])))))


def picture_side(n_classes: int) -> int:
    """Return the longest side of a picture of a class, in pixels: of many classes they are smaller.

    Examples
    --------
    >>> picture_side(60), picture_side(61)
    (64, 32)
    """
    return _LONGEST_SIDE if n_classes <= _FEW_CLASSES else _LONGEST_SIDE // 2


def shrunk(images: Array) -> Array:
    """Return weights as pictures (m, h, w, c), those of many classes or pixels smaller: means of pixels side by side.

    Examples
    --------
    >>> shrunk(np.ones((100, 64, 64, 3))).shape, shrunk(np.ones((2, 224, 224, 3))).shape
    ((100, 32, 32, 3), (2, 224, 224, 3))
    """
    height, width = images.shape[1:3]
    side = picture_side(len(images))
    if images.size <= _WEIGHT_PIXELS or max(height, width) <= side:
        return images
    every = -(-max(height, width) // side)
    edges = [np.arange(0, length, every) for length in (height, width)]
    sums = np.add.reduceat(np.add.reduceat(images.astype(np.float64), edges[0], axis=1), edges[1], axis=2)
    sizes = np.outer(np.diff([*edges[0], height]), np.diff([*edges[1], width]))
    return np.asarray(sums / sizes[:, :, np.newaxis])


def cell_rows(decisions: Decisions, budget: int) -> Array:
    """Return at most ``budget`` rows that show the cells of the confusion matrix, the same number of each.

    That is 12 where so many fit, and all rows of cells that have fewer; those come first that were decided with the
    largest value. Where not even one a cell fits, the cells with most rows have theirs.

    Examples
    --------
    >>> values = np.array([[0.6, 0.4], [0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    >>> decisions = Decisions.of(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), values, are_probabilities=True)
    >>> cell_rows(decisions, budget=3)
    array([1, 2, 3])
    """
    found = decisions.labels * decisions.n_classes + decisions.predicted
    _, cells, counts = np.unique(found, return_inverse=True, return_counts=True)
    order = np.lexsort((-decisions.of_predicted, cells))
    starts = np.cumsum(counts) - counts
    ranks = np.arange(len(cells)) - starts[cells[order]]
    sizes = [size for size in range(1, CELL_SIZE + 1) if np.minimum(counts, size).sum() <= budget]
    first: Array = order[ranks < max(sizes, default=1)]
    if not sizes:
        first = first[np.argsort(-counts[cells[first]], kind="stable")][:budget]
    return np.sort(first)


def _first(rows: Array, keys: Array) -> list[int]:
    chosen: list[int] = rows[np.argsort(keys, kind="stable")][:GALLERY_SIZE].tolist()
    return chosen


def affordable_images(shape: tuple[int, ...]) -> int:
    """Return how many images of shape (h, w, c) a page has room for.

    Examples
    --------
    >>> affordable_images((28, 28, 1)), affordable_images((32, 32, 3)), affordable_images((600, 800, 3))
    (2400, 1236, 412)
    """
    height, width = _small_size(shape[0], shape[1], _LONGEST_SIDE)
    return min(_MOST_IMAGES, _BUDGET_BYTES // prod((height, width, *shape[2:])))


def thumbnails(images: Array, value_range: tuple[float, float], side: int = _LONGEST_SIDE) -> Array:
    """Return images (n, h, w, c) as uint8 with c = 1 or 3 and sides of at most ``side`` pixels, black 0 and white 255.

    Examples
    --------
    >>> thumbnails(np.array([0.0, 0.5, 1.0]).reshape(1, 1, 3, 1), (0.0, 1.0)).ravel()
    array([  0, 128, 255], dtype=uint8)
    """
    low, high = value_range
    if images.dtype != np.uint8 or (low, high) != (0, 255):
        scale = 255 / max(high - low, 1e-12)
        images = np.clip((images.astype(np.float32) - low) * scale + 0.5, 0, 255).astype(np.uint8)
    if images.shape[3] not in (1, 3):
        images = images[..., :3] if images.shape[3] > 3 else images[..., :1]
    height, width = _small_size(images.shape[1], images.shape[2], side)
    if (height, width) == images.shape[1:3]:
        return images
    whole = [Image.fromarray(image.squeeze(-1) if image.shape[2] == 1 else image) for image in images]
    small = np.stack([np.asarray(image.resize((width, height), Image.Resampling.BOX)) for image in whole])
    return small.reshape(len(images), height, width, images.shape[3])


def _small_size(height: int, width: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
