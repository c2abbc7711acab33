"""HOG features of a stack of images: onelayer's transformer, and scikit-image called on each image."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from onelayer.bench.competitors.onelayer_training import engine_missing, using_engine
from onelayer.bench.entry import Entry, Run, missing_module

__all__ = ["onelayer_hog", "skimage_hog"]

Array = np.ndarray[Any, Any]

UNIT = "1,000 images"


def onelayer_hog(images: Array, threads: int, *, engine: str = "native", name: str | None = None) -> Entry:
    """Return HOG of uint8 images ``(n, h, w, c)`` by this engine."""

    def prepare() -> Run:
        from onelayer.features import HOG
        from onelayer.threads import limited_threads

        transformer = HOG().fit(images)

        def run() -> Array:
            with using_engine(engine), limited_threads(threads):
                features: Array = transformer.transform(images)
            return features

        return run

    settings = {f"threads: {threads}": prepare}
    missing = engine_missing(engine)
    return Entry(name or f"onelayer {engine}", settings, len(images), len(images) / 1000, UNIT, "hog", missing=missing)


def skimage_hog(images: Array) -> Entry:
    """Return scikit-image's HOG, image after image, of the mean of their channels."""

    def prepare() -> Run:
        hog = import_module("skimage.feature").hog
        grey = images.mean(axis=-1, dtype=np.float32)

        def run() -> Array:
            return np.stack([hog(image, block_norm="L2-Hys") for image in grey])

        return run

    missing = missing_module("skimage")
    settings = {"image by image": prepare}
    return Entry("scikit-image", settings, len(images), len(images) / 1000, UNIT, "hog", missing=missing)
