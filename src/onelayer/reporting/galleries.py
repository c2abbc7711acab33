"""Which rows a report shows: the worst errors, the least certain, the most certain right, and some of each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["CELL_SIZE", "GALLERY_SIZE", "Gallery", "cell_rows", "choose_galleries"]

GALLERY_SIZE: Final = 24
CELL_SIZE: Final = 12

Array = npt.NDArray[Any]


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


def choose_galleries(labels: Array, predicted: Array, values: Array, *, are_probabilities: bool) -> list[Gallery]:
    """Return the three galleries, of 24 rows at most.

    Parameters
    ----------
    labels, predicted : ndarray of shape (n,), int64
    values : ndarray of shape (n, k)
        Probabilities, or scores.
    are_probabilities : bool

    Examples
    --------
    >>> values = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> for gallery in choose_galleries(np.array([0, 1, 0]), np.array([0, 0, 1]), values, are_probabilities=True):
    ...     print(gallery.title, gallery.rows)
    Worst errors [2, 1]
    Least certain [1, 2, 0]
    Most certain and right [0]
    """
    what = "probability" if are_probabilities else "score"
    best_two = np.partition(values, -2, axis=1)[:, -2:]
    margins = best_two[:, 1] - best_two[:, 0]
    of_true = np.take_along_axis(values, labels[:, None], axis=1)[:, 0]
    of_predicted = np.take_along_axis(values, predicted[:, None], axis=1)[:, 0]
    wrong, right = np.flatnonzero(labels != predicted), np.flatnonzero(labels == predicted)
    return [
        Gallery(
            "worst-errors",
            "Worst errors",
            f"Wrong decisions, the widest gap first between the {what} of the class decided for and of the true one.",
            _first(wrong, (of_true - of_predicted)[wrong]),
        ),
        Gallery(
            "least-certain",
            "Least certain",
            f"The smallest gap first between the two largest {_plural(what)}.",
            _first(np.arange(len(labels)), margins),
        ),
        Gallery(
            "most-certain",
            "Most certain and right",
            f"Right decisions, the widest gap first between the two largest {_plural(what)}.",
            _first(right, -margins[right]),
        ),
    ]


def cell_rows(labels: Array, predicted: Array, values: Array, budget: int) -> Array:
    """Return at most ``budget`` rows that show the cells of the confusion matrix, the same number of each.

    That is 12 where so many fit, and all rows of cells that have fewer; those come first that were decided with the
    largest value. Where not even one a cell fits, the cells with most rows have theirs.

    Examples
    --------
    >>> values = np.array([[0.6, 0.4], [0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    >>> cell_rows(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), values, budget=3)
    array([1, 2, 3])
    """
    n, k = values.shape
    cells = labels * k + predicted
    confidence = np.take_along_axis(values, predicted[:, None], axis=1)[:, 0]
    order = np.lexsort((-confidence, cells))
    counts = np.bincount(cells, minlength=k * k)
    starts = np.cumsum(counts) - counts
    ranks = np.arange(n) - starts[cells[order]]
    sizes = [size for size in range(1, CELL_SIZE + 1) if np.minimum(counts, size).sum() <= budget]
    first: Array = order[ranks < max(sizes, default=1)]
    if not sizes:
        first = first[np.argsort(-counts[cells[first]], kind="stable")][:budget]
    return np.sort(first)


def _first(rows: Array, keys: Array) -> list[int]:
    chosen: list[int] = rows[np.argsort(keys, kind="stable")][:GALLERY_SIZE].tolist()
    return chosen


def _plural(what: str) -> str:
    return "probabilities" if what == "probability" else "scores"
