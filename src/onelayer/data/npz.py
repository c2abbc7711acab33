"""``.npz`` with X and y, or with X_train, y_train, X_test, y_test (and X_val, y_val); names in any case.

The archive is read here rather than with `numpy.load`: members are measured before memory is taken, and object arrays,
which are pickles, are never touched.
"""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .content import Content, Part
from .untrusted import MAX_ARRAY_BYTES, MAX_DEFLATE_RATIO, allocate, label, opened, read_exactly

__all__ = ["read_npz"]

_PARTS = {
    "all": ("x", "y"),
    "train": ("x_train", "y_train"),
    "test": ("x_test", "y_test"),
    "validation": ("x_val", "y_val"),
}
_HEADER_LIMIT = 10_000


def read_npz(path: Path) -> Content:
    """Read an archive of arrays.

    X: uint8 images (n, h, w) or (n, h, w, c), other integers of 0 to 255 in those shapes, or numbers (n, d) as
    features. y: integers or strings of shape (n,) or (n, 1). The classes are the different values in y, in order; with
    a member ``class_names``, y holds positions in it.

    Raises
    ------
    DataError
        If the archive is damaged, lacks X and y, or holds objects; if it unpacks to more than `MAX_ARRAY_BYTES` in all.
    """
    try:
        with opened(path) as (stream, size), zipfile.ZipFile(stream) as archive:
            members = _members(archive, size, path)
            pairs = {part: pair for part, pair in _PARTS.items() if set(pair) <= set(members)}
            pairs = {"all": pairs["all"]} if "all" in pairs else pairs
            if "train" not in pairs and "all" not in pairs:
                found = printable(", ".join(members)) or "nothing"
                raise DataError(f"{label(path)} must hold X and y, or X_train and y_train; it holds {found}.")
            arrays = {name: _read(archive, members[name], path) for pair in pairs.values() for name in pair}
            names = _read(archive, members["class_names"], path) if "class_names" in members else None
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
        raise DataError(f"{label(path)} is not a zip archive that can be read: {printable(str(error))}.") from error
    return _content(arrays, pairs, names, path)


def _members(archive: zipfile.ZipFile, size: int, path: Path) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise DataError(f"{label(path)}: {printable(info.filename)} is encrypted or compressed in an unusual way.")
        if info.file_size > size * MAX_DEFLATE_RATIO:
            raise DataError(
                f"{label(path)}: {printable(info.filename)} claims {info.file_size:,} bytes, more than it can."
            )
        members[info.filename.removesuffix(".npy").lower()] = info
    total = sum(info.file_size for info in members.values())
    if total > MAX_ARRAY_BYTES:
        raise DataError(f"{label(path)} unpacks to {total:,} bytes; the limit is {MAX_ARRAY_BYTES:,}.")
    return members


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    name = printable(info.filename)
    with archive.open(info) as stream:
        shape, fortran, dtype, header = _header(stream, name, path)
        if dtype.hasobject or dtype.names is not None or dtype.kind not in "biufUS":
            raise DataError(
                f"{label(path)}: {name} holds {printable(str(dtype))}; only numbers and strings can be read."
            )
        needed = math.prod(shape) * dtype.itemsize
        if header + needed != info.file_size:
            raise DataError(
                f"{label(path)}: {name} announces {needed:,} bytes of values and has {info.file_size - header:,}."
            )
        # Bytes first, type afterwards: what memoryview can't cast (strings, big endian) is read all the same.
        raw = allocate((needed,), np.uint8, f"{label(path)}: {name}")
        read_exactly(stream, raw, path, name)
    return np.ndarray(shape, dtype, buffer=raw, order="F" if fortran else "C")


def _header(stream: IO[bytes], name: str, path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, whether in Fortran order, dtype, and the length in bytes of the header."""
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version} of the format")
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers as Python 2 wrote them
            shape, fortran, dtype = reader(stream, max_header_size=_HEADER_LIMIT)
    # The header is Python text: NumPy parses it as a literal, and text can be wrong in all of these ways.
    except (ValueError, TypeError, SyntaxError, KeyError, MemoryError, RecursionError, tokenize.TokenError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise DataError(f"{label(path)}: {name} has no sound header ({reason}).") from error
    if any(type(size) is not int or size < 0 for size in shape):
        raise DataError(f"{label(path)}: {name} announces the shape {shape}.")
    return shape, fortran, dtype, stream.tell()


def _content(
    arrays: dict[str, NDArray[Any]], pairs: dict[str, tuple[str, str]], names: NDArray[Any] | None, path: Path
) -> Content:
    labels = {part: _labels(arrays[y], y, path) for part, (_, y) in pairs.items()}
    for part, (x, y) in pairs.items():
        if arrays[x].ndim == 0 or len(arrays[x]) != len(labels[part]):
            raise DataError(
                f"{label(path)}: {x} has the shape {arrays[x].shape} and {y} has {len(labels[part])} labels."
            )
    if names is None:
        values = np.unique(np.concatenate(list(labels.values())))
        labels = {part: np.searchsorted(values, y) for part, y in labels.items()}
        class_names = tuple(_text(value) for value in values)
    else:
        class_names = tuple(_text(value) for value in names.ravel())
        if any(y.dtype.kind not in "iu" for y in labels.values()):
            raise DataError(f"{label(path)}: with class_names, y must hold positions in it, as integers.")
    parts = {part: Part(_rows(arrays[x], x, path), labels[part].astype(np.int64)) for part, (x, _) in pairs.items()}
    if "test" not in parts and "validation" not in parts and "train" in parts:
        parts = {"all": parts["train"]}
    floats = any(part.X.dtype != np.uint8 for part in parts.values())
    return Content(parts, class_names, "npz", (path,), None if floats else (0.0, 255.0))


def _labels(y: NDArray[Any], name: str, path: Path) -> NDArray[Any]:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or len(y) == 0:
        raise DataError(f"{label(path)}: {name} must be one label a row, got the shape {y.shape}.")
    if y.dtype.kind == "f":
        if not (np.isfinite(y).all() and (y == np.floor(y)).all()):
            raise DataError(
                f"{label(path)}: {name} holds fractions, NaN or infinity; labels must be integers or strings."
            )
        y = y.astype(np.int64)
    return y


def _rows(X: NDArray[Any], name: str, path: Path) -> NDArray[Any]:
    if X.dtype.kind not in "biuf" or X.ndim not in (2, 3, 4):
        raise DataError(
            f"{label(path)}: {name} must be numbers, (n, d) or images (n, h, w) or (n, h, w, c); "
            f"got {X.dtype} {X.shape}."
        )
    if X.ndim > 2:
        if X.dtype.kind == "f" or (X.size and (X.min() < 0 or X.max() > 255)):
            raise DataError(
                f"{label(path)}: {name} holds images of {X.dtype}; images are integers 0 to 255. Convert them, or "
                "flatten them to (n, d) to use them as features."
            )
        X = X.astype(np.uint8, copy=False)
        return X[..., np.newaxis] if X.ndim == 3 else X
    if X.dtype == np.uint8:
        return X
    # Integers of 8 and 16 bits are exact in float32, wider ones are not.
    exact_in_single = X.dtype.itemsize <= (4 if X.dtype.kind == "f" else 2)
    return X.astype(np.float32 if exact_in_single else np.float64, copy=False)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
