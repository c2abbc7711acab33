"""The first call of HOG in a process, which ``python -m onelayer.bench.competitors.fresh_hog WHO N THREADS`` times."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from onelayer.bench.competitors.hog import onelayer_hog, skimage_hog
from onelayer.bench.entry import Entry, Run, TimedItself

__all__ = ["first_call"]

Array = np.ndarray[Any, Any]


def first_call(which: str, n: int, threads: int) -> Entry:
    """Return the first call of ``"native"``, ``"reference"`` or ``"scikit-image"`` on n images, imports left out."""

    def prepare() -> Run:
        command = [sys.executable, "-m", __name__, which, str(n), str(threads)]

        def run() -> TimedItself:
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 (our own command)
            return TimedItself(float(done.stdout))

        return run

    entry = _entry(which, np.zeros((n, 32, 32, 3), np.uint8), threads)
    return replace(entry, name=f"{entry.name}, first call", settings={"in a new process": prepare}, group="first call")


def _entry(which: str, images: Array, threads: int) -> Entry:
    return skimage_hog(images) if which == "scikit-image" else onelayer_hog(images, threads, engine=which)


def _main(which: str, n: str, threads: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (int(n), 32, 32, 3), dtype=np.uint8)
    (prepare,) = _entry(which, images, int(threads)).settings.values()
    run = prepare()
    start = perf_counter()
    run()
    sys.stdout.write(f"{perf_counter() - start}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
