"""Parquet files of encoded images with labels, in the layouts of the Hugging Face hub and as people write them.

A column of images, as bytes or as {bytes, path}, and a column of labels: whole numbers, text or truth values. Class
names are in the schema's metadata, where the writer put them; text is a name itself. One or more files a part:
``train-00000-of-00001.parquet``, ``mnist_test.parquet``, ``plain_text/train-…``, ``default/train/0000.parquet``; their
names say which part they are, see `parts`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from onelayer.errors import DataError, MissingDependencyError, printable

from .classes import UNLABELLED, Labels, declared_labels, labels_by_name, read_labels
from .content import Content, Part, settle
from .image_options import AS_FOUND, ImageOptions
from .images import Source
from .parts import Division, divide, shard_note
from .pictures import Pictures, decode_parts
from .provenance import LeftOut, Provenance
from .untrusted import MAX_ARRAY_BYTES, as_text, label, opened

__all__ = ["find_parquet", "read_parquet_file", "read_parquet_folder"]

_IMAGE_COLUMNS = ("img", "image", "images", "picture", "photo", "jpg", "jpeg", "png", "webp", "bytes")
_LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "targets", "class", "class_name", "category", "y")
_DEEPEST = 3
_BATCH = 1024


class _Opened(NamedTuple):
    path: Path
    file: Any
    image: str
    label: str
    names: tuple[str, ...] | None
    notes: tuple[str, ...]


def find_parquet(folder: Path) -> Division | None:
    """Return the files of each part, None if there is none: those in ``folder``, else those in folders within it.

    Raises
    ------
    DataError
        If the names don't say one division into parts, there are several sets, or a part is written in several files
        and some are missing.
    """
    found = _files_in(folder)
    nearest = [path for path in found if path.parent == folder]
    if not found:
        return None
    division = divide(nearest or found, folder)
    deeper = [path for path in found if path.parent != folder] if nearest else []
    return Division(division.parts, [*division.others, *deeper])


def _files_in(folder: Path) -> list[Path]:
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        if len(Path(place).relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        paths = (Path(place, name) for name in files if name.lower().endswith(".parquet") and not name.startswith("."))
        found += sorted(path for path in paths if path.is_file())
    return found


def read_parquet_folder(folder: Path, options: ImageOptions = AS_FOUND) -> Content:
    """Read the parts that `find_parquet` finds.

    Raises
    ------
    DataError
        As for `read_parquet_file`, or if the files of parts don't agree on what their labels mean.
    """
    division = find_parquet(folder)
    if division is None:
        raise DataError(f"{label(folder)} has no .parquet files.")
    left_out = [LeftOut(as_text(str(path.relative_to(folder))), "no part by its name") for path in division.others]
    return _read(division.parts, options, folder, Provenance(left_out=tuple(left_out)))


def read_parquet_file(path: Path, options: ImageOptions = AS_FOUND) -> Content:
    """Read one file, all of whose rows are one part.

    Raises
    ------
    MissingDependencyError
        If pyarrow is not installed.
    DataError
        If the file is damaged, lacks the columns, or a picture in it can't be decoded.
    """
    note = shard_note(path)
    return _read({"all": [path]}, options, path.parent, Provenance(notes=(note,) if note else ()))


def _read(parts: Mapping[str, Sequence[Path]], options: ImageOptions, root: Path, provenance: Provenance) -> Content:
    arrow = _pyarrow()
    files = {part: [_open(arrow, path) for path in paths] for part, paths in parts.items()}
    settled = settle({part: [_labels(arrow, file) for file in several] for part, several in files.items()})
    used = {part: files[settled.origin(part)] for part in settled.y}
    decoded = decode_parts(
        {part: Pictures(len(y), partial(_batches, arrow, used[part])) for part, y in settled.y.items()}, options
    )
    notes = dict.fromkeys(note for several in files.values() for file in several for note in file.notes)
    return Content(
        {part: Part(decoded.arrays[part], y) for part, y in settled.y.items()},
        settled.class_names,
        "Parquet",
        tuple(file.path for several in used.values() for file in several),
        preparation=decoded.preparation,
        provenance=Provenance(
            {part: tuple(as_text(str(file.path.relative_to(root))) for file in used[part]) for part in used},
            (*provenance.left_out, *settled.left_out),
            (*provenance.notes, *notes, *settled.notes, *decoded.notes),
            decoded.pictures,
        ),
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
        declared = _declared(schema)
        image = _image_column(arrow, schema, declared, path)
        target, note = _label_column(arrow, schema, declared, image, path)
    # A row takes at least a byte, and no row group may unpack to more than an array may hold.
    if not 0 < metadata.num_rows <= size or not 0 <= unpacked <= MAX_ARRAY_BYTES:
        raise DataError(f"{label(path)} claims {metadata.num_rows:,} rows of {unpacked:,} bytes in a file of {size:,}.")
    return _Opened(path, file, image, target, _class_names(declared, target), note)


def _image_column(arrow: ModuleType, schema: Any, declared: Mapping[str, Any], path: Path) -> str:
    """Return the column of images: by its name, else by its declared type, else the only one that can be it."""
    usable = [name for name in schema.names if _bytes_of(arrow, schema.field(name).type) is not None]
    named = _by_name(schema.names, _IMAGE_COLUMNS)
    typed = [name for name in usable if _type_of(declared, name) == "Image"]
    candidates = [name for name in named if name in usable][:1] or typed or usable
    return _only(candidates, "image", "{bytes, path} or bytes", named, schema, path)


def _label_column(
    arrow: ModuleType, schema: Any, declared: Mapping[str, Any], image: str, path: Path
) -> tuple[str, tuple[str, ...]]:
    """Return the column of labels, found as that of images is, and a note if another could be meant."""
    usable = [name for name in schema.names if name != image and _is_label(arrow, schema.field(name).type)]
    named = _by_name(schema.names, _LABEL_COLUMNS)
    typed = [name for name in usable if _type_of(declared, name) == "ClassLabel"]
    fitting = [name for name in named if name in usable]
    chosen = _only(fitting[:1] or typed or usable, "label", "integers, text or truth values", named, schema, path)
    others = [name for name in dict.fromkeys((*fitting, *typed)) if name != chosen]
    if not others:
        return chosen, ()
    return chosen, (
        f"labels are those of the column {printable(chosen, 60)}, not of {printable(', '.join(others), 60)}; to take "
        "others, rename that column to label",
    )


def _only(candidates: Sequence[str], what: str, form: str, named: Sequence[str], schema: Any, path: Path) -> str:
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = printable(", ".join(candidates))
        raise DataError(f"{label(path)} has several columns that can be meant: {names}. Name one of them {what}.")
    if named:
        kind = printable(str(schema.field(named[0]).type), 60)
        raise DataError(f"{label(path)}: column {named[0]} must hold {form}, not {kind}.")
    columns = printable(", ".join(schema.names))
    raise DataError(f"{label(path)} has no {what} column, which holds {form}; its columns are {columns}.")


def _by_name(names: Sequence[str], known: Sequence[str]) -> list[str]:
    lower = {name.lower(): name for name in reversed(names)}
    return [lower[name] for name in known if name in lower]


def _bytes_of(arrow: ModuleType, kind: Any) -> str | None:
    """Return the field of a column that holds encoded images, "" for the column itself, None if it can't."""
    is_binary = arrow.types.is_binary, arrow.types.is_large_binary
    if any(test(kind) for test in is_binary):
        return ""
    fields = {field.name: field.type for field in kind} if arrow.types.is_struct(kind) else {}
    return "bytes" if "bytes" in fields and any(test(fields["bytes"]) for test in is_binary) else None


