"""CIFAR-10 and CIFAR-100 in their official layouts, binary and Python (https://www.cs.toronto.edu/~kriz/cifar.html).

Binary: records of one label byte (CIFAR-100: coarse, then fine) and 3,072 bytes of pixels, channel by channel. Python:
a pickled dictionary a file, see `cifar_pickle`. CIFAR-100 is read with its 100 fine labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError

from .cifar_pickle import read_batch, read_names
from .content import Content, Part
from .untrusted import allocate, label, opened, read_exactly, read_small

__all__ = ["LAYOUTS", "CifarLayout", "find_cifar", "read_cifar"]

_PIXELS = 3072
_NAMES_LIMIT = 1 << 16


@dataclass(frozen=True)
class CifarLayout:
    """One of the four official layouts.

    Parameters
    ----------
    format : str
        For people.
    folder : str
        The folder that the official archive unpacks to.
    train, test : tuple of str
        File names; all files of a part have equally many rows.
    train_rows, test_rows : int
        Rows of each of those files.
    names : str
        The file of class names.
    n_classes : int
        10 or 100.
    label_bytes : int
        Binary: label bytes a record, the last of which counts. Python: 0.
    label_key, names_key : str
        Python: where labels and class names are.
    """

    format: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    train_rows: int
    test_rows: int
    names: str
    n_classes: int
    label_bytes: int = 0
    label_key: str = ""
    names_key: str = ""


_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))

LAYOUTS = (
    CifarLayout(
        "CIFAR-10 binary",
        "cifar-10-batches-bin",
        tuple(f"{name}.bin" for name in _BATCHES),
        ("test_batch.bin",),
        10_000,
        10_000,
        "batches.meta.txt",
        10,
        label_bytes=1,
    ),
    CifarLayout(
        "CIFAR-10 Python",
        "cifar-10-batches-py",
        _BATCHES,
        ("test_batch",),
        10_000,
        10_000,
        "batches.meta",
        10,
        label_key="labels",
        names_key="label_names",
    ),
    CifarLayout(
        "CIFAR-100 binary",
        "cifar-100-binary",
        ("train.bin",),
        ("test.bin",),
        50_000,
        10_000,
        "fine_label_names.txt",
        100,
        label_bytes=2,
    ),
    CifarLayout(
        "CIFAR-100 Python",
        "cifar-100-python",
        ("train",),
        ("test",),
        50_000,
        10_000,
        "meta",
        100,
        label_key="fine_labels",
        names_key="fine_label_names",
    ),
)


def find_cifar(folder: Path, formats: tuple[str, ...]) -> tuple[CifarLayout, Path] | None:
    """Return the first layout of these formats in ``folder``, or in its official folder under it, and where that is.

    Raises
    ------
    DataError
        If no layout is whole, and of one some files are there and others are not.
    """
    incomplete = ""
    for layout in (layout for layout in LAYOUTS if layout.format in formats):
        for place in (folder, folder / layout.folder):
            # CIFAR-100's Python files are called train and test: only with meta beside them are they CIFAR-100.
            wanted = (*layout.train, *layout.test, *((layout.names,) if layout.names == "meta" else ()))
            missing = [name for name in wanted if not (place / name).is_file()]
            if not missing:
                return layout, place
            if len(missing) < len(wanted) and layout.names != "meta":
                incomplete = f"{label(place)} is not the whole of {layout.format}: {', '.join(missing)} missing."
    if incomplete:
        raise DataError(incomplete)
    return None


def read_cifar(layout: CifarLayout, folder: Path) -> Content:
    """Read the training and test files of one layout; images are uint8 (n, 32, 32, 3).

    Raises
    ------
    DataError
        If a file is missing, of another length, damaged, or has a label out of range.
    """
    train = _read_part(layout, folder, layout.train, layout.train_rows)
    test = _read_part(layout, folder, layout.test, layout.test_rows)
    files = tuple(folder / name for name in (*layout.train, *layout.test))
    return Content({"train": train, "test": test}, _read_names(layout, folder), layout.format, files)


def _read_part(layout: CifarLayout, folder: Path, names: tuple[str, ...], rows: int) -> Part:
    X = allocate((len(names) * rows, 32, 32, 3), np.uint8, layout.format)
    y = np.empty(len(X), dtype=np.int64)
    for i, name in enumerate(names):
        if layout.label_bytes:
            pixels, labels = read_binary(folder / name, rows, layout.label_bytes)
        else:
            pixels, labels = read_batch(folder / name, rows, layout.label_key)
        _check_labels(labels, layout.n_classes, folder / name)
        place = slice(i * rows, (i + 1) * rows)
        X[place] = pixels.reshape(rows, 3, 32, 32).transpose(0, 2, 3, 1)
        y[place] = labels
    return Part(X, y)


def read_binary(path: Path, rows: int, label_bytes: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Read one binary batch: pixels (rows, 3072) as views of the records, labels (rows,).

    Raises
    ------
    DataError
        If the file has not exactly rows × (label_bytes + 3,072) bytes.
    """
    expected = rows * (label_bytes + _PIXELS)
    with opened(path) as (stream, size):
        if size != expected:
            raise DataError(
                f"{label(path)} has {size:,} bytes; {rows:,} records take {expected:,}. Fetch the file again."
            )
        records = allocate((rows, label_bytes + _PIXELS), np.uint8, label(path))
        read_exactly(stream, records, path, "its records")
    return records[:, label_bytes:], records[:, label_bytes - 1]


def _check_labels(labels: NDArray[Any], n_classes: int, path: Path) -> None:
    outside = (labels < 0) | (labels >= n_classes)
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(f"{label(path)}: label {labels[row]} of record {row} is out of range 0 to {n_classes - 1}.")


def _read_names(layout: CifarLayout, folder: Path) -> tuple[str, ...] | None:
    path = folder / layout.names
    if not path.is_file():
        return None
    if layout.label_bytes:
        names = tuple(read_small(path, _NAMES_LIMIT).decode("utf-8", "replace").split())
    else:
        names = read_names(path, layout.names_key)
    if len(names) != layout.n_classes:
        raise DataError(f"{label(path)} has {len(names)} class names; {layout.format} has {layout.n_classes}.")
    return names
