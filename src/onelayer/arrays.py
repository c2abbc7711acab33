"""Arrays: their type, the namespace they belong to, and memory that begins with a line of the cache."""

from __future__ import annotations

from math import prod
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import DTypeLike

__all__ = ["AnyArray", "Array", "aligned_empty", "namespace_of"]

Array: TypeAlias = np.ndarray[Any, Any]
"""An array of NumPy."""

AnyArray: TypeAlias = Any
"""An array of NumPy or of any other library that follows the array API standard: what losses and penalties take."""

_NUMPY: Any = array_namespace(np.empty(0))

LINE_BYTES = 64


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
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


def namespace_of(x: AnyArray) -> Any:
    """Return the array namespace of x; for NumPy's arrays at once, which a step of ten classes can feel.

    Examples
    --------
    >>> namespace_of(np.zeros(3)).__name__.rpartition(".")[2]
    'numpy'
    """
    return _NUMPY if type(x) is np.ndarray else array_namespace(x)
