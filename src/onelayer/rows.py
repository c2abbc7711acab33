"""Rows on demand: the one place where rows are gathered, converted, mirrored and scaled.

A :class:`RowSource` looks at an array of n rows and d features as a model is to see it: some of the rows, perhaps
mirrored, in the model's float type, shifted and scaled per feature. Nothing is computed until rows are asked for, so a
data set of bytes is never expanded as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, InputTypeError

__all__ = ["RowSource", "as_rows"]

BLOCK_BYTES = 1 << 20  # a block of computed rows and its scores stay in a core's L2 cache
VIEW_ROWS = 2048  # of a block that is a view, only the scores have to


def as_rows(X: Array) -> Array:
    """Return images ``(n, h, w)`` or ``(n, h, w, c)`` as rows ``(n, d)``, without a copy where memory order allows.

    Rows come back as they are.

    Raises
    ------
    InputError
        If X has fewer than two dimensions or more than four.

    Examples
    --------
    >>> as_rows(np.zeros((5, 8, 8, 3), np.uint8)).shape
    (5, 192)
    """
    if X.ndim not in (2, 3, 4):
        raise InputError(f"X must be rows (n, d) or images (n, h, w) or (n, h, w, c), but it has shape {X.shape}")
    return X.reshape(len(X), prod(X.shape[1:])) if X.ndim > 2 else X


@dataclass(frozen=True)
class RowSource:
    """n rows of d features, handed out in ``dtype`` as ``(x − shift) · scale``.

    Mirroring comes before scaling: a mirrored row is what the model would be shown for the mirrored image.

    Parameters
    ----------
    array : (N, d) array, uint8, float32 or float64
        Where the rows come from; a memory map will do.
    dtype : float32 or float64
        Type of the rows handed out, and of the arithmetic on them.
    shift, scale : (d,) array, float or None
        Subtracted from, then multiplied with, every row.
    indices : (n,) integer array or None
        The rows of ``array`` that this source has, in its order; None for all.
    mirrored : (n,) bool array or None
        Rows to be mirrored left to right; needs ``image_shape``.
    image_shape : (h, w, c) or None
        How the d features of a row lie in an image.

    Examples
    --------
    >>> rows = RowSource(np.array([[0, 255], [51, 102]], np.uint8), shift=127.5, scale=2.0)
    >>> rows.take(np.array([1]))
    array([[-153.,  -51.]], dtype=float32)
    """

    array: Array
    dtype: Any = np.float32
    shift: Array | float | None = None
    scale: Array | float | None = None
    indices: Array | None = None
    mirrored: Array | None = None
    image_shape: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.array.ndim != 2:
            raise InputError(f"rows must be a 2-D array, but it has shape {self.array.shape}")
        if self.array.dtype not in (np.uint8, np.float32, np.float64):
            raise InputTypeError(f"rows must be uint8, float32 or float64, but they are {self.array.dtype}")
        if self.indices is not None:
            _check_indices(self.indices, len(self.array))
        if self.mirrored is not None and (self.image_shape is None or np.shape(self.mirrored) != (self.n,)):
            raise InputError(f"mirrored rows need image_shape=(h, w, c) and a mark for each of the {self.n} rows")
        if self.image_shape is not None and prod(self.image_shape) != self.d:
            raise InputError(f"image_shape {self.image_shape} does not make {self.d} features")

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.array) if self.indices is None else len(self.indices)

    @property
    def d(self) -> int:
        """Number of features."""
        return int(self.array.shape[1])

    @property
    def is_plain(self) -> bool:
        """Whether rows are handed out just as they lie in ``array``."""
        return self.array.dtype == self.dtype and self.shift is None and self.scale is None and self.mirrored is None

    def subset(self, indices: Array) -> RowSource:
        """Return the source of rows ``indices`` (integers from 0, in that order) of this one.

        Raises
        ------
        InputError, InputTypeError
            If there is no such row, or indices are no integers.
        """
        _check_indices(indices, self.n)
        return replace(
            self,
            indices=indices if self.indices is None else self.indices[indices],
            mirrored=None if self.mirrored is None else self.mirrored[indices],
        )

    def section(self, part: slice) -> RowSource:
        """Return the source of the consecutive rows ``part`` of this one."""
        return replace(
            self,
            array=self.array if self.indices is not None else self.array[part],
            indices=None if self.indices is None else self.indices[part],
            mirrored=None if self.mirrored is None else self.mirrored[part],
        )

    def with_mirrored(self, mirrored: Array | None) -> RowSource:
        """Return this source with the rows in the bool array ``mirrored`` (n,) mirrored."""
        return self if mirrored is self.mirrored else replace(self, mirrored=mirrored)

    def take(self, indices: Array, out: Array | None = None) -> Array:
        """Return rows ``indices`` (b,), mirrored, converted and scaled, as ``(b, d)``.

        Indices are 0 … n − 1; they are not looked at here, in the innermost loop. ``out``, where the rows are written
        if it is given, is C-contiguous.
        """
        positions = indices if self.indices is None else self.indices[indices]
        if out is None:
            out = np.empty((len(positions), self.d), self.dtype)
        if self.array.dtype == self.dtype:
            np.take(
                self.array, positions, axis=0, out=out, mode="clip"
            )  # other modes gather into a second buffer first
        else:
            np.copyto(out, self.array.take(positions, axis=0), casting="same_kind")
        self._mirror(out, None if self.mirrored is None else self.mirrored[indices])
        return self._scaled(out)

    def blocks(self, size: int | None = None) -> Iterator[tuple[slice, Array]]:
        """Yield ``(slice, rows)`` over all rows in order, ``size`` rows at a time.

        The rows of one block are overwritten by the next; where nothing has to be computed they are a view of
        ``array``. By default blocks have about a megabyte, and views 2048 rows.
        """
        if self.is_plain and self.indices is None:
            yield from ((part, self.array[part]) for part in self._parts(size or VIEW_ROWS))
            return
        size = size or self._block_rows
        out = np.empty((min(size, self.n), self.d), self.dtype)
        for part in self._parts(size):
            yield part, self._compute(part, out[: part.stop - part.start])

    def view(self) -> dict[str, Any]:
        """Return what the native engine is handed to see these rows: the array as it lies, and how it is to be seen."""
        return {
            "X": self.array,
            "shift": 0.0 if self.shift is None else self.shift,
            "scale": 1.0 if self.scale is None else self.scale,
            "indices": self.indices,
            "mirrored": self.mirrored,
            "image_shape": self.image_shape,
        }

    def expanded(self, limit: int) -> RowSource:
        """Return a source with its rows computed beforehand, if they take at most ``limit`` bytes; else this source.

        Images, which may yet be mirrored, are left alone unless every feature is scaled alike: mirroring comes before
        scaling.
        """
        size = self.n * self.d * np.dtype(self.dtype).itemsize
        alike = all(part is None or np.ndim(part) == 0 for part in (self.shift, self.scale))
        if self.is_plain or size > limit or self.mirrored is not None or not (alike or self.image_shape is None):
            return self
        array = np.empty((self.n, self.d), self.dtype)
        for part in self._parts(self._block_rows):
            self._compute(part, array[part])
        return RowSource(array, self.dtype, image_shape=self.image_shape)

    @property
    def _block_rows(self) -> int:
        return max(1, BLOCK_BYTES // (self.d * int(np.dtype(self.dtype).itemsize)))

    def _parts(self, size: int) -> Iterator[slice]:
        return (slice(start, min(start + size, self.n)) for start in range(0, self.n, size))

    def _compute(self, part: slice, out: Array) -> Array:
        """Write the consecutive rows ``part`` into ``out`` and return it."""
        if self.indices is not None:
            return self.take(np.arange(part.start, part.stop), out)
        np.copyto(out, self.array[part], casting="same_kind")  # as they lie, without gathering
        self._mirror(out, None if self.mirrored is None else self.mirrored[part])
        return self._scaled(out)

    def _mirror(self, rows: Array, mirrored: Array | None) -> None:
        if mirrored is None or not mirrored.any():
            return
        height, width, channels = self.image_shape or (1, self.d, 1)
        images = rows.reshape(-1, height, width, channels)
        images[mirrored] = images[mirrored, :, ::-1]

    def _scaled(self, rows: Array) -> Array:
        if self.shift is not None:
            np.subtract(rows, self.shift, out=rows, dtype=self.dtype, casting="same_kind")
        if self.scale is not None:
            np.multiply(rows, self.scale, out=rows, dtype=self.dtype, casting="same_kind")
        return rows


def _check_indices(indices: Array, n: int) -> None:
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise InputTypeError(
            f"indices of rows must be integers (n,), but they are {indices.dtype} of shape {indices.shape}"
        )
    outside = (indices < 0) | (indices >= n)
    if outside.any():
        raise InputError(f"there is no row {indices[outside][0]} among {n} rows")
