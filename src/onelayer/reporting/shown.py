"""Which rows and classes a report shows, and their images as small as it shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from PIL import Image

from onelayer.arrays import Array
from onelayer.evaluation import Decisions

__all__ = [
    "CELL_SIZE",
    "GALLERY_SIZE",
    "MOST_CLASSES",
    "Gallery",
    "affordable_images",
    "cell_rows",
    "choose_galleries",
    "shown_classes",
    "shown_rows",
    "thumbnails",
]

GALLERY_SIZE: Final = 24
CELL_SIZE: Final = 12
MOST_CLASSES: Final = 200
"""Of how many classes there are pictures of each; of more, those of some are chosen."""

_LONGEST_SIDE: Final = 64
# Before compression, which halves colour images and takes nine tenths of grey ones. The page of ten classes of CIFAR-10
# has 12 images of each cell, and fewer than 6 MB.
_BUDGET_BYTES: Final = 3_800_000
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


def shown_classes(decisions: Decisions, most: int = MOST_CLASSES) -> Array:
    """Return the classes, ascending, of which there are pictures: all, or of too many those with the lowest recall.

    Examples
    --------
    >>> values = np.eye(3)[[0, 1, 1, 0]]
    >>> decisions = Decisions.of(np.array([0, 1, 2, 2]), values.argmax(axis=1), values, are_probabilities=True)
    >>> shown_classes(decisions, most=1)
    array([2])
    """
    counts = decisions.confusion
    recalls = counts.hits / np.maximum(counts.supports, 1)
    recalls[counts.supports == 0] = 2.0  # of classes that no evaluated row has, nothing is known
    return np.sort(np.argsort(recalls, kind="stable")[:most])


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
    height, width = _small_size(shape[0], shape[1])
    return min(_MOST_IMAGES, _BUDGET_BYTES // prod((height, width, *shape[2:])))


def thumbnails(images: Array, value_range: tuple[float, float]) -> Array:
    """Return images (n, h, w, c) as uint8 with c = 1 or 3 and sides of at most 64 pixels, black 0 and white 255.

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
    height, width = _small_size(*images.shape[1:3])
    if (height, width) == images.shape[1:3]:
        return images
    whole = [Image.fromarray(image.squeeze(-1) if image.shape[2] == 1 else image) for image in images]
    small = np.stack([np.asarray(image.resize((width, height), Image.Resampling.BOX)) for image in whole])
    return small.reshape(len(images), height, width, images.shape[3])


def _small_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, _LONGEST_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
