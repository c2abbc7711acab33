"""A folder of class folders: every folder is a class, every image in it a row.

``ROOT/CLASS/*.png``, or with parts ``ROOT/train/CLASS/*.png`` and ``ROOT/test/…`` and so on, by the words of `parts`.
What an image is, its content says; a suffix only spares looking. Folders that hold nothing but one folder are gone
through, as archives often unpack to such. Everything else that lies there is left out and listed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from onelayer.errors import DataError, printable
from onelayer.storage.run_directory import RunDirectory

from .classes import Labels, class_order, distinct_names, normal_name
from .content import Content, Part, settle
from .image_formats import IMAGE_SUFFIXES, is_image, why_no_image
from .image_options import AS_FOUND, ImageOptions
from .images import Source
from .parts import divide, part_of
from .pictures import Pictures, decode_parts
from .provenance import LeftOut, Provenance
from .untrusted import as_text, label

__all__ = ["ClassFolders", "find_class_folders", "read_class_folders"]

_BATCH = 1024
_DEEPEST = 4
# What file managers and archives leave behind, and no one takes for a class or an image.
_OF_THE_SYSTEM = frozenset(
    {"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found", "__pycache__"}
    | {"thumbs.db", "ehthumbs.db", "desktop.ini"}
)
_NO_LOSS = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory"})
# Beside the folders of a set these describe it: nobody means them to be rows.
_TEXTS = frozenset(
    {".md", ".txt", ".rst", ".pdf", ".html", ".json", ".yaml", ".yml", ".csv", ".tsv", ".xml", ".py", ""}
)


class ClassFolders(NamedTuple):
    """The folder of each part, ``{"all": …}`` where there are none; and what lies beside them."""

    parts: dict[str, Path]
    left_out: tuple[LeftOut, ...]


class _Listing(NamedTuple):
    """What is in a folder, in the order of classes: folders, images, and anything else with why it is neither."""

    folders: list[Path]
    images: list[Path]
    others: list[tuple[Path, str]]


def find_class_folders(folder: Path) -> ClassFolders | None:
    """Return the folder of each part, None if ``folder`` has no images in folders.

    Raises
    ------
    DataError
        If it can't be told which folders are parts and which are classes.
    """
    root = _descend(folder)
    folders = _folders(root)
    classes = [path for path in folders if _has_image(path)]
    groups = [path for path in folders if _holds_classes(path)]
    if any(part_of(path.name) is None for path in classes):
        # Beside classes of other names a class may be called train or test, and have a folder in it.
        groups = [path for path in groups if path not in classes]
    named = [path for path in groups if part_of(path.name)]
    if len(named) == 1 and any(part_of(path.name) is None for path in classes):
        raise DataError(
            f"{label(named[0])} may be the {part_of(named[0].name)} part, or a class like "
            f"{label(Path(next(path.name for path in classes if part_of(path.name) is None)))} beside it. Rename it, "
            "or put the classes into the folder of a part."
        )
    if named:
        division = divide(groups, root)
        parts = {part: paths[0] for part, paths in division.parts.items()}
        left_out = (*_above(root, folder), *_beside(root, folder, parts.values()))
        return ClassFolders({part: _descend(path) for part, path in parts.items()}, left_out)
    if not classes:
        return None
    if all(part_of(path.name) for path in classes):
        raise DataError(
            f"{label(classes[0])} has images and no class folders: nothing says which class they are of. Put them "
            "into one folder for each class."
        )
    return ClassFolders({"all": root}, tuple(_above(root, folder)))


def read_class_folders(folder: Path, options: ImageOptions = AS_FOUND) -> Content:
    """Read the parts that `find_class_folders` finds.

    Classes are the folders in natural order of their names; a class is the same in all parts if its name is.

    Raises
    ------
    DataError
        If a class folder has no image, two have one name, a held-out part has a class that the training part lacks,
        images can't be decoded, or their sizes differ and no size is asked for.
    """
    found = find_class_folders(folder)
    if found is None:
        raise DataError(f"{label(folder)} has no class folders with images in them.")
    left_out = list(found.left_out)
    paths: dict[str, list[Path]] = {}
    labels: dict[str, list[tuple[str, Labels]]] = {}
    for part, place in found.parts.items():
        paths[part], own = _gather(place, folder, part, left_out)
        labels[part] = [(label(place), own)]
    settled = settle(labels)
    files = {part: (_name(place, folder) or as_text(folder.name),) for part, place in found.parts.items()}
    if "all" in settled.y:
        paths, files = {"all": next(iter(paths.values()))}, {"all": next(iter(files.values()))}
    sources = {part: _name(place, folder) or f"{as_text(folder.name)}/" for part, place in found.parts.items()}
    decoded = decode_parts({part: _pictures(paths[settled.origin(part)]) for part in settled.y}, options)
    return Content(
        {part: Part(decoded.arrays[part], y) for part, y in settled.y.items()},
        settled.class_names,
        "class folders",
        tuple(found.parts.values()),
        preparation=decoded.preparation,
        provenance=Provenance(
            {part: (sources[settled.origin(part)],) for part in settled.y},
            (*left_out, *settled.left_out),
            (*settled.notes, *decoded.notes),
            decoded.pictures,
        ),
    )


def _gather(place: Path, root: Path, part: str, left_out: list[LeftOut]) -> tuple[list[Path], Labels]:
    """Return the images of a part, class by class, and their labels."""
    listing = _list(place)
    left_out += [LeftOut(_name(path, root), "an image in no class folder") for path in listing.images]
    left_out += [LeftOut(_name(path, root), why) for path, why in _others_beside_folders(place)]
    names = distinct_names((as_text(path.name) for path in listing.folders), label(place))
    order = {name: i for i, name in enumerate(class_order(names))}
    folders = sorted(listing.folders, key=lambda path: order[normal_name(as_text(path.name))])
    paths: list[Path] = []
    y: list[int] = []
    for k, folder in enumerate(folders):
        within = _list(folder)
        left_out += [LeftOut(_name(path, root), "a folder in a class folder") for path in within.folders]
        left_out += [LeftOut(_name(path, root), why) for path, why in within.others]
        if not within.images:
            _check_may_be_empty(folder, within, part)
            left_out.append(LeftOut(_name(folder, root), "a class folder without images"))
        paths += within.images
        y += [k] * len(within.images)
    return paths, Labels(np.array(y, np.int64), tuple(order))


def _check_may_be_empty(folder: Path, within: _Listing, part: str) -> None:
    if part not in ("train", "all"):
        return
    if within.folders:
        raise DataError(
            f"Class folder {label(folder)} is empty: its files are in folders within it, such as "
            f"{label(Path(within.folders[0].name))}. Move them up."
        )
    reason = f" ({label(Path(within.others[0][0].name))}: {within.others[0][1]})" if within.others else ""
    raise DataError(f"Class folder {label(folder)} is empty: it has no image files{reason}. Fill it or remove it.")


def _pictures(paths: list[Path]) -> Pictures:
    def batches() -> Iterator[list[tuple[str, Source]]]:
        for start in range(0, len(paths), _BATCH):
            yield [(str(path), path) for path in paths[start : start + _BATCH]]

    return Pictures(len(paths), batches)


def _descend(folder: Path) -> Path:
    """Go through folders that hold one folder and no image, unless that one is a class or a part."""
    for _ in range(_DEEPEST):
        folders = _folders(folder)
        if len(folders) != 1 or _has_image(folder) or _has_image(folders[0]):
            break
        if part_of(folders[0].name) and not part_of(folder.name):
            break
        folder = folders[0]
    return folder


def _holds_classes(folder: Path) -> bool:
    return any(_has_image(path) for path in _folders(_descend(folder)))


def _above(root: Path, folder: Path) -> Iterator[LeftOut]:
    """Say what lies beside the folders that were gone through to ``root``."""
    place = root
    while place != folder:
        place = place.parent
        yield from (LeftOut(_name(path, folder), why) for path, why in _others_beside_folders(place))


def _beside(root: Path, folder: Path, parts: Collection[Path]) -> Iterator[LeftOut]:
    """Say what lies beside the folders of parts."""
    listing = _list(root)
    for path in listing.folders:
        if path not in parts:
            part = part_of(path.name)
            why = "no part by its name" if part is None else f"a {part} folder without class folders"
            yield LeftOut(_name(path, folder), why)
    yield from (LeftOut(_name(path, folder), "an image in no class folder") for path in listing.images)
    yield from (LeftOut(_name(path, folder), why) for path, why in _others_beside_folders(root))


def _others_beside_folders(folder: Path) -> list[tuple[Path, str]]:
    """Return what is neither folder nor image, without the texts that come with a set."""
    return [(path, why) for path, why in _list(folder).others if path.suffix.lower() not in _TEXTS]


def _has_image(folder: Path) -> bool:
    """Return whether a folder has an image; files are opened only if no suffix tells."""
    unknown = []
    for entry in _entries(folder):
        if _is_file(entry):
            if Path(entry.name).suffix.lower() in IMAGE_SUFFIXES:
                return True
            unknown.append(folder / entry.name)
    return any(map(is_image, unknown))


def _folders(folder: Path) -> list[Path]:
    names = class_order(entry.name for entry in _entries(folder) if _is_folder(entry))
    return [folder / name for name in names if not _holds_runs(folder / name)]


def _holds_runs(folder: Path) -> bool:
    """Return whether a folder is a run of onelayer, or has only such: training in a set's folder leaves one there."""
    if RunDirectory(folder).is_marked():
        return True
    entries = _entries(folder)
    return bool(entries) and all(_is_folder(one) and RunDirectory(folder / one.name).is_marked() for one in entries)


