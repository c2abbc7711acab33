"""Jobs on HOG features and memory. The first call and the memory are measured in new processes.

A new process has nothing in its caches, and no memory that earlier work has left free for reuse.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from onelayer.bench.results import JobResult, Target, Verdict
from onelayer.bench.timing import Competitor, Run, TimedItself
from onelayer.bench.training_jobs import Job
from onelayer.bench.with_numpy import skimage_hog
from onelayer.bench.with_onelayer import onelayer_hog
from onelayer.bench.work import Array, BenchmarkData
from onelayer.errors import DataError

__all__ = ["HOG_FIRST", "HOG_IMAGES", "MEMORY", "MemoryJob", "first_call", "growth_in_new_process"]

MOST_GROWTH = 60e6  # bytes


def _warm(data: BenchmarkData, threads: int) -> list[Competitor]:
    images = data.cifar10.X_val
    return [onelayer_hog(images, threads), onelayer_hog(images, threads, engine="reference"), skimage_hog(images)]


# A job by itself: a process that has just run leaves its own data in the caches, so that the next call isn't warm.
def _first(data: BenchmarkData, threads: int) -> list[Competitor]:
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


def first_call(which: str, n: int, threads: int) -> Competitor:
    """Return the first call of ``"native"``, ``"reference"`` or ``"scikit-image"`` on n images, imports left out."""

    def prepare() -> Run:
        def run() -> TimedItself:
            done = _in_new_process(print_first_call, which, str(n), str(threads))
            done.check_returncode()
            return TimedItself(float(done.stdout))

        return run

    entry = _entry(which, np.zeros((n, 32, 32, 3), np.uint8), threads)
    return replace(entry, name=f"{entry.name}, first call", settings={"in a new process": prepare}, group="first call")


def _entry(which: str, images: Array, threads: int) -> Competitor:
    return skimage_hog(images) if which == "scikit-image" else onelayer_hog(images, threads, engine=which)


def print_first_call(which: str, n: str, threads: str) -> None:
    """Print the seconds of a first call."""
    images = np.random.default_rng(0).integers(0, 256, (int(n), 32, 32, 3), dtype=np.uint8)
    (prepare,) = _entry(which, images, int(threads)).settings.values()
    run = prepare()
    start = perf_counter()
    run()
    sys.stdout.write(f"{perf_counter() - start}\n")


@dataclass(frozen=True)
class MemoryJob:
    """Growth of resident memory in a process of its own, once a round."""

    name: str
    title: str

    def run(
        self, data: BenchmarkData, rounds: int, threads: int, tell: Callable[[str], None] = lambda line: None
    ) -> JobResult:
        """Measure it.

        Raises
        ------
        DataError
            If the data is missing.
        """
        found = []
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            found.append(growth_in_new_process(data.data_dir)["growth"] / 1e6)
        grown = median(found)
        verdict = Verdict(
            "memory beyond the data, at most", MOST_GROWTH / 1e6, grown, " MB", grown <= MOST_GROWTH / 1e6
        )
        return JobResult(self.name, self.title, rounds, threads, [], [verdict])


MEMORY = MemoryJob("memory", "Memory: a fit of CIFAR-10's 50,000 training images, standardised, with validation")


def growth_in_new_process(data_dir: str | None) -> dict[str, Any]:
    """Return how far a fit lets a new process grow, the size of its data, both in bytes, and its accuracy.

    Raises
    ------
    DataError
        If it fails; the message is the last line that it wrote.
    """
    done = _in_new_process(print_growth, *([data_dir] if data_dir else []))
    if done.returncode:
        raise DataError(f"memory can't be measured: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def print_growth(data_dir: str | None = None, epochs: int = 2) -> None:
    """Fit CIFAR-10's bytes, standardised and with validation; print the growth of resident memory as JSON.

    Memory counts from after the import of the estimator and the loading of the data, to the highest point of the fit.
    Linux only: the figures are those of ``/proc/self``.
    """
    from onelayer.data import load_dataset
    from onelayer.estimators import OneLayerClassifier

    train, _, held_out = load_dataset("cifar10", data_dir=data_dir, validation_fraction=0, download=False)
    clf = OneLayerClassifier(scaling="standardize", batch_size=100, max_epochs=epochs, random_state=0)
    _give_back()
    _forget_peak()
    before = _resident("VmRSS")
    clf.fit(train.X, train.y, X_val=held_out.X, y_val=held_out.y)
    found = {
        "growth": _resident("VmHWM") - before,
        "data": train.X.nbytes,
        "accuracy": float(clf.history_["validation_accuracy"][-1]),
    }
    json.dump(found, sys.stdout)


def _resident(which: str) -> int:
    """Return ``VmRSS``, the resident memory now, or ``VmHWM``, the most since :func:`_forget_peak`; bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {which}")


def _give_back() -> None:
    """Return what loading has left free to the system: else training could grow into it unseen."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _in_new_process(function: Callable[..., None], *arguments: str) -> subprocess.CompletedProcess[str]:
    name = function.__name__
    code = f"import sys; from {__name__} import {name}; {name}(*sys.argv[1:])"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 (our own command)
