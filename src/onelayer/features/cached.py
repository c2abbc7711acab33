"""Features that are computed once: fitted and turned into rows through a cache on disk, keyed by content.

Rows are found again by what the images are (their numbers, not their names) and what the features are: names,
parameters, learned arrays, the version of their formulas, and the engine that computes them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.data.locate import cache_folder
from onelayer.errors import ConfigError, InputError
from onelayer.features.base import ImageFeatures
from onelayer.features.blocks import slices
from onelayer.features.composed import Composed
from onelayer.features.naming import describe_features
from onelayer.storage.cache import ArrayCache, parse_size
from onelayer.storage.cached_arrays import ArrayBlocks
from onelayer.version import __version__

__all__ = ["compute_rows", "default_cache", "fit_features"]

DEFAULT_LIMIT: Final = "10G"
_IMAGES_AT_ONCE: Final = 1024
_ROWS: Final = "rows"


def default_cache(folder: Path | None = None, tell: Callable[[str], None] = lambda line: None) -> ArrayCache | None:
    """Return the cache for features: in ``folder``, else in ``ONELAYER_CACHE``, else in the user's cache.

    ``ONELAYER_CACHE_SIZE`` bounds it, 10 GB unless set; 0 turns it off, and None is returned.

    Raises
    ------
    ConfigError
        If that is not a size.
    """
    try:
        limit = parse_size(os.environ.get("ONELAYER_CACHE_SIZE") or DEFAULT_LIMIT)
    except ConfigError as error:
        raise ConfigError(f"ONELAYER_CACHE_SIZE: {error}") from None
    return ArrayCache((folder or cache_folder()) / "features", limit, tell) if limit else None


def fit_features(features: ImageFeatures, images: Array, fingerprint: str, cache: ArrayCache | None) -> None:
    """Fit features on images; what they learn from these is computed once.

    Parameters
    ----------
    features : ImageFeatures
    images : array of shape (n, height, width, channels)
    fingerprint : str
        Says what the images are, by their content.
    cache : ArrayCache or None
        None computes everything anew; so do features that are not registered.

    Raises
    ------
    ConfigError, InputError, InputTypeError
        As ``fit``.
    """
    key = _key("learned", fingerprint, features) if features.learns else None
    if cache is None or key is None:
        features.fit_images(images)
        return
    found = cache.read(key)
    if found is not None:
        features.restore(images.shape[1:], found)
        return
    if isinstance(features, Composed):
        for part in features.parts.values():
            fit_features(part, images, fingerprint, cache)
        features.fit_on_rows(images.shape[1:], _rows_of_parts(features, images, fingerprint, cache))
    else:
        features.fit_images(images)
    arrays = {name: ArrayBlocks(array.shape, array.dtype, [array]) for name, array in features.state_arrays().items()}
    cache.keep(key, arrays, f"what {features.title} learned from {_count(images)}")


def compute_rows(
    features: ImageFeatures,
    images: Array,
    fingerprint: str,
    cache: ArrayCache | None,
    dtype: str = "auto",
) -> Array:
    """Return the rows (n, d) of images by features that are fitted; memory-mapped and read-only where they are cached.

    Pixels as they are are never kept: their rows are a view of the images.

    Parameters
    ----------
    features, images, fingerprint, cache
        As for :func:`fit_features`.
    dtype : {"auto", "float16", "float32"}
        What rows are rounded to; "auto" leaves them as they are computed.

    Raises
    ------
    InputError, InputTypeError
        As ``transform``; or a feature is too large for ``dtype``.
    """
    if features.keeps_pixels:
        return features.transform(images)
    key = _key(f"rows {dtype}", fingerprint, features, features.state_arrays())
    if cache is None or key is None:
        return _rounded(features.transform(images), dtype)
    found = cache.read(key)
    if found is None:
        blocks = (_rounded(block, dtype) for block in _blocks(features, images, fingerprint, cache))
        first = next(blocks)
        rows = ArrayBlocks((len(images), first.shape[1]), first.dtype, chain([first], blocks))
        found = cache.keep(key, {_ROWS: rows}, f"{features.title} of {_count(images)}")
    return _rounded(features.transform(images), dtype) if found is None else found[_ROWS]


def _blocks(features: ImageFeatures, images: Array, fingerprint: str, cache: ArrayCache) -> Iterator[Array]:
    """Compute rows block by block; those of parts, which other features may share, are looked up or kept themselves."""
    parts = _rows_of_parts(features, images, fingerprint, cache) if isinstance(features, Composed) else []
    for block in slices(len(images), _IMAGES_AT_ONCE):
        if isinstance(features, Composed):
            yield features.combine([rows[block] for rows in parts])
        else:
            yield features.transform(images[block])


def _rows_of_parts(features: Composed, images: Array, fingerprint: str, cache: ArrayCache) -> list[Array]:
    return [compute_rows(part, images, fingerprint, cache) for part in features.parts.values()]


def _rounded(rows: Array, dtype: str) -> Array:
    if dtype == "auto" or rows.dtype == dtype:
        return rows
    with np.errstate(over="ignore"):
        rounded = rows.astype(dtype)
    if not np.isfinite(rounded).all():
        largest = np.abs(rows).max()
        raise InputError(f"a feature of {largest:g} does not fit {dtype}: set feature_dtype to auto")
    return rounded


def _key(
    what: str, fingerprint: str, features: ImageFeatures, learned: Mapping[str, Array] | None = None
) -> str | None:
    """Return the key of rows, or of what is learned; None for features that are not registered."""
    try:
        table = describe_features(features)
    except ConfigError:
        return None
    parts = features.parts.values() if isinstance(features, Composed) else ()
    identity = {
        "what": what,
        "images": fingerprint,
        "features": table,
        "versions": [__version__, features.version, *(part.version for part in parts)],
        "engine": engine.name(),
        "learned": {name: _digest(array) for name, array in (learned or {}).items()},
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _digest(array: Array) -> str:
    content = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode())
    content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def _count(images: Array) -> str:
    size = "×".join(map(str, images.shape[1:]))
    return f"{len(images):,} images of {size}"
