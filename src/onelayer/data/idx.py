"""IDX, the format of MNIST and of the sets made after it, compressed with gzip or not.

Layout (http://yann.lecun.com/exdb/mnist/): four bytes of magic (0, 0, type 8 = unsigned byte, number of dimensions),
one big-endian 32-bit size per dimension, then the bytes in C order.
"""

from __future__ import annotations

import gzip
import math
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError

from .content import Content, Part
from .untrusted import MAX_DEFLATE_RATIO, allocate, label, opened, read_exactly

__all__ = ["find_idx", "read_idx", "read_idx_folder"]

_PARTS = {"train": ("train",), "test": ("t10k", "test")}


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        The file; gzip is recognised by its first two bytes.
    dimensions : int
        How many the file must have: 3 for images, 1 for labels.

    Raises
    ------
    DataError
        If the magic is another, or the length is not the one that the header announces.
    """
    with opened(path) as (stream, size):
        compressed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        if compressed:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                return _read(unpacked, size * MAX_DEFLATE_RATIO, dimensions, path)
        return _read(stream, size, dimensions, path)


def _read(stream: IO[bytes] | gzip.GzipFile, most: int, dimensions: int, path: Path) -> NDArray[np.uint8]:
    header = stream.read(4 + 4 * dimensions)
    expected = bytes([0, 0, 8, dimensions])
    if header[:4] != expected:
        raise DataError(
            f"{label(path)} is not the IDX file expected: it starts with {header[:4].hex() or 'nothing'}, "
            f"{'images' if dimensions == 3 else 'labels'} start with {expected.hex()}."
        )
    if len(header) < 4 + 4 * dimensions:
        raise DataError(f"{label(path)} is truncated: its header ends after {len(header)} bytes. Fetch the file again.")
    shape: tuple[int, ...] = struct.unpack(f">{dimensions}I", header[4:])
    if 0 in shape:
        raise DataError(f"{label(path)} is empty: its header announces the shape {shape}.")
    if math.prod(shape) > most - len(header):
        raise DataError(
            f"{label(path)} is truncated: its header announces {math.prod(shape):,} bytes, more than the file can hold."
        )
    values = allocate(shape, np.uint8, label(path))
    read_exactly(stream, values, path, "its values")
    return values


def find_idx(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Return the image and label file of each part in ``folder``, ``{}`` if there is none.

    ``train-images-idx3-ubyte`` and ``train-images.idx3-ubyte``, each with or without ``.gz``, and ``t10k`` or ``test``
    in place of ``train``.

    Raises
    ------
    DataError
        If some of the four files are there and others are not.
    """
    found: dict[str, tuple[Path | None, Path | None]] = {}
    for part, stems in _PARTS.items():
        found[part] = (_first(folder, stems, "images", 3), _first(folder, stems, "labels", 1))
    if all(path is None for pair in found.values() for path in pair):
        return {}
    complete: dict[str, tuple[Path, Path]] = {}
    for part, (images, labels) in found.items():
        if images is None or labels is None:
            kind, dims = ("images", 3) if images is None else ("labels", 1)
            missing = f"{_PARTS[part][0]}-{kind}-idx{dims}-ubyte"
            raise DataError(f"{label(folder)} has IDX files but not {missing} (or {missing}.gz). Put all four there.")
        complete[part] = (images, labels)
    return complete


def _first(folder: Path, stems: tuple[str, ...], kind: str, dimensions: int) -> Path | None:
    names = [f"{s}-{kind}{dot}idx{dimensions}-ubyte{gz}" for s in stems for dot in "-." for gz in ("", ".gz")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def read_idx_folder(folder: Path) -> Content:
    """Read the four files: training and test images (n, h, w, 1) with their labels.

    Raises
    ------
    DataError
        If a file is missing or damaged, or the counts of images and labels differ.
    """
    parts: dict[str, Part] = {}
    files: list[Path] = []
    for part, (images, labels) in find_idx(folder).items():
        y: NDArray[Any] = read_idx(labels, 1)
        X = read_idx(images, 3)
        if len(X) != len(y):
            raise DataError(
                f"{label(images)} has {len(X):,} images and {label(labels)} {len(y):,} labels; they must be as many."
            )
        parts[part] = Part(X[..., np.newaxis], y.astype(np.int64))
        files += [images, labels]
    return Content(parts, None, "IDX", tuple(files))
