"""IDX, the format of MNIST and of the sets made after it, compressed with gzip or not.

Layout (http://yann.lecun.com/exdb/mnist/): four bytes of magic (0, 0, type 8 = unsigned byte, number of dimensions),
one big-endian 32-bit size per dimension, then the bytes in C order. What a file is, its name says, as in
``train-images-idx3-ubyte.gz`` and ``emnist-letters-test-labels-idx1-ubyte``.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import sys
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .classes import Labels, labels_by_name
from .content import Content, Part, settle
from .parts import divide, part_and_rest, part_of, words_of
from .provenance import LeftOut, Provenance
from .untrusted import MAX_DEFLATE_RATIO, allocate, as_text, label, opened, read_exactly, read_small

__all__ = ["IdxFiles", "find_idx", "read_idx", "read_idx_folder"]

_KINDS = {"images": ("images", "image", "imgs"), "labels": ("labels", "label")}
_MAPPING_LIMIT = 1 << 16


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


class IdxFiles(NamedTuple):
    """Image and label file of each part, ``{"all": …}`` where names say none; and what lies beside them."""

    parts: dict[str, tuple[Path, Path]]
    left_out: tuple[LeftOut, ...]


def find_idx(folder: Path, prefix: str = "", *, whole: bool = False) -> IdxFiles | None:
    """Return the image and label file of each part in ``folder``, None if there is none.

    ``train-images-idx3-ubyte`` and ``train-images.idx3-ubyte``, each with or without ``.gz``, with any words before
    them, and other words for the part.

    Parameters
    ----------
    folder : Path
    prefix : str
        With what the names of the files begin, where there are several sets: ``"emnist-letters"``.
    whole : bool
        Whether there must be a training and a test part.

    Raises
    ------
    DataError
        If images are there without labels or labels without images, a part that has to be there is missing, or there
        are several sets.
    """
    found = _idx_files(folder, prefix)
    if not found:
        return None
    _check_one_prefix(folder, found)
    unpacked = [path for path in found if path.suffix != ".gz"]
    packed = [path for path in found if path.suffix == ".gz" and path.with_suffix("") in unpacked]
    kinds: dict[str, dict[str, Path]] = {}
    for kind in _KINDS:
        paths = [path for path in found if path not in packed and _kind_of(path) == kind]
        for part, files in divide(paths, folder).parts.items() if paths else ():
            if len(files) > 1:
                raise DataError(f"{label(files[0])} and {label(files[1])} can both be meant. Keep one of them.")
            kinds.setdefault(part, {})[kind] = files[0]
    for files_of_part in kinds.values():
        for kind, other in (("images", "labels"), ("labels", "images")):
            if kind not in files_of_part:
                _refuse(folder, _counterpart(files_of_part[other].name))
    if whole:
        for part, name in (("train", "train-images-idx3-ubyte"), ("test", "t10k-images-idx3-ubyte")):
            if part not in kinds:
                _refuse(folder, name)
    left_out = (LeftOut(as_text(path.name), "packed, beside the same unpacked") for path in packed)
    ordered = [part for part in ("all", "train", "validation", "test") if part in kinds]
    return IdxFiles({part: (kinds[part]["images"], kinds[part]["labels"]) for part in ordered}, tuple(left_out))


def _idx_files(folder: Path, prefix: str) -> list[Path]:
    """Return the IDX files in a folder, in the order of names; archives may unpack each into a folder of its name."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{label(folder)} can't be listed: {printable(error.strerror or str(error))}.") from error
    named = [path for path in entries if _kind_of(path) and path.name.lower().startswith(prefix.lower())]
    inner = (path / path.name if path.is_dir() else path for path in named)
    return [path for path in inner if path.is_file()]


def _kind_of(path: Path) -> str | None:
    """Return "images" or "labels" for a name that an IDX file may have."""
    words = words_of(path.name)
    if "idx" not in words and "ubyte" not in words:
        return None
    said = {kind for kind, known in _KINDS.items() if set(known) & set(part_and_rest(path.name)[1])}
    return said.pop() if len(said) == 1 else None


