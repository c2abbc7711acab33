"""What a model decided on each row of one part, and the images that a report shows.

In a run directory this is ``predictions.safetensors``, with the arrays

=================== ========================= ======================================================================
``labels``          (n,) int32                true classes
``best``            (n, t) int32              the classes with the t largest values, that decided for first
``values``          (n, t) float32            their probabilities, or scores where the loss gives none
``of_true``         (n,) float32              that of the true class
``image_rows``      (g,) int32                the rows of which an image is kept
``images``          (g, h, w, c) uint8        these images, black 0 and white 255
``classes``         (m,) int32                the classes of which training images are shown
``means``           (m, h, w, c) uint8        the mean training image of each of them
``samples``         (s, h, w, c) uint8        some training images of them
``sample_labels``   (s,) int32                and their classes
=================== ========================= ======================================================================

(the last six only where the data set has images) and, in its metadata, ``values``: ``probabilities`` or ``scores``,
and ``n_classes``. Files of version 1 have ``predicted`` and the ``values`` (n, k) of all classes instead, and images of
all classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError
from onelayer.evaluation import Decisions
from onelayer.storage.kinds import PREDICTIONS, kind_metadata

__all__ = ["VERSIONS", "Predictions", "ShownImages"]

VERSIONS: Final = (1, 2)
"""Of the layout, those that are read; the last one is written."""

_MOST_CLASSES: Final = 10**6


@dataclass(frozen=True, eq=False)
class ShownImages:
    """The images of a report.

    Parameters
    ----------
    rows : ndarray of shape (g,), int64
        Rows of the evaluated part, ascending.
    images : ndarray of shape (g, h, w, c), uint8
        Their images; c is 1 or 3.
    samples : ndarray of shape (s, h, w, c), uint8
        Some training images.
    sample_labels : ndarray of shape (s,), int64
    means : ndarray of shape (m, h, w, c), uint8
        The mean training image of each of some classes, or none at all where they are not known.
    classes : ndarray of shape (m,), int64
        These classes, ascending.
    """

    rows: Array
    images: Array
    samples: Array
    sample_labels: Array
    means: Array
    classes: Array


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was decided on n rows, and how they look.

    Parameters
    ----------
    decisions : Decisions
    shown : ShownImages or None
        None where the data set has no images.

    Raises
    ------
    InputError
        The arrays don't fit each other, or hold what they can't.

    Examples
    --------
    >>> values = np.array([[0.9, 0.1], [0.6, 0.4]], np.float32)
    >>> decisions = Decisions.of(np.array([0, 1]), np.array([0, 0]), values, are_probabilities=True)
    >>> Predictions(decisions).decisions.n_classes
    2
    """

    decisions: Decisions
    shown: ShownImages | None = None

    def __post_init__(self) -> None:
        _check_decisions(self.decisions)
        if self.shown is not None:
            _check_images(self.shown, len(self.decisions.labels), self.decisions.n_classes)

    def contents(self) -> tuple[dict[str, Array], dict[str, str]]:
        """Return the arrays and the metadata of ``predictions.safetensors``."""
        decisions, shown = self.decisions, self.shown
        arrays = {
            "labels": decisions.labels.astype(np.int32),
            "best": decisions.best.astype(np.int32),
            "values": decisions.values.astype(np.float32),
            "of_true": decisions.of_true.astype(np.float32),
        }
        if shown is not None:
            arrays |= {
                "image_rows": shown.rows.astype(np.int32),
                "images": shown.images,
                "samples": shown.samples,
                "sample_labels": shown.sample_labels.astype(np.int32),
                "means": shown.means,
                "classes": shown.classes.astype(np.int32),
            }
        kind = "probabilities" if decisions.are_probabilities else "scores"
        metadata = {"values": kind, "n_classes": str(decisions.n_classes)}
        return arrays, kind_metadata(PREDICTIONS, VERSIONS[-1]) | metadata

    @classmethod
    def from_contents(cls, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> Predictions:
        """Return what :meth:`contents` described, in any version.

        Raises
        ------
        InputError
            An array is missing, or does not fit the others.
        """
        are_probabilities = metadata.get("values") == "probabilities"
        try:
            if "best" in arrays:
                decisions = Decisions(
                    _integers(arrays["labels"]),
                    _integers(arrays["best"]),
                    arrays["values"],
                    arrays["of_true"],
                    _number(metadata.get("n_classes", "")),
                    are_probabilities,
                )
            else:
                decisions = _first_version(arrays, are_probabilities)
            return cls(decisions, _shown(arrays, decisions.n_classes))
        except KeyError as error:
            raise InputError(f"predictions: array {error} is missing") from None


def _first_version(arrays: Mapping[str, Array], are_probabilities: bool) -> Decisions:
    """Return the decisions of a file that has the values of all classes."""
    labels, predicted, values = _integers(arrays["labels"]), _integers(arrays["predicted"]), arrays["values"]
    if values.ndim != 2 or values.shape[1] < 2:
        raise InputError(f"predictions: values are {values.dtype} of shape {values.shape}, not floats (n, k)")
    _check_values(values, are_probabilities)
    n, k = values.shape
    for name, indices in (("labels", labels), ("predicted", predicted)):
        _check_indices(indices, k, name)
        if len(indices) != n:
            raise InputError(f"predictions: {len(indices)} {name} for {n} rows of values")
    return Decisions.of(labels, predicted, values, are_probabilities=are_probabilities)


def _shown(arrays: Mapping[str, Array], n_classes: int) -> ShownImages | None:
    if "images" not in arrays:
        return None
    means = arrays["means"]
    classes = arrays.get("classes", np.arange(n_classes if len(means) else 0))
    return ShownImages(
        _integers(arrays["image_rows"]),
        arrays["images"],
        arrays["samples"],
        _integers(arrays["sample_labels"]),
        means,
        _integers(classes),
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 2 <= int(text) <= _MOST_CLASSES):
        raise InputError(f"predictions: n_classes is not a number from 2 to {_MOST_CLASSES:,}")
    return int(text)


def _integers(array: Array) -> Array:
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"predictions: indices are of type {array.dtype}, not integers")
    return array.astype(np.int64)


