"""``.npz``: rows and labels by the names of the arrays, of all parts in one file or of each part in its own.

``X`` and ``y``, ``images`` and ``labels``, ``data`` and ``target``; with a part in the name, ``X_train``, ``x_val``,
``train_images`` (MedMNIST) and so on, in any case; or a file for each part, ``train.npz``, whose name says it.

The archive is read here rather than with `numpy.load`: members are measured before memory is taken, and object arrays,
which are pickles, are never touched.
"""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .classes import Labels, declared_labels, read_labels, read_texts
from .content import Content, Part, settle
from .parts import Division, divide, part_and_rest
from .provenance import LeftOut, Provenance
from .untrusted import MAX_ARRAY_BYTES, MAX_DEFLATE_RATIO, allocate, as_text, label, opened, read_exactly

__all__ = ["find_npz", "read_npz", "read_npz_folder", "read_npz_parts"]

_KINDS = {
    "rows": ("x", "image", "images", "img", "imgs", "data", "feature", "features", "pixels", "input", "inputs"),
    "labels": ("y", "label", "labels", "target", "targets"),
}
_KIND_OF_WORD = {word: kind for kind, words in _KINDS.items() for word in words}
_CLASS_NAMES = ("class_names", "classnames", "label_names", "target_names", "classes", "names", "categories")
_HEADER_LIMIT = 10_000


class _Array(NamedTuple):
    """An array in an archive: the file, and the name that it has there."""

    path: Path
    key: str

    def __str__(self) -> str:
        return f"{label(self.path)}: {printable(self.key, 60)}"


class _Sources(NamedTuple):
    """What became rows and labels of a part, and the names of the classes, if the file has any."""

    rows: _Array
    labels: _Array
    names: _Array | None


def read_npz(path: Path) -> Content:
    """Read an archive of arrays.

    Rows: images (n, h, w), (n, h, w, c) or (n, c, h, w), or numbers (n, d) as features. Labels: integers or strings of
    shape (n,) or (n, 1). The classes are the different labels, in order; with an array ``class_names``, labels are
    positions in it.

    Raises
    ------
    DataError
        If the archive is damaged, lacks rows or labels, has several arrays that could be either, or holds objects; if
        it unpacks to more than `MAX_ARRAY_BYTES` in all.
    """
    return read_npz_parts({"all": [path]})


