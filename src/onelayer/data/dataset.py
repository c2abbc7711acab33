"""One labelled set of images or features, checked once when it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onelayer.arrays import aligned_empty
from onelayer.errors import DataError, printable

from .image_options import ImageOptions
from .provenance import Provenance

__all__ = ["SPLITS", "Dataset"]

SPLITS = ("train", "validation", "test", "all")
_FEATURE_TYPES = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images or features with their labels, and what is known of where they come from.

    The arrays are kept as they are, not copied; do not write to them (the fingerprint is computed once).

    Parameters
    ----------
    name : str
        A catalog name (``"mnist"``), or the name of the folder or file.
    X : ndarray
        Images of shape (n, h, w, c), with c = 1 for grey ones, or features of shape (n, d): uint8, float32 or float64,
        all finite.
    y : ndarray of shape (n,), int64
        Labels, 0 … k − 1.
    class_names : tuple of str
        The k names, in the order of the labels. They come from data: show them as text only.
    split : {"train", "validation", "test", "all"}
        Which part this is.
    source : str
        Where it was read from, for people.
    official : bool or None
        Whether the content is that of the official set; None where that can't be known.
    value_range : (float, float)
        The least and greatest value that an entry of X can have: (0, 255) for ordinary images, (0, 16) for ``digits``.
    preparation : ImageOptions or None
        What made the images of pictures of any size and colour, and makes such of others; None where they were arrays.
    provenance : Provenance
        Which files it was read from, what was left out of them, and what was decided on the way.

    Raises
    ------
    DataError
        If the parts don't fit each other, are empty, or hold NaN, infinity or objects.

    Examples
    --------
    >>> import numpy as np
    >>> Dataset("two", np.eye(2), np.array([0, 1]), ("a", "b"), "all", "an example", None, (0.0, 1.0))
    <Dataset two/all: 2 rows of 2 features, 2 classes>
    """

    name: str
    X: NDArray[Any]
    y: NDArray[np.int64]
    class_names: tuple[str, ...]
    split: str
    source: str
    official: bool | None
    value_range: tuple[float, float]
    preparation: ImageOptions | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        _check_rows(self)
        _check_labels(self)
        try:
            low, high = map(float, self.value_range)
        except (TypeError, ValueError):
            raise DataError(f"{self._label}: value range must be two numbers, not {self.value_range!r:.60}.") from None
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise DataError(f"{self._label}: value range ({low}, {high}) must be finite and not empty.")
        if self.split not in SPLITS:
            raise DataError(f"{self._label}: split must be one of {', '.join(SPLITS)}.")

    def __repr__(self) -> str:
        form = f"{self.X.shape[1]} features" if self.image_shape is None else "×".join(map(str, self.X.shape[1:]))
        return f"<Dataset {self._label}: {self.n} rows of {form}, {self.n_classes} classes>"

    @property
    def _label(self) -> str:
        return printable(f"{self.name}/{self.split}", 80)

    @property
    def title(self) -> str:
        """The name, with a note where the content is known not to be the official one."""
        return f"{self.name} (not the official pixels)" if self.official is False else self.name

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def n_classes(self) -> int:
        """Number of classes, k, whether or not each has a row here."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(h, w, c), or None where X holds features."""
        return (self.X.shape[1], self.X.shape[2], self.X.shape[3]) if self.X.ndim == 4 else None

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """Rows of each class, shape (k,)."""
        return np.bincount(self.y, minlength=self.n_classes).astype(np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the content: shapes, types, entries of X in C order, labels.

        Names, split and source take no part, so the same images read from two formats have one fingerprint.
        """
        digest = hashlib.sha256(b"onelayer dataset 1\n")
        for array in (self.X, self.y):
            _digest_array(digest, array)
        return digest.hexdigest()

    def take(self, indices: slice | ArrayLike) -> Dataset:
        """Return the rows at ``indices`` (a slice, row numbers, or a mask); a slice shares memory with this set.

        Raises
        ------
        DataError
            If an index is out of range or nothing is left.
        """
        if isinstance(indices, slice):
            return replace(self, X=self.X[indices], y=self.y[indices])
        try:
            rows = np.arange(self.n)[np.asarray(indices)]
        except IndexError as error:
            raise DataError(f"{self._label} has {self.n} rows: {error}.") from None
        X = aligned_empty((*rows.shape, *self.X.shape[1:]), self.X.dtype)
        # Every row number is in range by now; asked to check again, NumPy would copy all rows twice.
        np.take(self.X, rows, axis=0, out=X, mode="clip")
        return replace(self, X=X, y=self.y[rows])

    def select_classes(self, labels: ArrayLike) -> Dataset:
        """Return the rows of these classes alone, relabelled 0, 1, … in the order given.

        Parameters
        ----------
        labels : sequence of int
            At least two different labels of this set.

        Raises
        ------
        DataError
            If a label does not exist or is given twice, or there are fewer than two.
        """
        chosen = np.asarray(labels)
        if (
            chosen.ndim != 1
            or chosen.dtype.kind not in "iu"
            or len(np.unique(chosen)) != len(chosen)
            or len(chosen) < 2
        ):
            raise DataError(f"Classes to keep must be two or more different labels, got {printable(str(labels))}.")
        if chosen.min() < 0 or chosen.max() >= self.n_classes:
            raise DataError(
                f"{self._label} has the labels 0 to {self.n_classes - 1}; can't keep {printable(str(chosen.tolist()))}."
            )
        relabelled = np.full(self.n_classes, -1, dtype=np.int64)
        relabelled[chosen] = np.arange(len(chosen))
        y = relabelled[self.y]
        kept = y >= 0
        names = tuple(self.class_names[label] for label in chosen)
        return replace(self, X=self.X[kept], y=y[kept], class_names=names)


def _check_rows(dataset: Dataset) -> None:
    X, name = dataset.X, dataset._label
    if not isinstance(X, np.ndarray) or X.dtype not in _FEATURE_TYPES:
        raise DataError(
            f"{name}: X must be a uint8, float32 or float64 array, got {getattr(X, 'dtype', type(X).__name__)}."
        )
    if X.ndim not in (2, 4):
        raise DataError(f"{name}: X must be images (n, h, w, c) or features (n, d), got the shape {X.shape}.")
    if X.size == 0:
        raise DataError(f"{name} is empty: X has the shape {X.shape}.")
    if X.dtype != np.uint8:
        _check_finite(X, name)


def _check_finite(X: NDArray[Any], name: str) -> None:
    rows = X.reshape(len(X), -1)
    step = max(1, _BLOCK_BYTES // (rows.shape[1] * X.itemsize))
    for start in range(0, len(rows), step):
        finite = np.isfinite(rows[start : start + step])
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            what = f"feature at row {start + row}, column {column}"
            if X.ndim == 4:
                place = ", ".join(str(i) for i in np.unravel_index(column, X.shape[1:]))
                what = f"pixel ({place}) of image {start + row}"
            raise DataError(
                f"{name}: the {what} is {rows[start + row, column]}; all must be finite. Remove or fill such rows."
            )


def _check_labels(dataset: Dataset) -> None:
    if isinstance(dataset.class_names, str) or not isinstance(dataset.class_names, Sequence):
        raise DataError(f"{dataset._label}: class_names must be a tuple of names, not {dataset.class_names!r:.60}.")
    y, name, k = dataset.y, dataset._label, len(dataset.class_names)
    if not isinstance(y, np.ndarray) or y.dtype != np.int64 or y.ndim != 1:
        raise DataError(f"{name}: y must be a one-dimensional int64 array.")
    if len(y) != len(dataset.X):
        raise DataError(f"{name}: X has {len(dataset.X)} rows and y has {len(y)} labels; they must be as many.")
    if k < 2:
        raise DataError(f"{name} has {k} class{'es' if k != 1 else ''}; a classifier needs at least two.")
    outside = (y < 0) | (y >= k)
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            f"{name}: label {y[row]} at row {row} is out of range; {k} classes have the labels 0 to {k - 1}."
        )


def _digest_array(digest: Any, array: NDArray[Any]) -> None:
    little = array.dtype.newbyteorder("<")
    digest.update(f"{little.str} {array.shape}\n".encode())
    step = max(1, _BLOCK_BYTES // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        digest.update(np.ascontiguousarray(array[start : start + step], dtype=little))
