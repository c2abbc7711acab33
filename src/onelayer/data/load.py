"""`load_dataset`: a name or a path in, the three parts of a data set out."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.conversion import plain_value
from onelayer.errors import ConfigError, DataError, DataWarning, did_you_mean, printable

from .catalog import CATALOG, CatalogEntry
from .content import Content
from .dataset import SPLITS, Dataset
from .download import download
from .image_arrays import settled_images
from .image_options import AS_FOUND, LONGEST_SIDE, ImageLayout, ImageOptions, ResizeMode
from .locate import Found, data_folder, find_by_name, find_by_path
from .official import check_identity, is_official
from .splits import Splits, stratified
from .untrusted import as_text, label

__all__ = ["assemble", "find", "load_dataset", "load_splits", "load_whole", "read_parts"]

_LARGEST_SEED = 2**32 - 1


def load_dataset(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    validation_fraction: float = 0.1,
    random_state: int = 0,
    resize: tuple[int, int] | None = None,
    resize_mode: ResizeMode | None = None,
    value_range: tuple[float, float] | None = None,
    image_layout: ImageLayout | None = None,
    download: bool = True,
    progress: bool = False,
) -> Splits:
    """Load a data set in three parts.

    Official splits are kept: the official test part is ``test``, and ``validation_fraction`` of the official training
    part is split off as ``validation`` (an official validation part is used as it is; with no test part it is
    ``test``). Sets without a split, or with a training part alone, are divided 60/20/20 into train, validation and
    test. Splits are stratified and seeded. Which folder or file is which part, its name says: see `parts`.

    Parameters
    ----------
    name_or_path : str or path
        A catalog name (``"digits"``, ``"mnist"``, ``"fashion-mnist"``, ``"cifar10"``, ``"cifar100"``), or the path of a
        folder of class folders, an ``.npz`` or ``.parquet`` file, a folder with four IDX files, or CIFAR batches.
    data_dir : path, optional
        Where named sets are looked for first; by default the folder that ``ONELAYER_DATA`` names. Then the user's
        cache.
    validation_fraction : float, default 0.1
        In [0, 1); 0 leaves the official training part whole, uncopied and in order, and ``validation`` is None.
    random_state : int, default 0
        Seed of the splits.
    resize : (int, int), optional
        Height and width for images of any size (folders of images, Parquet).
    resize_mode : {"stretch", "crop", "pad"}, optional
        How image files get that size: the whole picture stretched (default), its middle with the sides in proportion,
        or the whole picture in proportion with black bars.
    value_range : (float, float), optional
        What black and white are in the images; by default what the files or their values say.
    image_layout : {"channels-last", "channels-first"}, optional
        Whether arrays of images are (n, h, w, c) or (n, c, h, w); by default what their shape says.
    download : bool, default True
        Whether a named set that is not found may be downloaded into the cache.
    progress : bool, default False
        Whether to show on stderr how a download goes, and which file became which part.

    Returns
    -------
    Splits
        (train, validation, test).

    Raises
    ------
    ConfigError
        If an argument is unknown or out of range.
    DataError
        If the data is damaged, incomplete or can't be split.
    DownloadError
        If the set has to be downloaded and can't be.
    MissingDependencyError
        If it is Parquet and pyarrow is not installed.

    Warns
    -----
    DataWarning
        For what was left out, and for every note of the parts: what was taken for granted.

    Examples
    --------
    >>> train, validation, test = load_dataset("digits")
    >>> train.n, validation.n, test.n
    (1079, 359, 359)
    """
    options = ImageOptions(
        plain_value(resize), resize_mode, value_range=plain_value(value_range), image_layout=image_layout
    )
    splits = load_splits(
        name_or_path,
        options,
        data_dir=data_dir,
        validation_fraction=plain_value(validation_fraction),
        random_state=plain_value(random_state),
        download=download,
        progress=progress,
    )
    read = splits.train.provenance
    for note in (*filter(None, [read.left_out_line()]), *read.notes):
        warnings.warn(note, DataWarning, stacklevel=2)
    return splits


def load_splits(
    name_or_path: str | os.PathLike[str],
    options: ImageOptions = AS_FOUND,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    validation_fraction: float = 0.1,
    random_state: int = 0,
    download: bool = True,
    progress: bool = False,
) -> Splits:
    """Load a data set as `load_dataset` does, with images as ``options`` say; what is noted stays with the parts."""
    _check_arguments(validation_fraction, random_state, options)
    entry, found = find(name_or_path, data_dir, may_download=download, progress=progress)
    splits = _split(read_parts(entry, found, options), validation_fraction, random_state)
    if progress:
        _tell(splits.train)
    return splits


def load_whole(
    name_or_path: str | os.PathLike[str],
    options: ImageOptions = AS_FOUND,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> Dataset:
    """Load all rows of a data set as one, whatever its parts are: training rows first, then validation, then test.

    Raises
    ------
    ConfigError, DataError, DownloadError, MissingDependencyError
    """
    entry, found = find(name_or_path, data_dir, may_download=True, progress=progress)
    parts = read_parts(entry, found, options)
    several = [parts[part] for part in SPLITS if part in parts]
    first = several[0]
    if progress:
        _tell(first)
    if len(several) == 1:
        return replace(first, split="all")
    X = np.concatenate([part.X for part in several])
    return replace(first, X=X, y=np.concatenate([part.y for part in several]), split="all")


def _tell(part: Dataset) -> None:
    """Say on stderr which file became which part, where their names say one."""
    read = part.provenance
    if "all" not in read.files and (line := read.parts_line()):
        sys.stderr.write(printable(line, 1000) + "\n")


def _check_arguments(fraction: float, seed: int, options: ImageOptions) -> None:
    if options.resize is not None and max(options.resize) > LONGEST_SIDE:
        raise ConfigError(
            f"resize must be two sizes from 1 to {LONGEST_SIDE}, height and width, got {options.resize!r}."
        )
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)) or not 0 <= fraction < 1:
        raise ConfigError(f"validation_fraction must be in [0, 1), got {fraction!r}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed <= _LARGEST_SEED:
        raise ConfigError(f"random_state must be an integer from 0 to {_LARGEST_SEED}, got {seed!r}.")


def find(
    name_or_path: str | os.PathLike[str],
    data_dir: str | os.PathLike[str] | None,
    *,
    may_download: bool,
    progress: bool = False,
) -> tuple[CatalogEntry | None, Found]:
    """Find a set by catalog name (then with its entry) or by path; download a named one that is not there.

    Raises
    ------
    ConfigError
        If it is neither text nor a path.
    DataError
        If there is no such name or path, or the set is nowhere and may not be downloaded.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise ConfigError(f"A data set is a name or a path, not {printable(repr(name_or_path), 60)}.")
    entry = CATALOG.get(name_or_path) if isinstance(name_or_path, str) else None
    if entry is None:
        path = Path(os.path.expanduser(name_or_path))
        if not os.path.exists(path) and path.parent == Path():
            nearest = did_you_mean(str(path), CATALOG) or "."
            raise DataError(
                f"{printable(str(path))!r} is no data set and no path{nearest} Known sets are {', '.join(CATALOG)}."
            )
        return None, find_by_path(path)
    folder = data_folder(data_dir)
    found = find_by_name(entry, folder)
    if found is None and may_download:
        download(entry, progress=progress)
        found = find_by_name(entry, folder)
    if found is None:
        place = f"{label(folder)} or the cache" if folder else "the cache"
        raise DataError(f"{entry.name} is not in {place}, and may not be downloaded.")
    return entry, found