def _is_label(arrow: ModuleType, kind: Any) -> bool:
    types = arrow.types
    plain = kind.value_type if types.is_dictionary(kind) else kind
    tests = (types.is_integer, types.is_boolean, types.is_string, types.is_large_string, types.is_floating)
    return any(test(plain) for test in (*tests, types.is_null))


def _declared(schema: Any) -> Mapping[str, Any]:
    """Return what Hugging Face's metadata says of the columns, if it is there and well formed."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _type_of(declared: Mapping[str, Any], column: str) -> Any:
    about = declared.get(column)
    return about.get("_type") if isinstance(about, dict) else None


def _class_names(declared: Mapping[str, Any], target: str) -> tuple[str, ...] | None:
    about = declared.get(target)
    names = about.get("names") if isinstance(about, dict) else None
    well_formed = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    return tuple(names) if well_formed and names else None


def _labels(arrow: ModuleType, opened_file: _Opened) -> tuple[str, Labels]:
    where = label(opened_file.path)
    rows = opened_file.file.metadata.num_rows
    with _reading(arrow, opened_file.path):
        column = opened_file.file.read(columns=[opened_file.label]).column(0)
        if len(column) != rows:
            raise DataError(f"{where} has {len(column):,} labels and claims {rows:,} rows.")
        if column.null_count == rows:
            return where, Labels(np.full(rows, UNLABELLED, np.int64))
        if column.null_count:
            raise DataError(f"{where}: {column.null_count:,} rows have no label. Label them, or remove them.")
        if arrow.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type):
            # By its few different values: an array of all would have the width of the longest.
            coded = column.combine_chunks().dictionary_encode()
            return where, labels_by_name(coded.dictionary.to_pylist(), coded.indices.to_numpy())
        labels = read_labels(column.to_numpy(), where)
    if opened_file.names is None or labels.names is not None:
        return where, labels
    return where, declared_labels(labels.y, opened_file.names, where)


def _batches(arrow: ModuleType, files: list[_Opened]) -> Iterator[list[tuple[str, Source]]]:
    for opened_file in files:
        start = 0
        field = _bytes_of(arrow, opened_file.file.schema_arrow.field(opened_file.image).type)
        column = f"{opened_file.image}.{field}" if field else opened_file.image
        batches = opened_file.file.iter_batches(_BATCH, columns=[column], use_threads=False)
        while True:
            with _reading(arrow, opened_file.path):
                batch = next(batches, None)
            if batch is None:
                break
            images = batch.column(0).field(field) if field else batch.column(0)
            yield _pictures(images, opened_file.path, start)
            start += batch.num_rows


def _pictures(column: Any, path: Path, start: int) -> list[tuple[str, Source]]:
    pictures: list[tuple[str, Source]] = []
    for row, value in enumerate(column.to_pylist(), start):
        if value is None:
            raise DataError(f"{label(path)}: row {row} has no image bytes (only a path, perhaps). Embed the images.")
        pictures.append((f"{path.name}, row {row}", value))
    return pictures
