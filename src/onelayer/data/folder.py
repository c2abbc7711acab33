"""A folder of class folders: every folder is a class, every image in it a row.

``ROOT/CLASS/*.png``, or with splits ``ROOT/train/CLASS/*.png`` and ``ROOT/test/…``, ``ROOT/val/…`` or
``ROOT/validation/…``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError

from .content import Content, Part
from .image_formats import IMAGE_SUFFIXES
from .image_options import AS_FOUND, ImageOptions
from .images import Source
from .pictures import Pictures, decode_parts
from .provenance import Provenance
from .untrusted import as_text, label

__all__ = ["find_class_folders", "natural_key", "read_class_folders"]

_PARTS = {"train": "train", "test": "test", "val": "validation", "valid": "validation", "validation": "validation"}
_BATCH = 1024


def natural_key(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Sort key by which ``"class 2"`` comes before ``"class 10"``.

    Examples
    --------
    >>> sorted(["10", "9", "a"], key=natural_key)
    ['9', '10', 'a']
    """
    pieces = enumerate(re.split(r"([0-9]+)", name))
    # The name itself decides between "a1" and "a01", so that the order never depends on the file system's.
    return [(False, int(piece), "") if i % 2 else (True, 0, piece) for i, piece in pieces if piece], name


def find_class_folders(folder: Path) -> dict[str, Path]:
    """Return the folder of each part, ``{}`` if ``folder`` has no images in folders."""
    parts: dict[str, Path] = {}
    for path in _folders(folder):
        part = _PARTS.get(path.name.lower())
        if part and _folders(path):
            parts.setdefault(part, path)
    if "train" in parts and len(parts) > 1:
        return parts
    return {"all": folder} if any(_images(path) for path in _folders(folder)) else {}


def read_class_folders(folder: Path, options: ImageOptions = AS_FOUND) -> Content:
    """Read the parts that `find_class_folders` finds.

    Classes are the folders in natural order of their names; files that have no image suffix are left out.

    Raises
    ------
    DataError
        If a class folder is empty, parts have different classes, or images can't be decoded.
    """
    folders = find_class_folders(folder)
    if not folders:
        raise DataError(f"{label(folder)} has no class folders with images in them.")
    classes = {part: [path.name for path in _folders(place)] for part, place in folders.items()}
    names = classes.get("train") or classes["all"]
    for part, found in classes.items():
        if odd := sorted(set(found) ^ set(names)):
            raise DataError(
                f"{label(folders[part])} and the training folder differ in the class {label(Path(odd[0]))}."
            )
    listed = {part: _list_part(place) for part, place in folders.items()}
    decoded = decode_parts({part: pictures for part, (pictures, _) in listed.items()}, options)
    return Content(
        {part: Part(decoded.arrays[part], y) for part, (_, y) in listed.items()},
        tuple(as_text(name) for name in names),
        "class folders",
        tuple(folders.values()),
        preparation=decoded.preparation,
        provenance=Provenance(notes=decoded.notes, pictures=decoded.pictures),
    )


def _list_part(place: Path) -> tuple[Pictures, NDArray[np.int64]]:
    paths: list[Path] = []
    counts: list[int] = []
    for folder in _folders(place):
        images = _images(folder)
        if not images:
            raise DataError(f"Class folder {label(folder)} is empty: it has no image files. Fill it or remove it.")
        paths += images
        counts.append(len(images))

    def batches() -> Iterator[list[tuple[str, Source]]]:
        for start in range(0, len(paths), _BATCH):
            yield [(str(path), path) for path in paths[start : start + _BATCH]]

    return Pictures(len(paths), batches), np.repeat(np.arange(len(counts), dtype=np.int64), counts)


def _folders(folder: Path) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(f"{label(folder)} can't be listed: {error.strerror}.") from error
    return sorted(paths, key=lambda path: natural_key(path.name))


def _images(folder: Path) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()]
    except OSError as error:
        raise DataError(f"{label(folder)} can't be listed: {error.strerror}.") from error
    visible = [path for path in paths if not path.name.startswith(".")]
    return sorted(visible, key=lambda path: natural_key(path.name))