def _check_decisions(decisions: Decisions) -> None:
    best, values, labels = decisions.best, decisions.values, decisions.labels
    n, k = len(labels), decisions.n_classes
    if best.ndim != 2 or not 1 <= best.shape[1] <= k or values.shape != best.shape or not len(best):
        raise InputError(f"predictions: best and values have shapes {best.shape} and {values.shape}, not both (n, t)")
    if len(best) != n or decisions.of_true.shape != (n,):
        raise InputError(f"predictions: {n} labels for {len(best)} rows of values")
    _check_indices(labels, k, "labels")
    _check_indices(best.ravel(), k, "best")
    for one in (values, decisions.of_true):
        _check_values(one, decisions.are_probabilities)


def _check_values(values: Array, are_probabilities: bool) -> None:
    if not len(values) or not np.issubdtype(values.dtype, np.floating):
        raise InputError(f"predictions: values are {values.dtype} of shape {values.shape}, not floats (n, k)")
    if not np.isfinite(values).all() or (are_probabilities and not (values.min() >= 0 and values.max() <= 1.001)):
        raise InputError(f"predictions: not all values are {'probabilities' if are_probabilities else 'finite'}")


def _check_indices(indices: Array, limit: int, name: str) -> None:
    if indices.ndim != 1 or (len(indices) and (indices.min() < 0 or indices.max() >= limit)):
        raise InputError(f"predictions: {name} are not all between 0 and {limit - 1}")


def _check_images(shown: ShownImages, n: int, k: int) -> None:
    _check_indices(shown.rows, n, "image_rows")
    _check_indices(shown.sample_labels, k, "sample_labels")
    _check_indices(shown.classes, k, "classes")
    for name, indices in (("image_rows", shown.rows), ("classes", shown.classes)):
        if np.any(np.diff(indices) <= 0):
            raise InputError(f"predictions: {name} are not ascending")
    counts = {"images": len(shown.rows), "samples": len(shown.sample_labels), "means": len(shown.classes)}
    for name, count in counts.items():
        array = getattr(shown, name)
        if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] not in (1, 3) or len(array) != count:
            raise InputError(
                f"predictions: {name} are {array.dtype} of shape {array.shape}, not uint8 ({count}, h, w, 1 or 3)"
            )
        if min(array.shape[1:3]) < 1 or array.shape[3] != shown.images.shape[3]:
            raise InputError(f"predictions: {name} are not of the kind of images")
