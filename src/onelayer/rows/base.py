"""Rows on demand: who needs rows need not know where they come from, nor what is done to them on the way.

:class:`Rows` are n rows of d features as a model is to see them: some of the rows that are stored, perhaps mirrored, in
the model's float type, shifted and scaled per feature. Nothing is computed until rows are asked for, so a data set of
bytes is never expanded as a whole, and one on disk is never read as a whole.

A member of this vocabulary says how many rows are stored, how wide they are, and reads some of them (``read``); all
else is here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, InputTypeError

__all__ = ["BLOCK_BYTES", "Rows", "check_indices"]

BLOCK_BYTES = 1 << 20  # a block of computed rows and its scores stay in a core's L2 cache


@dataclass(frozen=True, kw_only=True)
class Rows(ABC):
    """n rows of d features, handed out in ``dtype`` as ``(x − shift) · scale``.

    Mirroring comes before scaling: a mirrored row is what the model would be shown for the mirrored image.

    Parameters
    ----------
    dtype : float32 or float64
        Type of the rows handed out, and of the arithmetic on them.
    shift, scale : (d,) array, float or None
        Subtracted from, then multiplied with, every row.
    indices : (n,) integer array or None
        The stored rows that there are, in this order; None for all.
    mirrored : (n,) bool array or None
        Rows to be mirrored left to right; needs ``image_shape``.
    image_shape : (h, w, c) or None
        How the d features of a row lie in an image.
    """

    is_dense: ClassVar[bool] = False
    """Whether rows lie in one array, as the native engine sees them."""

    dtype: Any = np.float32
    shift: Array | float | None = None
    scale: Array | float | None = None
    indices: Array | None = None
    mirrored: Array | None = None
    image_shape: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.indices is not None:
            check_indices(self.indices, self.stored)
        if self.mirrored is not None and (self.image_shape is None or np.shape(self.mirrored) != (self.n,)):
            raise InputError(f"mirrored rows need image_shape=(h, w, c) and a mark for each of the {self.n} rows")
        if self.image_shape is not None and prod(self.image_shape) != self.d:
            raise InputError(f"image_shape {self.image_shape} does not make {self.d} features")

    @property
    @abstractmethod
    def stored(self) -> int:
        """Number of rows that are stored."""

    @property
    @abstractmethod
    def d(self) -> int:
        """Number of features."""

    @property
    @abstractmethod
    def stored_dtype(self) -> np.dtype[Any]:
        """Type of the rows as they are stored: uint8, float32 or float64."""

    @abstractmethod
    def read(self, positions: Array | slice) -> Array:
        """Return the stored rows at ``positions`` as they are, ``(b, d)``; they may be a view."""

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.stored if self.indices is None else len(self.indices)

    def subset(self, indices: Array) -> Self:
        """Return rows ``indices`` (integers from 0, in that order) of these.

        Raises
        ------
        InputError, InputTypeError
            If there is no such row, or indices are no integers.
        """
        check_indices(indices, self.n)
        return replace(
            self,
            indices=indices if self.indices is None else self.indices[indices],
            mirrored=None if self.mirrored is None else self.mirrored[indices],
        )

    def section(self, part: slice) -> Self:
        """Return the consecutive rows ``part`` of these."""
        chosen = np.arange(self.stored)[part] if self.indices is None else self.indices[part]
        return replace(self, indices=chosen, mirrored=None if self.mirrored is None else self.mirrored[part])

    def with_mirrored(self, mirrored: Array | None) -> Self:
        """Return these rows with those that the bool array ``mirrored`` (n,) marks mirrored."""
        return self if mirrored is self.mirrored else replace(self, mirrored=mirrored)

    def seen(
        self,
        dtype: Any,
        shift: Array | float | None = None,
        scale: Array | float | None = None,
        image_shape: tuple[int, int, int] | None = None,
    ) -> Self:
        """Return the same rows in another type and scaling, none of them mirrored."""
        return replace(self, dtype=dtype, shift=shift, scale=scale, mirrored=None, image_shape=image_shape)

    def take(self, indices: Array, out: Array | None = None) -> Array:
        """Return rows ``indices`` (b,), mirrored, converted and scaled, as ``(b, d)``.

        Indices are 0 … n − 1; they are not looked at here, in the innermost loop. ``out``, where the rows are written
        if it is given, is C-contiguous.
        """
        if out is None:
            out = np.empty((len(indices), self.d), self.dtype)
        self._gather(indices if self.indices is None else self.indices[indices], out)
        self._mirror(out, None if self.mirrored is None else self.mirrored[indices])
        return self._scaled(out)

    def blocks(self, size: int | None = None) -> Iterator[tuple[slice, Array]]:
        """Yield ``(slice, rows)`` over all rows in order, ``size`` rows at a time.

        The rows of one block are overwritten by the next. By default blocks have about a megabyte.
        """
        size = size or self._block_rows
        out = np.empty((min(size, self.n), self.d), self.dtype)
        for part in self._parts(size):
            yield part, self._compute(part, out[: part.stop - part.start])

    @property
    def _block_rows(self) -> int:
        return max(1, BLOCK_BYTES // (self.d * int(np.dtype(self.dtype).itemsize)))

    def _parts(self, size: int) -> Iterator[slice]:
        return (slice(start, min(start + size, self.n)) for start in range(0, self.n, size))

    def _gather(self, positions: Array, out: Array) -> None:
        np.copyto(out, self.read(positions), casting="same_kind")

    def _compute(self, part: slice, out: Array) -> Array:
        """Write the consecutive rows ``part`` into ``out`` and return it."""
        if self.indices is not None:
            return self.take(np.arange(part.start, part.stop), out)
        np.copyto(out, self.read(part), casting="same_kind")  # as they lie, without gathering
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


def check_indices(indices: Array, n: int) -> None:
    """Raise InputError or InputTypeError unless indices are integers (b,) from 0 to n − 1."""
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise InputTypeError(
            f"indices of rows must be integers (n,), but they are {indices.dtype} of shape {indices.shape}"
        )
    outside = (indices < 0) | (indices >= n)
    if outside.any():
        raise InputError(f"there is no row {indices[outside][0]} among {n} rows")
