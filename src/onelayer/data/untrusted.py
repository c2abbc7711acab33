"""Files that are not trusted: opened only if regular, measured before they are read, given memory up to a limit."""

from __future__ import annotations

import math
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from onelayer.arrays import aligned_empty
from onelayer.errors import DataError, printable

__all__ = [
    "MAX_ARRAY_BYTES",
    "MAX_DEFLATE_RATIO",
    "allocate",
    "as_text",
    "label",
    "opened",
    "read_exactly",
    "read_small",
]

MAX_ARRAY_BYTES = 8 << 30
"""The largest array that a reader makes from a file: 8 GiB."""

MAX_DEFLATE_RATIO = 1032
"""A byte of a deflate stream stands for at most 1032 (https://zlib.net/zlib_tech.html)."""


def label(path: Path) -> str:
    """Return a path as text fit for a message."""
    return printable(str(path))


def as_text(name: str) -> str:
    """Return the name of a file as proper text.

    File names are bytes; those that are no UTF-8 would break every file that they are later written to.
    """
    return os.fsencode(name).decode("utf-8", "replace")


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file and yield it with its size in bytes; every failure to read it is a `DataError`.

    Raises
    ------
    DataError
        If there is no such file, it is not a regular one (a pipe would block), or reading fails, inside the block too.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{label(path)} is not a regular file.")
        with path.open("rb") as stream:
            yield stream, os.fstat(stream.fileno()).st_size
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{label(path)} can't be read: {printable(reason)}. Fetch or write the file again.") from error


def read_small(path: Path, limit: int) -> bytes:
    """Return the bytes of a file of at most ``limit`` bytes."""
    with opened(path) as (stream, size):
        if size > limit:
            raise DataError(f"{label(path)} has {size:,} bytes, more than the {limit:,} that such a file may have.")
        return stream.read(size)


def read_exactly(stream: Any, out: NDArray[Any], path: Path, name: str) -> None:
    """Fill the C-contiguous array ``out`` from ``stream``, which must end right after it.

    Raises
    ------
    DataError
        If the stream is shorter or longer than the array.
    """
    buffer = out.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(buffer):
        count = stream.readinto(buffer[done : done + (1 << 24)])
        if not count:
            raise DataError(
                f"{label(path)} is truncated: {name} needs {len(buffer):,} bytes and only {done:,} are there. "
                "Fetch the file again."
            )
        done += count
    if stream.read(1):
        raise DataError(
            f"{label(path)} is too long: more follows the {len(buffer):,} bytes of {name} that its header announces."
        )


def allocate(shape: tuple[int, ...], dtype: DTypeLike, what: str) -> NDArray[Any]:
    """Return an uninitialised, aligned array, or refuse one over `MAX_ARRAY_BYTES` or that the machine can't hold.

    Raises
    ------
    DataError
        If the array is too large; ``what`` names it in the message.
    """
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    if needed > MAX_ARRAY_BYTES:
        raise DataError(
            f"{what} claims {' × '.join(map(str, shape))} values, {needed:,} bytes; "
            f"the limit is {MAX_ARRAY_BYTES:,}. Check the file, or use smaller images."
        )
    try:
        return aligned_empty(shape, dtype)
    except MemoryError:
        raise DataError(f"{what} needs {needed:,} bytes, which this machine does not have free.") from None