def read_parts(entry: CatalogEntry | None, found: Found, options: ImageOptions = AS_FOUND) -> dict[str, Dataset]:
    """Read what was found, whole: its parts by name, checked, with their provenance.

    Raises
    ------
    DataError
        If it is damaged or not the set that was asked for.
    """
    return assemble(entry, found, found.read(options), options)


def assemble(
    entry: CatalogEntry | None, found: Found, content: Content, options: ImageOptions = AS_FOUND
) -> dict[str, Dataset]:
    """Make data sets of what a reader returned.

    Raises
    ------
    DataError
        If parts don't fit each other, or it is not the set that was asked for.
    """
    place = found.place.resolve()
    name = entry.name if entry else as_text(place.stem if place.is_file() else place.name)
    content = settled_images(content, options, label(found.place), is_known=entry is not None)
    names, labels = _labels(content, entry, found)
    value_range = content.value_range or options.value_range or _range_of(content)
    source = f"{content.format} in {as_text(str(found.place))}" if found.format != "scikit-learn" else "scikit-learn"

    def build(official: bool | None) -> dict[str, Dataset]:
        return {
            part: Dataset(
                name,
                rows.X,
                labels[part],
                names,
                part,
                source,
                official,
                value_range,
                content.preparation,
                content.provenance,
            )
            for part, rows in content.parts.items()
        }

    parts = build(None)
    if entry is None:
        return parts
    if options.resize is None:
        check_identity(entry, parts, found.place)
    return build(is_official(entry, parts, content.files))


