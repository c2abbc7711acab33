"""Parquet in the image layout of the Hugging Face hub.

A column ``img`` or ``image`` of {bytes, path} and an integer column ``label`` (``fine_label`` in CIFAR-100), in one or
more files a part: ``train-00000-of-00001.parquet`` …. Class names are in the schema's metadata, where the writer put
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, MissingDependencyError, printable

from .content import Content, Part
from .image_options import AS_FOUND, ImageOptions
from .images import Source
from .pictures import Pictures, decode_parts
from .provenance import Provenance
from .untrusted import MAX_ARRAY_BYTES, label, opened

__all__ = ["find_parquet", "read_parquet_file", "read_parquet_folder"]

_PART = re.compile(r"(train|test|validation|valid|val|dev)(?![a-z])", re.IGNORECASE)
_SHARD = re.compile(r"-(\d{1,9})-of-(\d{1,9})\.parquet$")
_IMAGE_COLUMNS = ("img", "image")
_LABEL_COLUMNS = ("label", "labels", "fine_label")
_BATCH = 1024


class _Opened(NamedTuple):
    path: Path
    file: Any
    image: str
    label: str
    names: tuple[str, ...] | None


def find_parquet(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each part in ``folder`` or ``folder/data``, ``{}`` if there is none.

    Raises
    ------
    DataError
        If a part is written in several files and some are missing.
    """
    paths = sorted(folder.glob("*.parquet")) or sorted(folder.glob("data/*.parquet"))
    parts: dict[str, list[Path]] = {}
    for path in paths:
        match = _PART.match(path.name)
        word = match.group(1).lower() if match else "all"
        parts.setdefault(word if word in ("train", "test", "all") else "validation", []).append(path)
    for part, files in parts.items():
        _check_shards(part, files)
    named = {part: files for part, files in parts.items() if part != "all"}
    return named if "train" in named and len(named) > 1 else {"all": paths} if paths else {}


def _check_shards(part: str, files: list[Path]) -> None:
    for path in files:
        match = _SHARD.search(path.name)
        if match and int(match.group(2)) != len(files):
            raise DataError(
                f"{label(path)} is one of {int(match.group(2))} files of the part {part!r}, and {len(files)} are "
                "there. Fetch the missing ones."
            )


def read_parquet_folder(folder: Path, options: ImageOptions = AS_FOUND) -> Content:
    """Read the parts that `find_parquet` finds."""
    return _read(find_parquet(folder), options)


def read_parquet_file(path: Path, options: ImageOptions = AS_FOUND) -> Content:
    """Read one file, all of whose rows are one part.

    Raises
    ------
    MissingDependencyError
        If pyarrow is not installed.
    DataError
        If the file is damaged, lacks the columns, or a picture in it can't be decoded.
    """
    return _read({"all": [path]}, options)


def _read(parts: dict[str, list[Path]], options: ImageOptions) -> Content:
    arrow = _pyarrow()
    labels: dict[str, NDArray[np.int64]] = {}
    pictures: dict[str, Pictures] = {}
    names: tuple[str, ...] | None = None
    for part, paths in parts.items():
        files = [_open(arrow, path) for path in paths]
        labels[part] = np.concatenate([_labels(arrow, file) for file in files])
        pictures[part] = Pictures(len(labels[part]), partial(_batches, arrow, files))
        names = names or files[0].names
    decoded = decode_parts(pictures, options)
    return Content(
        {part: Part(decoded.arrays[part], y) for part, y in labels.items()},
        names,
        "Parquet",
        tuple(path for paths in parts.values() for path in paths),
        preparation=decoded.preparation,
        provenance=Provenance(notes=decoded.notes, pictures=decoded.pictures),
    )


def _pyarrow() -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingDependencyError(
            "Reading Parquet needs pyarrow, which is not installed. Install it with: "
            "python -m pip install 'onelayer[parquet]'"
        ) from None
    module: ModuleType = pyarrow
    return module


