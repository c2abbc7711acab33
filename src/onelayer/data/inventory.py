"""What data there is, what is in it, and whether it is what it should be: plain dictionaries for the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from onelayer.errors import OnelayerError

from .catalog import CATALOG, CatalogEntry, find_entry
from .dataset import Dataset
from .image_options import AS_FOUND
from .load import assemble, find
from .locate import data_folder, find_by_name
from .official import checksum
from .splits import Splits
from .untrusted import label

__all__ = ["describe", "list_datasets", "verify_dataset"]


def list_datasets(data_dir: str | os.PathLike[str] | None = None) -> list[dict[str, Any]]:
    """List the catalog, and where each of its sets was found; nothing is downloaded or read.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``place`` (None if it has to be downloaded), ``format``, ``bytes`` (of the files found, or
        to download), and ``problem`` (text, where files were found that can't be used; else None).

    Examples
    --------
    >>> list_datasets()[0]["place"]
    'scikit-learn'
    """
    folder = data_folder(data_dir)
    return [_row(entry, folder) for entry in CATALOG.values()]


def _row(entry: CatalogEntry, folder: Path | None) -> dict[str, Any]:
    row: dict[str, Any] = {"name": entry.name, "title": entry.title, "place": None, "format": None, "problem": None}
    row["bytes"] = sum(file.size or 0 for file in entry.downloads) or None
    try:
        found = find_by_name(entry, folder)
    except OnelayerError as error:
        return {**row, "problem": str(error)}
    if found is None:
        return row
    files = [found.place] if found.place.is_file() else [path for path in found.place.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) or None
    return {**row, "place": label(found.place), "format": found.format, "bytes": size}


def describe(splits: Splits) -> dict[str, Any]:
    """Describe a loaded data set.

    Returns
    -------
    dict
        ``name``, ``title``, ``source``, ``official`` (True, False, or None for unknown), ``image_shape`` or
        ``features``, ``dtype``, ``value_range``, ``classes``, and ``splits``: for each part ``n``, ``class_counts``,
        ``fingerprint``. ``provenance`` has the files of each part, what was left out and why, what was decided, and of
        image files by part their smallest, median and largest size, how many are grey, and their formats.
    """
    train = splits.train
    return {
        "name": train.name,
        "title": train.title,
        "source": train.source,
        "official": train.official,
        "image_shape": train.image_shape,
        "features": None if train.image_shape else train.X.shape[1],
        "dtype": str(train.X.dtype),
        "value_range": train.value_range,
        "classes": list(train.class_names),
        "splits": {part: _part(dataset) for part, dataset in splits._asdict().items() if dataset is not None},
        "provenance": train.provenance.to_dict(),
    }


def _part(dataset: Dataset) -> dict[str, Any]:
    return {"n": dataset.n, "class_counts": dataset.class_counts.tolist(), "fingerprint": dataset.fingerprint}


def verify_dataset(name: str, data_dir: str | os.PathLike[str] | None = None) -> list[dict[str, Any]]:
    """Check the files of a catalog set, and then its content; nothing is downloaded.

    Returns
    -------
    list of dict
        One row a file, then one for the content of each part. ``item``, ``found`` (path), ``bytes``,
        ``expected_bytes``, ``digest``, ``expected_digest``, ``source`` (who gives the expected digest), and ``ok``:
        None where nothing is known to compare with. A file can differ where the content does not (another compression,
        say); what is trained on is the content.

    Raises
    ------
    ConfigError
        If no set is called so.
    DataError
        If it is not there, or can't be read.
    """
    entry, found = find(find_entry(name).name, data_dir, may_download=False)
    content = found.read(AS_FOUND)
    parts = assemble(entry, found, content)
    return [_verify_file(find_entry(name), path) for path in content.files if path.is_file()] + [
        _verify_part(find_entry(name), dataset) for dataset in parts.values()
    ]


def _verify_file(entry: CatalogEntry, path: Path) -> dict[str, Any]:
    known = next((member for member in entry.members if member.name == path.name), None)
    digest = checksum(path, known.checksum if known else "sha256:")
    return {
        "item": label(Path(path.name)),
        "found": label(path),
        "bytes": path.stat().st_size,
        "expected_bytes": known.size if known else None,
        "digest": digest,
        "expected_digest": known.checksum if known else None,
        "source": known.source if known else None,
        "ok": digest == known.checksum if known else None,
    }


def _verify_part(entry: CatalogEntry, dataset: Dataset) -> dict[str, Any]:
    expected = entry.fingerprints.get(dataset.split)
    return {
        "item": f"content of {dataset.split}",
        "found": dataset.source,
        "bytes": dataset.X.nbytes + dataset.y.nbytes,
        "expected_bytes": None,
        "digest": f"sha256:{dataset.fingerprint}",
        "expected_digest": f"sha256:{expected}" if expected else None,
        "source": "the official content, read by onelayer" if expected else None,
        "ok": dataset.official,
    }
