"""What a model decided on each row of one part, and the images of the rows that a report shows.

In a run directory this is ``predictions.safetensors``, with the arrays

=================== ========================= ======================================================================
``labels``          (n,) int32                true classes
``predicted``       (n,) int32                classes decided for
``values``          (n, k) float32            probabilities, or scores where the loss gives none
``image_rows``      (g,) int32                the rows of which an image is kept
``images``          (g, h, w, c) uint8        these images, black 0 and white 255
``samples``         (s, h, w, c) uint8        some training images
``sample_labels``   (s,) int32                and their classes
``means``           (k, h, w, c) uint8        the mean training image of each class
=================== ========================= ======================================================================

(the last five only where the data set has images) and, in its metadata, ``values``: ``probabilities`` or ``scores``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onelayer.errors import InputError
from onelayer.storage.kinds import PREDICTIONS, kind_metadata

__all__ = ["VERSION", "Predictions", "ShownImages"]

VERSION: Final = 1

Array = npt.NDArray[Any]


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
    means : ndarray of shape (k, h, w, c), uint8
        The mean training image of each class.
    """

    rows: Array
    images: Array
    samples: Array
    sample_labels: Array
    means: Array


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was decided on n rows.

    Parameters
    ----------
    labels, predicted : ndarray of shape (n,), int64
    values : ndarray of shape (n, k), float32
        Probabilities, or scores.
    are_probabilities : bool
    shown : ShownImages or None
        None where the data set has no images.

    Raises
    ------
    InputError
        The arrays don't fit each other, or hold what they can't.

    Examples
    --------
    >>> found = Predictions(np.array([0, 1]), np.array([0, 0]), np.array([[0.9, 0.1], [0.6, 0.4]], np.float32), True)
    >>> found.correct
    array([ True, False])
    """

    labels: Array
    predicted: Array
    values: Array
    are_probabilities: bool
    shown: ShownImages | None = None

    def __post_init__(self) -> None:
        _check_values(self.values, self.are_probabilities)
        n, k = self.values.shape
        for name in ("labels", "predicted"):
            _check_indices(getattr(self, name), k, name)
            if len(getattr(self, name)) != n:
                raise InputError(f"predictions: {len(getattr(self, name))} {name} for {n} rows of values")
        if self.shown is not None:
            _check_images(self.shown, n, k)

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each row was decided rightly, shape (n,)."""
        found: npt.NDArray[np.bool_] = self.labels == self.predicted
        return found

    @property
    def n_classes(self) -> int:
        """Number of classes, k."""
        return int(self.values.shape[1])

    def confusion(self) -> npt.NDArray[np.int64]:
        """Return the counts (k, k), true classes in rows."""
        k = self.n_classes
        return np.bincount(self.labels * k + self.predicted, minlength=k * k).reshape(k, k)

    def contents(self) -> tuple[dict[str, Array], dict[str, str]]:
        """Return the arrays and the metadata of ``predictions.safetensors``."""
        arrays = {
            "labels": self.labels.astype(np.int32),
            "predicted": self.predicted.astype(np.int32),
            "values": self.values.astype(np.float32),
        }
        if self.shown is not None:
            arrays |= {
                "image_rows": self.shown.rows.astype(np.int32),
                "images": self.shown.images,
                "samples": self.shown.samples,
                "sample_labels": self.shown.sample_labels.astype(np.int32),
                "means": self.shown.means,
            }
        kind = "probabilities" if self.are_probabilities else "scores"
        return arrays, kind_metadata(PREDICTIONS, VERSION) | {"values": kind}

    @classmethod
    def from_contents(cls, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> Predictions:
        """Return what :meth:`contents` described.

        Raises
        ------
        InputError
            An array is missing, or does not fit the others.
        """
        try:
            shown = None
            if "images" in arrays:
                shown = ShownImages(
                    _integers(arrays["image_rows"]),
                    arrays["images"],
                    arrays["samples"],
                    _integers(arrays["sample_labels"]),
                    arrays["means"],
                )
            return cls(
                _integers(arrays["labels"]),
                _integers(arrays["predicted"]),
                arrays["values"],
                metadata.get("values") == "probabilities",
                shown,
            )
        except KeyError as error:
            raise InputError(f"predictions: array {error} is missing") from None


def _integers(array: Array) -> Array:
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"predictions: indices are of type {array.dtype}, not integers")
    return array.astype(np.int64)


def _check_values(values: Array, are_probabilities: bool) -> None:
    if values.ndim != 2 or values.shape[1] < 2 or not len(values) or not np.issubdtype(values.dtype, np.floating):
        raise InputError(f"predictions: values are {values.dtype} of shape {values.shape}, not floats (n, k)")
    if not np.isfinite(values).all() or (are_probabilities and not (values.min() >= 0 and values.max() <= 1.001)):
        raise InputError(f"predictions: not all values are {'probabilities' if are_probabilities else 'finite'}")


def _check_indices(indices: Array, limit: int, name: str) -> None:
    if indices.ndim != 1 or (len(indices) and (indices.min() < 0 or indices.max() >= limit)):
        raise InputError(f"predictions: {name} are not all between 0 and {limit - 1}")


def _check_images(shown: ShownImages, n: int, k: int) -> None:
    _check_indices(shown.rows, n, "image_rows")
    _check_indices(shown.sample_labels, k, "sample_labels")
    if np.any(np.diff(shown.rows) <= 0):
        raise InputError("predictions: image_rows are not ascending")
    counts = {"images": len(shown.rows), "samples": len(shown.sample_labels), "means": k}
    for name, count in counts.items():
        array = getattr(shown, name)
        if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] not in (1, 3) or len(array) != count:
            raise InputError(
                f"predictions: {name} are {array.dtype} of shape {array.shape}, not uint8 ({count}, h, w, 1 or 3)"
            )
        if min(array.shape[1:3]) < 1 or array.shape[1:] != shown.images.shape[1:]:
            raise InputError(f"predictions: {name} have not the size of images")
