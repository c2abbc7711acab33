"""HOG features of CIFAR-10's images, warm and on the first call in a process."""

from __future__ import annotations

from onelayer.bench.competitors.fresh_hog import first_call
from onelayer.bench.competitors.hog import onelayer_hog, skimage_hog
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job
from onelayer.bench.ratios import Target

__all__ = ["HOG_FIRST", "HOG_IMAGES"]


def _warm(data: BenchmarkData, threads: int) -> list[Entry]:
    images = data.cifar10.X_val
    return [onelayer_hog(images, threads), onelayer_hog(images, threads, engine="reference"), skimage_hog(images)]


# A job by itself: a process that ran just before leaves its own data in the caches, and what follows isn't warm.
def _first(data: BenchmarkData, threads: int) -> list[Entry]:
    return [first_call(which, len(data.cifar10.X_val), threads) for which in ("native", "reference", "scikit-image")]


HOG_IMAGES = Job(
    "hog",
    "HOG of 10,000 colour images of 32×32 pixels",
    _warm,
    (Target("onelayer native", 200, ("scikit-image",), "HOG, against scikit-image"),),
    subject="onelayer native",
    with_sgemm=False,
)

HOG_FIRST = Job(
    "hog-first",
    "The same, on the first call in a process",
    _first,
    (
        Target(
            "onelayer native, first call",
            60,
            ("scikit-image, first call",),
            "HOG, first call in a process, against scikit-image",
        ),
    ),
    subject="onelayer native, first call",
    with_sgemm=False,
)
