"""How much longer training takes while a page shows it: ratios of paired runs.

    python benchmarks/live.py [--rounds 7] [--epochs 400] [--check]

Both runs of a round train the same softmax model on random images of MNIST's shape, validated at the end of each epoch;
one of them is shown on a page that another process follows, as a browser would without drawing it. Each is the first in
every other round. The page's server is started before its run and ended after it: training alone is measured, by the
clock, and by the processor time of all threads, which other work on the machine touches less.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np

from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import fit_classifier
from onelayer.live.watching import Live
from onelayer.training.listeners import Listener, RunDescription

N, SHAPE, K = 20_000, (28, 28, 1), 10
AT_MOST = 1.02

Times = tuple[float, float]

FOLLOW = """
import sys, urllib.request
for line in urllib.request.urlopen(sys.argv[1] + "events"):
    pass
"""


@contextlib.contextmanager
def followed() -> Iterator[Live]:
    """Serve a page, which another process follows."""
    with Live() as live:
        live.on_run_begin(RunDescription("random images, softmax", {}, [str(label) for label in range(K)], SHAPE))
        follower = subprocess.Popen([sys.executable, "-c", FOLLOW, live.address])
        sleep(0.5)  # until it follows
        yield live
    follower.wait()


def seconds(epochs: int, data: tuple[Any, ...], listeners: Sequence[Listener]) -> Times:
    """Return how long a training takes, by the clock and of processor time."""
    X, y, X_val, y_val = data
    clf = OneLayerClassifier(max_epochs=epochs, early_stopping=False, random_state=0)
    start, processor_start = perf_counter(), process_time()
    fit_classifier(clf, X, y, X_val=X_val, y_val=y_val, listeners=listeners)
    return perf_counter() - start, process_time() - processor_start


def ratios(epochs: int, data: tuple[Any, ...], watched_first: bool) -> Times:
    """Return how many times as long a training takes while it is watched, by the clock and of processor time."""
    plain = None if watched_first else seconds(epochs, data, ())
    with followed() as live:
        watched = seconds(epochs, data, [live])
    plain = plain or seconds(epochs, data, ())
    return watched[0] / plain[0], watched[1] / plain[1]


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds, after an untimed one (default 7)")
    parser.add_argument("--epochs", type=int, default=400, help="of each training (default 400)")
    parser.add_argument("--check", action="store_true", help=f"exit with 1 if a median is over {AT_MOST}")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    parts = [(rng.integers(0, 256, (n, *SHAPE), dtype=np.uint8), np.arange(n) % K) for n in (N, N // 10)]
    data = (*parts[0], *parts[1])
    ratios(2, data, watched_first=False)
    rounds = [ratios(options.epochs, data, watched_first=bool(i % 2)) for i in range(options.rounds)]
    medians = [median(of) for of in zip(*rounds, strict=True)]
    print("A training that is watched takes, times what one takes that is not (median, lowest, highest):")
    for name, of in zip(("by the clock", "of processor time"), zip(*rounds, strict=True), strict=True):
        print(f"{name:20}{median(of):8.4f}{min(of):8.4f}{max(of):8.4f}")
    print(f"at most {AT_MOST}")
    return 1 if options.check and max(medians) > AT_MOST else 0


if __name__ == "__main__":
    sys.exit(main())