def _labels(
    content: Content, entry: CatalogEntry | None, found: Found
) -> tuple[tuple[str, ...], dict[str, NDArray[np.int64]]]:
    """Return class names and labels 0 … k − 1: the reader's names, else the catalog's, else the numbers that occur."""
    labels = {part: rows.y for part, rows in content.parts.items()}
    if content.class_names is not None:
        return content.class_names, labels
    values = np.unique(np.concatenate(list(labels.values())))
    if entry is not None:
        if values[-1] >= len(entry.class_names):
            raise DataError(
                f"{label(found.place)}: label {values[-1]} is out of range; {entry.name} has the labels 0 to "
                f"{len(entry.class_names) - 1}."
            )
        return entry.class_names, labels
    numbered = {part: np.searchsorted(values, y).astype(np.int64) for part, y in labels.items()}
    return tuple(str(value) for value in values), numbered


def _range_of(content: Content) -> tuple[float, float]:
    """Return the range of features: least and greatest training value, or of bytes theirs; test values count never."""
    X: NDArray[Any] = (content.parts.get("train") or next(iter(content.parts.values()))).X
    if X.dtype == np.uint8:
        return 0.0, 255.0
    if X.size == 0:
        return 0.0, 1.0  # the data set will be refused
    low, high = float(X.min()), float(X.max())
    return low, max(high, low + 1.0, float(np.nextafter(low, np.inf))) if high == low else high


def _split(parts: dict[str, Dataset], fraction: float, seed: int) -> Splits:
    if "all" in parts:
        drawn = stratified(parts["all"], {"test": 0.2, "validation": 0.2}, seed)
        return _named(drawn, "divided by chance into 60% train, 20% validation and 20% test")
    if "train" not in parts:
        first = next(iter(parts.values()))
        raise DataError(
            f"{first._label} has no training part. Evaluate a model on it, or name the folder or file to train on."
        )
    if "test" not in parts:
        parts = {"train": parts["train"], "test": parts["validation"]}
    if "validation" not in parts and fraction > 0:
        parts = {**parts, **stratified(parts["train"], {"validation": fraction}, seed)}
        return _named(parts, f"validation is {100 * fraction:.4g}% of the training part, drawn by chance")
    return _named(parts, "")


def _named(parts: dict[str, Dataset], division: str) -> Splits:
    read = parts["train"].provenance
    files = dict(read.files)
    if "validation" in files and parts["test"].split == "validation":
        files["test"] = files.pop("validation")
    provenance = replace(read, files=files, division=division)
    named = {name: replace(part, split=name, provenance=provenance) for name, part in parts.items()}
    return Splits(named["train"], named.get("validation"), named["test"])
