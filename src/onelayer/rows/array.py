"""Rows of one array, in memory or mapped to it: those that the native engine sees as they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Self

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, InputTypeError
from onelayer.rows.base import Rows

__all__ = ["ArrayRows", "as_rows"]

VIEW_ROWS = 2048  # of a block that is a view, only the scores have to stay in the cache


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
class ArrayRows(Rows):
    """Rows of an array ``(N, d)``, uint8, float32 or float64; a memory map will do.

    Examples
    --------
    >>> rows = ArrayRows(np.array([[0, 255], [51, 102]], np.uint8), shift=127.5, scale=2.0)
    >>> rows.take(np.array([1]))
    array([[-153.,  -51.]], dtype=float32)
    """

    is_dense = True

    array: Array

    def __post_init__(self) -> None:
        if self.array.ndim != 2:
            raise InputError(f"rows must be a 2-D array, but it has shape {self.array.shape}")
        if self.array.dtype not in (np.uint8, np.float32, np.float64):
            raise InputTypeError(f"rows must be uint8, float32 or float64, but they are {self.array.dtype}")
        super().__post_init__()

    @property
    def stored(self) -> int:
        """Number of rows of the array."""
        return len(self.array)

    @property
    def d(self) -> int:
        """Number of features."""
        return int(self.array.shape[1])

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """Type of the array."""
        dtype: np.dtype[Any] = self.array.dtype
        return dtype

    def read(self, positions: Array | slice) -> Array:
        """Return rows of the array as they lie."""
        return self.array[positions] if isinstance(positions, slice) else self.array.take(positions, axis=0)

    @property
    def is_plain(self) -> bool:
        """Whether rows are handed out just as they lie in ``array``."""
        return self.array.dtype == self.dtype and self.shift is None and self.scale is None and self.mirrored is None

    def section(self, part: slice) -> Self:
        """Return the consecutive rows ``part`` of these, of a part of the array where they are all of it."""
        if self.indices is not None:
            return super().section(part)
        return replace(self, array=self.array[part], mirrored=None if self.mirrored is None else self.mirrored[part])

    def blocks(self, size: int | None = None) -> Iterator[tuple[slice, Array]]:
        """Yield ``(slice, rows)`` as ``Rows.blocks`` does; views of ``array`` where nothing has to be computed.

        Blocks of views have 2048 rows by default.
        """
        if self.is_plain and self.indices is None:
            yield from ((part, self.array[part]) for part in self._parts(size or VIEW_ROWS))
        else:
            yield from super().blocks(size)

    def expanded(self, limit: int) -> Self:
        """Return rows computed beforehand, if they take at most ``limit`` bytes; else these.

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
        return replace(self, array=array, shift=None, scale=None, indices=None)

    def _gather(self, positions: Array, out: Array) -> None:
        if self.array.dtype == self.dtype:
            # Other modes gather into a second buffer first.
            np.take(self.array, positions, axis=0, out=out, mode="clip")
        else:
            super()._gather(positions, out)
