"""Numbers of classes and features that are not round, beside the nearest that are.

Round are multiples of 16 features, and multiples of 16 classes; for two and three classes, four.
"""

from __future__ import annotations

from dataclasses import replace

from onelayer.bench.competitors.onelayer_training import onelayer_training
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job
from onelayer.bench.ratios import Target
from onelayer.bench.work import TrainingWork

__all__ = ["SHAPES"]

N = 10_000
NEAREST_CLASSES = {2: 4, 3: 4, 17: 16, 100: 96}
NEAREST_FEATURES = {785: 784, 300: 304, 3073: 3072}


def _name(d: int, k: int) -> str:
    return f"d = {d}, K = {k}"


PAIRS = {
    **{_name(784, k): _name(784, near) for k, near in NEAREST_CLASSES.items()},
    **{_name(d, 10): _name(near, 10) for d, near in NEAREST_FEATURES.items()},
}


def _entries(data: BenchmarkData, threads: int) -> list[Entry]:
    classes = sorted({*NEAREST_CLASSES, *NEAREST_CLASSES.values()})
    features = sorted({*NEAREST_FEATURES, *NEAREST_FEATURES.values()})
    return [_entry(data, threads, d, k) for d, k in [*((784, k) for k in classes), *((d, 10) for d in features)]]


def _entry(data: BenchmarkData, threads: int, d: int, k: int) -> Entry:
    epochs = max(30, 600_000 // (d * k))  # some tenths of a second
    work = TrainingWork(*data.random(N, d, k), k=k, batch_size=100, epochs=epochs, learning_rate=0.001)
    return replace(onelayer_training(work, threads, name=_name(d, k)), group=_name(d, k))


SHAPES = Job(
    "shapes",
    f"Odd numbers of classes and features: softmax, {N:,} rows of uint8, batches of 100",
    _entries,
    [Target(odd, 0.75, (even,), f"{odd}, rate per multiply-add against {even}") for odd, even in PAIRS.items()],
)
