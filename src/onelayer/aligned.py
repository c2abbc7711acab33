"""Memory for rows that begin with a line of the cache."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

__all__ = ["aligned_empty"]

LINE_BYTES = 64


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray[Any, Any]:
    """Return an uninitialised array, as ``numpy.empty`` does, whose memory begins with a line of the cache.

    NumPy's own large arrays begin 16 bytes into one, so that of every row, or half row, whose size is a multiple of a
    line one line more has to be fetched. What is returned is a view of a few bytes more.

    Examples
    --------
    >>> aligned_empty((3, 32, 32, 3), np.uint8).ctypes.data % 64
    0
    """
    of_type = np.dtype(dtype)
    size = prod(shape) * of_type.itemsize
    memory = np.empty(size + LINE_BYTES, np.uint8)
    begin = -memory.ctypes.data % LINE_BYTES
    return memory[begin : begin + size].view(of_type).reshape(shape)
