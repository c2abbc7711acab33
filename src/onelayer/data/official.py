"""Whether content is that of the official set, decided by what can be proved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError

from .catalog import CATALOG, CatalogEntry
from .dataset import Dataset
from .untrusted import label, opened

__all__ = ["check_identity", "checksum", "is_official", "pixel_sums"]


def is_official(entry: CatalogEntry, parts: dict[str, Dataset], files: Iterable[Path]) -> bool | None:
    """Return True or False where it can be proved, None where it can't.

    Known fingerprints decide. Without them, other pixel sums than the official ones prove that it is not; the checksums
    of all files that were read prove that it is.
    """
    if entry.fingerprints:
        return {name: part.fingerprint for name, part in parts.items()} == dict(entry.fingerprints)
    if "train" not in parts or pixel_sums(parts["train"].X) != entry.pixel_sums:
        return False
    known = {member.name: member.checksum for member in entry.members}
    matches = [path.name in known and checksum(path, known[path.name]) == known[path.name] for path in files]
    return True if matches and all(matches) else None


def check_identity(entry: CatalogEntry, parts: dict[str, Dataset], place: Path) -> None:
    """Refuse what can't be the set asked for.

    Raises
    ------
    DataError
        If images have another shape, there are other classes, or it is known to be another set of the catalog.
    """
    first = next(iter(parts.values()))
    if first.image_shape != entry.image_shape or first.n_classes != len(entry.class_names):
        found = "×".join(map(str, first.X.shape[1:]))
        wanted = "×".join(map(str, entry.image_shape))
        raise DataError(
            f"{label(place)} is not {entry.name}: it has {found} in {first.n_classes} classes, {entry.name} has "
            f"{wanted} in {len(entry.class_names)}."
        )
    if "train" in parts:
        sums = pixel_sums(parts["train"].X)
        for other in CATALOG.values():
            if other is not entry and other.pixel_sums == sums:
                raise DataError(f"{label(place)} holds {other.name}, not {entry.name}. Name the folder {other.name}.")


def pixel_sums(X: NDArray[Any]) -> tuple[int, ...]:
    """Return the sum of each channel of images (n, h, w, c), exact."""
    totals = np.zeros(X.shape[-1], dtype=np.uint64)
    for start in range(0, len(X), 4096):
        # Rows of a block first, in 64 bits, then columns: fast along memory, and no copy of the images.
        totals += X[start : start + 4096].sum(axis=0, dtype=np.uint64).sum(axis=(0, 1))
    return tuple(int(total) for total in totals)


def checksum(path: Path, like: str) -> str:
    """Return ``"md5:…"`` or ``"sha256:…"`` of a file, by the algorithm that ``like`` starts with."""
    algorithm = like.partition(":")[0]
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with opened(path) as (stream, _):
        while block := stream.read(1 << 20):
            digest.update(block)
    return f"{algorithm}:{digest.hexdigest()}"