@contextmanager
def _reading(arrow: ModuleType, path: Path) -> Iterator[None]:
    """Turn everything that pyarrow raises of a damaged file into a `DataError`."""
    try:
        yield
    except DataError:
        raise
    except (arrow.ArrowException, OSError, ValueError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise DataError(f"{label(path)} is not a Parquet file that can be read: {reason}.") from error


def _open(arrow: ModuleType, path: Path) -> _Opened:
    with opened(path) as (_, size):
        pass
    with _reading(arrow, path):
        file = arrow.parquet.ParquetFile(path, memory_map=False, pre_buffer=False)
        schema, metadata = file.schema_arrow, file.metadata
        unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        columns = schema.names
        image = next((name for name in _IMAGE_COLUMNS if name in columns), None)
        target = next((name for name in _LABEL_COLUMNS if name in columns), None)
        if image is None or target is None:
            missing = "image column (img or image)" if image is None else "label column (label or fine_label)"
            raise DataError(f"{label(path)} has no {missing}; its columns are {printable(', '.join(columns))}.")
        _check_types(arrow, schema, image, target, path)
    # A row takes at least a byte, and no row group may unpack to more than an array may hold.
    if not 0 < metadata.num_rows <= size or not 0 <= unpacked <= MAX_ARRAY_BYTES:
        raise DataError(f"{label(path)} claims {metadata.num_rows:,} rows of {unpacked:,} bytes in a file of {size:,}.")
    return _Opened(path, file, image, target, _class_names(schema, target))


def _check_types(arrow: ModuleType, schema: Any, image: str, target: str, path: Path) -> None:
    image_type, label_type = schema.field(image).type, schema.field(target).type
    is_binary = arrow.types.is_binary, arrow.types.is_large_binary
    fields = {f.name: f.type for f in image_type} if arrow.types.is_struct(image_type) else {}
    if "bytes" not in fields or not any(test(fields["bytes"]) for test in is_binary):
        raise DataError(f"{label(path)}: column {image} must hold {{bytes, path}}, not {printable(str(image_type))}.")
    if not arrow.types.is_integer(label_type):
        raise DataError(f"{label(path)}: column {target} must hold integers, not {printable(str(label_type))}.")


def _class_names(schema: Any, target: str) -> tuple[str, ...] | None:
    """Return the names that the Hugging Face metadata gives the labels, if it is there and well formed."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])
        names = info["info"]["features"][target]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    well_formed = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    return tuple(names) if well_formed else None


def _labels(arrow: ModuleType, opened_file: _Opened) -> NDArray[np.int64]:
    path = opened_file.path
    with _reading(arrow, path):
        column = opened_file.file.read(columns=[opened_file.label]).column(0)
        if column.null_count:
            raise DataError(f"{label(path)}: {column.null_count:,} rows have no label.")
        y: NDArray[np.int64] = column.to_numpy().astype(np.int64)
    if len(y) != opened_file.file.metadata.num_rows:
        raise DataError(f"{label(path)} has {len(y):,} labels and claims {opened_file.file.metadata.num_rows:,} rows.")
    if y.min() < 0:
        row = int(y.argmin())
        raise DataError(f"{label(path)}: label {y[row]} at row {row} is out of range (labels start at 0).")
    return y


def _batches(arrow: ModuleType, files: list[_Opened]) -> Iterator[list[tuple[str, Source]]]:
    for opened_file in files:
        start = 0
        batches = opened_file.file.iter_batches(_BATCH, columns=[f"{opened_file.image}.bytes"], use_threads=False)
        while True:
            with _reading(arrow, opened_file.path):
                batch = next(batches, None)
            if batch is None:
                break
            yield _pictures(batch.column(0).field("bytes"), opened_file.path, start)
            start += batch.num_rows


def _pictures(column: Any, path: Path, start: int) -> list[tuple[str, Source]]:
    pictures: list[tuple[str, Source]] = []
    for row, value in enumerate(column.to_pylist(), start):
        if value is None:
            raise DataError(f"{label(path)}: row {row} has no image bytes (only a path, perhaps). Embed the images.")
        pictures.append((f"{path.name}, row {row}", value))
    return pictures