def find_npz(folder: Path) -> Division | None:
    """Return the archives of each part in a folder, None if there is none.

    Raises
    ------
    DataError
        If their names don't say one division into parts, or there are several sets.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".npz" and path.is_file())
    paths = [path for path in paths if not path.name.startswith(".")]
    return divide(paths, folder) if paths else None


def read_npz_folder(folder: Path) -> Content:
    """Read the archives that `find_npz` finds; a single one as `read_npz` does.

    Raises
    ------
    DataError
        As for `read_npz`.
    """
    found = find_npz(folder)
    if found is None:
        raise DataError(f"{label(folder)} has no .npz files.")
    if len(found.all_files) == 1:
        return read_npz(found.all_files[0])
    return read_npz_parts(found.parts, [LeftOut(as_text(path.name), "no part by its name") for path in found.others])


def read_npz_parts(files: Mapping[str, Sequence[Path]], left_out: Sequence[LeftOut] = ()) -> Content:
    """Read archives of arrays, several for one part one after another; ``"all"`` may have parts in itself.

    Raises
    ------
    DataError
        As for `read_npz`.
    """
    sources: dict[str, list[_Sources]] = {}
    unused = list(left_out)
    for part, paths in files.items():
        found = _find(paths, part, unused)
        for own, several in found.items():
            sources.setdefault(own, []).extend(several)
    labels = {part: [_labels_of(one) for one in several] for part, several in sources.items()}
    settled = settle(labels)
    parts = {}
    for part, y in settled.y.items():
        X = [_rows(_read(one.rows), one.rows) for one in sources[settled.origin(part)]]
        _check_same_shape(X, sources[settled.origin(part)])
        parts[part] = Part(X[0] if len(X) == 1 else np.concatenate(X), y)
        if len(parts[part].X) != len(y):
            one = sources[settled.origin(part)][0]
            raise DataError(f"{one.rows} has {len(parts[part].X):,} rows and {one.labels.key} {len(y):,} labels.")
    paths = tuple(path for several in files.values() for path in several)
    named_within = len(paths) == 1 and "all" not in parts
    names = {part: _names(sources[settled.origin(part)], named_within) for part in parts}
    class_names = settled.class_names
    if class_names is None:
        values = np.unique(np.concatenate([part.y for part in parts.values()]))
        parts = {name: Part(part.X, np.searchsorted(values, part.y).astype(np.int64)) for name, part in parts.items()}
        class_names = tuple(str(value) for value in values.tolist())
    return Content(
        parts,
        class_names,
        "npz",
        paths,
        provenance=Provenance(names, (*unused, *settled.left_out), settled.notes),
    )


def _names(sources: Sequence[_Sources], within: bool) -> tuple[str, ...]:
    return tuple(as_text(one.rows.key if within else one.rows.path.name) for one in sources)


def _find(paths: Sequence[Path], part: str, unused: list[LeftOut]) -> dict[str, list[_Sources]]:
    """Say which arrays of some files are rows and labels, by part."""
    keys = {path: list(_members_of(path)) for path in paths}
    if len(paths) > 1 and all(len(names) == 1 for names in keys.values()):
        # Rows and labels each in a file of their own: the files' names say which is which.
        named = [(_Array(path, names[0]), path.stem) for path, names in keys.items()]
        return _pairs(named, part, paths[0], unused)
    found: dict[str, list[_Sources]] = {}
    for path, names in keys.items():
        for own, sources in _pairs([(_Array(path, name), name) for name in names], part, path, unused).items():
            found.setdefault(own, []).extend(sources)
    return found


def _pairs(
    arrays: Sequence[tuple[_Array, str]], part: str, path: Path, unused: list[LeftOut]
) -> dict[str, list[_Sources]]:
    """Match rows with labels, part by part; ``arrays`` come with what their names are to be taken from."""
    slots: dict[tuple[str, str], list[_Array]] = {}
    names: list[_Array] = []
    for array, name in arrays:
        said, rest = part_and_rest(name)
        kinds = {_KIND_OF_WORD.get(word) for word in rest}
        if name.lower() in _CLASS_NAMES and not kinds <= set(_KINDS):
            names.append(array)
        elif len(kinds) == 1 and None not in kinds:
            slots.setdefault((said or part, kinds.pop() or ""), []).append(array)
        else:
            unused.append(LeftOut(_name(array), "neither rows nor labels by its name"))
    chosen = {slot: _one_of(several, unused) for slot, several in slots.items()}
    complete = {own for own, _ in chosen if {(own, "rows"), (own, "labels")} <= set(chosen)}
    for (own, kind), array in chosen.items():
        if own not in complete:
            unused.append(LeftOut(_name(array), "rows without labels" if kind == "rows" else "labels without rows"))
    if not complete or ("all" in complete and len(complete) > 1) or (part != "all" and complete != {part}):
        _refuse(arrays, complete, path)
    if len(names) > 1:
        raise DataError(f"{names[0]} and {names[1].key} may both be the names of classes. Keep one of them.")
    ordered = [own for own in ("all", "train", "validation", "test") if own in complete]
    return {own: [_Sources(chosen[own, "rows"], chosen[own, "labels"], names[0] if names else None)] for own in ordered}


def _one_of(several: list[_Array], unused: list[LeftOut]) -> _Array:
    """Return the array that has a plain name (X, y, X_train …) where several could be meant."""
    plain = [array for array in several if part_and_rest(array.key)[1] in (["x"], ["y"])]
    if len(several) > 1 and len(plain) != 1:
        names = ", ".join(printable(array.key, 60) for array in several)
        raise DataError(f"{label(several[0].path)} has several arrays that can be meant: {names}. Keep one of them.")
    chosen = plain[0] if len(several) > 1 else several[0]
    unused += [LeftOut(_name(array), f"beside {chosen.key}") for array in several if array is not chosen]
    return chosen


def _refuse(arrays: Sequence[tuple[_Array, str]], complete: set[str], path: Path) -> None:
    found = printable(", ".join(array.key for array, _ in arrays)) or "nothing"
    if complete:
        said = " and ".join("a whole set" if part == "all" else f"a {part} part" for part in sorted(complete))
        raise DataError(f"{label(path)} holds {said} ({found}). Keep the arrays of one of them, or of parts alone.")
    raise DataError(
        f"{label(path)} must hold X and y, or X_train and y_train (or images and labels, train_images and "
        f"train_labels); it holds {found}."
    )


def _name(array: _Array) -> str:
    return as_text(f"{array.path.name}: {array.key}")


def _labels_of(sources: _Sources) -> tuple[str, Labels]:
    where = str(sources.labels)
    labels = read_labels(_read(sources.labels), where)
    if sources.names is None:
        return where, labels
    names = _read(sources.names).ravel()
    if labels.names is not None:
        raise DataError(f"{where} holds text: with {sources.names.key}, labels must be positions in it, as integers.")
    spelled = read_texts(names, str(sources.names))
    return where, declared_labels(labels.y, spelled, str(sources.labels))


def _check_same_shape(X: Sequence[NDArray[Any]], sources: Sequence[_Sources]) -> None:
    for rows, one in zip(X, sources, strict=True):
        if rows.shape[1:] != X[0].shape[1:]:
            raise DataError(f"{one.rows} has rows of {rows.shape[1:]}, {sources[0].rows} of {X[0].shape[1:]}.")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, int]]:
    """Open an archive and yield it with its size; every failure to read it is a `DataError`."""
    try:
        with opened(path) as (stream, size), zipfile.ZipFile(stream) as archive:
            yield archive, size
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
        raise DataError(f"{label(path)} is not a zip archive that can be read: {printable(str(error))}.") from error


def _members_of(path: Path) -> dict[str, zipfile.ZipInfo]:
    with _opened(path) as (archive, size):
        return _members(archive, size, path)


def _read(array: _Array) -> NDArray[Any]:
    with _opened(array.path) as (archive, size):
        return _unpacked(archive, _members(archive, size, array.path)[array.key], array.path)


def _members(archive: zipfile.ZipFile, size: int, path: Path) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise DataError(f"{label(path)}: {printable(info.filename)} is encrypted or compressed in an unusual way.")
        if info.file_size > size * MAX_DEFLATE_RATIO:
            raise DataError(
                f"{label(path)}: {printable(info.filename)} claims {info.file_size:,} bytes, more than it can."
            )
        name = info.filename.removesuffix(".npy")
        if name in members:
            raise DataError(f"{label(path)} holds {printable(name)} twice. Write the file again.")
        members[name] = info
    total = sum(info.file_size for info in members.values())
    if total > MAX_ARRAY_BYTES:
        raise DataError(f"{label(path)} unpacks to {total:,} bytes; the limit is {MAX_ARRAY_BYTES:,}.")
    return members


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    name = printable(info.filename)
    with archive.open(info) as stream:
        shape, fortran, dtype, header = _header(stream, name, path)
        if dtype.hasobject or dtype.names is not None or dtype.kind not in "biufUS":
            raise DataError(
                f"{label(path)}: {name} holds {printable(str(dtype))}; only numbers and strings can be read. Of labels "
                "that are objects, save y.astype(str)."
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


def _rows(X: NDArray[Any], where: _Array) -> NDArray[Any]:
    if X.ndim == 0:
        raise DataError(f"{where} has the shape (): it is one number, not rows.")
    if X.dtype.kind not in "biuf" or X.ndim not in (2, 3, 4):
        raise DataError(
            f"{where} must be numbers, (n, d) or images (n, h, w) or (n, h, w, c); got {X.dtype} {X.shape}."
        )
    if X.ndim > 2 or X.dtype == np.uint8:
        return X
    # Integers of 8 and 16 bits are exact in float32, wider ones are not.
    exact_in_single = X.dtype.itemsize <= (4 if X.dtype.kind == "f" else 2)
    return X.astype(np.float32 if exact_in_single else np.float64, copy=False)