def _prefix_of(path: Path) -> str:
    """Return what stands before part and kind in a name."""
    words = words_of(path.name)
    known = {word for several in _KINDS.values() for word in several}
    first = next(i for i, word in enumerate(words) if part_of(word) or word in known)
    start = re.match(r"[\W_]*".join(map(re.escape, words[:first])), path.name, re.IGNORECASE)
    return start.group() if start else ""


def _check_one_prefix(folder: Path, found: list[Path]) -> None:
    prefixes = list(dict.fromkeys(map(_prefix_of, found)))
    if len(prefixes) > 1:
        names = ", ".join(printable(prefix or "no prefix", 40) for prefix in prefixes[:10])
        example = next(prefix for prefix in prefixes if prefix)
        raise DataError(f"{label(folder)} holds several sets: {names}. Name one, such as {label(folder / example)}.")


def _counterpart(name: str) -> str:
    """Return the name of the labels of images, or the other way round."""
    if "images" in name.lower():
        return re.sub("idx3", "idx1", re.sub("images", "labels", name, flags=re.IGNORECASE), flags=re.IGNORECASE)
    return re.sub("idx1", "idx3", re.sub("labels", "images", name, flags=re.IGNORECASE), flags=re.IGNORECASE)


def _refuse(folder: Path, missing: str) -> None:
    name = printable(missing.removesuffix(".gz"))
    raise DataError(
        f"{label(folder)} has IDX files but not {name} (or {name}.gz). Images and labels of each part must be there."
    )


def read_idx_folder(folder: Path, prefix: str = "", *, whole: bool = False) -> Content:
    """Read the files that `find_idx` finds: images (n, h, w, 1) of each part with their labels.

    Raises
    ------
    DataError
        If a file is missing or damaged, or the counts of images and labels differ.
    """
    found = find_idx(folder, prefix, whole=whole)
    if found is None:
        raise DataError(f"{label(folder)} has no IDX files.")
    images: dict[str, NDArray[np.uint8]] = {}
    labels: dict[str, list[tuple[str, Labels]]] = {}
    notes: list[str] = []
    for part, (x, y) in found.parts.items():
        images[part], values = read_idx(x, 3), read_idx(y, 1)
        if len(images[part]) != len(values):
            raise DataError(
                f"{label(x)} has {len(images[part]):,} images and {label(y)} {len(values):,} labels; "
                "they must be as many."
            )
        if "emnist" in words_of(x.name):
            images[part] = np.ascontiguousarray(images[part].transpose(0, 2, 1))
            notes = ["EMNIST's files hold images with rows and columns exchanged; they are read the right way up"]
        labels[part] = [(label(y), _named(values.astype(np.int64), _mapping(x)))]
    settled = settle(labels)
    parts = {part: Part(images[settled.origin(part)][..., np.newaxis], y) for part, y in settled.y.items()}
    used = {part: found.parts[settled.origin(part)] for part in parts}
    return Content(
        parts,
        settled.class_names,
        "IDX",
        tuple(path for pair in used.values() for path in pair),
        provenance=Provenance(
            {part: tuple(as_text(path.name) for path in pair) for part, pair in used.items()},
            (*found.left_out, *settled.left_out),
            (*notes, *settled.notes),
        ),
    )


def _mapping(images: Path) -> dict[int, str]:
    """Return the names that EMNIST's file beside the images gives labels: a label and its characters' codes a line."""
    path = images.with_name(f"{_prefix_of(images)}-mapping.txt")
    if not path.is_file():
        return {}
    names = {}
    for line in read_small(path, _MAPPING_LIMIT).decode("ascii", "replace").splitlines():
        numbers = line.split()
        if len(numbers) < 2 or not all(number.isdecimal() and len(number) < 7 for number in numbers):
            continue
        names[int(numbers[0])] = "".join(chr(int(code)) for code in numbers[1:] if int(code) <= sys.maxunicode)
    return names


def _named(y: NDArray[np.int64], names: dict[int, str]) -> Labels:
    distinct, positions = np.unique(y, return_inverse=True)
    if not all(value in names for value in distinct.tolist()):
        return Labels(y)
    return labels_by_name([names[value] for value in distinct.tolist()], positions)
