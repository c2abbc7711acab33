"""Where a data set lies and in which format: one table of formats, tried in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from onelayer.conversion import as_path
from onelayer.errors import ConfigError, DataError, printable

from .catalog import CatalogEntry
from .cifar import LAYOUTS, find_cifar, read_cifar
from .content import Content
from .digits import read_digits
from .folder import find_class_folders, read_class_folders
from .idx import find_idx, read_idx_folder
from .image_formats import IMAGE_SUFFIXES
from .image_options import ImageOptions
from .npz import find_npz, read_npz, read_npz_folder
from .parquet import find_parquet, read_parquet_file, read_parquet_folder
from .provenance import LeftOut
from .untrusted import as_text, label

__all__ = ["Found", "cache_folder", "data_folder", "find_by_name", "find_by_path"]


_DEEPEST = 4
_MOST_LOOKED_AT = 50
_DATA_SUFFIXES = IMAGE_SUFFIXES | {".npz", ".npy", ".parquet", ".gz", ".zip", ".tar"}


@dataclass(frozen=True)
class Found:
    """A data set on disk: where, in which format, and how to read it."""

    place: Path
    format: str
    read: Callable[[ImageOptions], Content]

    @property
    def holds_pictures(self) -> bool:
        """Whether its images are encoded pictures, which can be brought to any size and colour."""
        return self.format in ("class folders", "Parquet")


def data_folder(data_dir: str | os.PathLike[str] | None) -> Path | None:
    """Return ``data_dir``, else the folder that ``ONELAYER_DATA`` names, else None.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    named = data_dir if data_dir is not None else os.environ.get("ONELAYER_DATA") or None
    if named is None:
        return None
    folder = as_path(named, "data_dir").expanduser()
    if not os.path.isdir(folder):
        origin = "the data directory" if data_dir is not None else "ONELAYER_DATA"
        raise DataError(f"{label(folder)} ({origin}) is not a folder. Create it, or name another.")
    return folder


def cache_folder() -> Path:
    """Return the folder for downloaded sets: ``ONELAYER_CACHE``, else the user's cache as the platform has it."""
    if named := os.environ.get("ONELAYER_CACHE"):
        return Path(os.path.expanduser(named))
    import pooch

    return Path(pooch.os_cache("onelayer"))


def find_by_name(entry: CatalogEntry, data_dir: Path | None) -> Found | None:
    """Find a catalog set in the data directory, else in the cache; None if it has to be downloaded.

    In a directory, ``NAME/`` and ``NAME-*/`` come first and may have any format; so may the directory itself if it is
    so named. Otherwise the directory itself counts if it has files in the set's official layout.
    """
    if "scikit-learn" in entry.layouts:
        return Found(Path("scikit-learn"), "scikit-learn", _fixed_size(lambda: read_digits()))
    if data_dir is not None:
        for folder in _named_folders(data_dir, entry.name):
            if found := _find_in(folder):
                return found
        if found := _find_official(data_dir, entry.layouts, whole=True):
            return found
    try:
        return _find_official(cache_folder() / entry.name, entry.layouts, whole=True)
    except DataError:
        return None  # a download that was broken off: the next one completes it


def _named_folders(directory: Path, name: str) -> Iterator[Path]:
    if directory.name == name or directory.name.startswith(f"{name}-"):
        yield directory
    if (directory / name).is_dir():
        yield directory / name
    yield from sorted(path for path in directory.glob(f"{name}-*") if path.is_dir())