def _list(folder: Path) -> _Listing:
    listing = _Listing([], [], [])
    entries = {entry.name: entry for entry in _entries(folder, hidden=True)}
    for name in class_order(entries):
        path = folder / name
        if _is_hidden(name):
            if name.lower() not in _NO_LOSS:
                listing.others.append((path, "hidden"))
        elif _is_folder(entries[name]):
            if _holds_runs(path):
                listing.others.append((path, "runs of onelayer"))
            else:
                listing.folders.append(path)
        elif why := _why_no_image(entries[name], path):
            listing.others.append((path, why))
        else:
            listing.images.append(path)
    return listing


def _entries(folder: Path, *, hidden: bool = False) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if hidden or not _is_hidden(entry.name)]
    except OSError as error:
        raise DataError(f"{label(folder)} can't be listed: {printable(error.strerror or str(error))}.") from error


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _OF_THE_SYSTEM


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _why_no_image(entry: os.DirEntry[str], path: Path) -> str:
    if not _is_file(entry):
        return "a link that leads nowhere" if entry.is_symlink() else "no regular file"
    return "" if path.suffix.lower() in IMAGE_SUFFIXES else why_no_image(path)


def _name(path: Path, root: Path) -> str:
    """Return a path within the set, as text, a folder with a slash."""
    name = as_text(str(path.relative_to(root)))
    return "" if name == "." else name + "/" * path.is_dir()