def find_by_path(path: Path) -> Found:
    """Find out what a path holds.

    A folder that holds nothing but one folder is gone through. Where IDX files of several sets are in one folder, the
    beginning of their names is the path: ``gzip/emnist-letters``.

    Raises
    ------
    DataError
        If there is nothing, or nothing in a format that can be read.
    """
    # os.path, unlike pathlib, answers no for names that can't exist or that may not be looked at.
    if os.path.isdir(path):
        if found := _find_within(path):
            return found
        raise DataError(
            f"{label(path)} holds no data set that can be read: no class folders with images, no IDX files, CIFAR "
            f"batches, .parquet or .npz.{_nearby(path)}"
        )
    if not os.path.exists(path):
        prefix = path.name
        if os.path.isdir(path.parent) and prefix and find_idx(path.parent, prefix):
            return Found(path.parent, "IDX", _fixed_size(lambda: read_idx_folder(path.parent, prefix)))
        raise DataError(f"{label(path)} does not exist.")
    if path.suffix.lower() == ".npz":
        return Found(path, "npz", _fixed_size(lambda: read_npz(path)))
    if path.suffix.lower() == ".parquet":
        return Found(path, "Parquet", lambda options: read_parquet_file(path, options))
    raise DataError(f"{label(path)} is none of the files that can be read: .npz, .parquet, or a folder.")


def _find_within(folder: Path) -> Found | None:
    """Find a set in a folder, or in the only folder of one that holds nothing else."""
    for _ in range(_DEEPEST):
        if found := _find_in(folder):
            return Found(found.place, found.format, _with_others_listed(found, folder))
        folders = _folders(folder)
        if len(folders) != 1:
            break
        folder = folders[0]
    return None


def _nearby(folder: Path) -> str:
    """Return a hint where several folders within this one hold a set each."""
    holders = []
    for path in _folders(folder)[:_MOST_LOOKED_AT]:
        with suppress(DataError):
            if _find_in(path):
                holders.append(printable(path.name, 40))
    return f" Folders in it do: {', '.join(holders[:5])}. Name one." if holders else ""


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))
    except OSError:
        return []


def _with_others_listed(found: Found, folder: Path) -> Callable[[ImageOptions], Content]:
    """Let a reader also say which data in its folder it left alone."""

    def read(options: ImageOptions) -> Content:
        content = found.read(options)
        if found.format not in ("IDX", "Parquet", "npz"):
            return content
        used = {path.relative_to(folder).parts[0] for path in content.files}
        used |= {one.name.partition("/")[0].partition(":")[0] for one in content.provenance.left_out}
        others = [path for path in sorted(folder.iterdir()) if path.name not in used and _may_be_data(path)]
        left_out = (LeftOut(as_text(path.name), f"beside the {found.format} files") for path in others)
        return replace(content, provenance=content.provenance.without(*left_out))

    return read


def _may_be_data(path: Path) -> bool:
    return not path.name.startswith((".", "__")) and (path.is_dir() or path.suffix.lower() in _DATA_SUFFIXES)


def _find_official(folder: Path, layouts: tuple[str, ...], *, whole: bool) -> Found | None:
    if "IDX" in layouts and find_idx(folder, whole=whole):
        return Found(folder, "IDX", _fixed_size(lambda: read_idx_folder(folder, whole=whole)))
    if cifar := find_cifar(folder, layouts):
        layout, place = cifar
        return Found(place, layout.format, _fixed_size(lambda: read_cifar(layout, place)))
    return None


def _find_in(folder: Path) -> Found | None:
    if found := _find_official(folder, ("IDX", *(layout.format for layout in LAYOUTS)), whole=False):
        return found
    if find_parquet(folder):
        return Found(folder, "Parquet", lambda options: read_parquet_folder(folder, options))
    archives = find_npz(folder)
    # Several archives whose names say nothing may be anything: beside class folders these are the set.
    if archives and (len(archives.all_files) == 1 or "all" not in archives.parts or not find_class_folders(folder)):
        place = folder if len(archives.all_files) > 1 else archives.all_files[0]
        return Found(place, "npz", _fixed_size(lambda: read_npz_folder(folder)))
    if find_class_folders(folder):
        return Found(folder, "class folders", lambda options: read_class_folders(folder, options))
    return None


def _fixed_size(read: Callable[[], Content]) -> Callable[[ImageOptions], Content]:
    def checked(options: ImageOptions) -> Content:
        if options.resize is not None:
            raise ConfigError("resize is for folders of images and for Parquet; images of this format have one size.")
        return read()

    return checked
