"""Jobs over sizes: odd shapes, two threads against one, and how cost grows with n, d, k and m."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from onelayer.bench.results import Target
from onelayer.bench.timing import Competitor
from onelayer.bench.training_jobs import Job, cifar10_work, hog_work, mnist_work
from onelayer.bench.with_onelayer import onelayer_hog, onelayer_models, onelayer_training
from onelayer.bench.with_torch import torch_memory, torch_stacked
from onelayer.bench.work import BenchmarkData, TrainingWork

__all__ = ["SCALING", "SHAPES", "SMALL", "THREADS"]

N = 10_000
# Round shapes are multiples of 16 features and multiples of 16 classes; for two and three classes, four.
NEAREST_CLASSES = {2: 4, 3: 4, 17: 16, 100: 96}
NEAREST_FEATURES = {785: 784, 300: 304, 3073: 3072}


def _shape_name(d: int, k: int) -> str:
    return f"d = {d}, K = {k}"


PAIRS = {
    **{_shape_name(784, k): _shape_name(784, near) for k, near in NEAREST_CLASSES.items()},
    **{_shape_name(d, 10): _shape_name(near, 10) for d, near in NEAREST_FEATURES.items()},
}


def _shapes(data: BenchmarkData, threads: int) -> list[Competitor]:
    classes = sorted({*NEAREST_CLASSES, *NEAREST_CLASSES.values()})
    features = sorted({*NEAREST_FEATURES, *NEAREST_FEATURES.values()})
    return [_shape(data, threads, d, k) for d, k in [*((784, k) for k in classes), *((d, 10) for d in features)]]


def _shape(data: BenchmarkData, threads: int, d: int, k: int) -> Competitor:
    epochs = max(30, 600_000 // (d * k))  # some tenths of a second
    work = TrainingWork(*data.random(N, d, k), k=k, batch_size=100, epochs=epochs, learning_rate=0.001)
    return replace(onelayer_training(work, threads, name=_shape_name(d, k)), group=_shape_name(d, k))


SHAPES = Job(
    "shapes",
    f"Odd numbers of classes and features: softmax, {N:,} rows of uint8, batches of 100",
    _shapes,
    [Target(odd, 0.75, (even,), f"{odd}, rate per multiply-add against {even}") for odd, even in PAIRS.items()],
)


THREADED = ("CIFAR-10 from uint8", "CIFAR-10 from float32", "tdt4265 from uint8", "96 models", "HOG")
SMALL_EPOCHS = 100
LITTLE_LOST = 0.95  # equal but for noise


def _threads(data: BenchmarkData, threads: int) -> list[Competitor]:
    cifar10, validated = cifar10_work(data), mnist_work(data, validations_per_epoch=5)
    on_float32, models, images = cifar10.on_float32(), hog_work(data), np.asarray(data.cifar10.X[:10_000])
    entries = []
    for count in (1, 2):
        of_jobs = (
            onelayer_training(cifar10, count),
            onelayer_training(on_float32, count),
            onelayer_training(validated, count),
            onelayer_models(models, count),
            onelayer_hog(images, count),
        )
        entries += [
            replace(entry, name=f"{job}, {_count(count)}", group=job)
            for job, entry in zip(THREADED, of_jobs, strict=True)
        ]
    return entries


def _small(data: BenchmarkData, threads: int) -> list[Competitor]:
    work = TrainingWork(*data.random(1024, 64, 10), k=10, batch_size=32, epochs=SMALL_EPOCHS)
    return [
        *(onelayer_training(work, count, name=f"onelayer native, {_count(count)}") for count in (1, 2)),
        torch_memory(work, threads),
    ]


def _count(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


THREADS = Job(
    "threads",
    "Two threads against one",
    _threads,
    [Target(f"{job}, 2 threads", 1.6, (f"{job}, 1 thread",), f"{job}, 2 threads against 1") for job in THREADED],
    with_sgemm=False,
)

SMALL = Job(
    "small",
    "A job too small to gain from threads: softmax, 1,024 × 64, batches of 32",
    _small,
    (
        Target(
            "onelayer native, 2 threads",
            LITTLE_LOST,
            ("onelayer native, 1 thread",),
            "small job, rate with 2 threads against 1",
        ),
    ),
    subject="onelayer native, 2 threads",
    with_sgemm=False,
)


ONELAYER = "onelayer native"
D, K = 784, 10
MOST_EPOCHS = 50
SIZES = {
    "n": (2_500, 5_000, 10_000, 20_000, 40_000),
    "d": (48, 192, 784, 3_072, 12_288),
    "k": (2, 5, 10, 20, 50, 100),
    "m": (1, 4, 16, 32, 64, 96),
}


def _scaling_work(data: BenchmarkData, n: int = N, d: int = D, k: int = K) -> TrainingWork:
    epochs = max(1, round(2e9 / (2 * n * d * k)))  # some tens of milliseconds at the machine's rate
    return TrainingWork(
        *data.random(n, d, k), k=k, batch_size=100, epochs=min(epochs, MOST_EPOCHS), learning_rate=0.001
    )


def _one_model(axis: str) -> Callable[[BenchmarkData, int], list[Competitor]]:
    def entries(data: BenchmarkData, threads: int) -> list[Competitor]:
        found = []
        for size in SIZES[axis]:
            work = _scaling_work(data, **{axis: size})
            for series, entry in (
                (ONELAYER, onelayer_training(work, threads)),
                ("PyTorch", torch_memory(work, threads)),
            ):
                found.append(_point(entry, series, axis, size))
        return found

    return entries


def _many_models(data: BenchmarkData, threads: int) -> list[Competitor]:
    found = []
    for size in SIZES["m"]:
        one = TrainingWork(
            *data.random(N, 324, K), k=K, batch_size=100, epochs=min(MOST_EPOCHS, max(1, 32 // size))
        ).on_float32()
        work = replace(one, l2=np.logspace(-6, -1, size), learning_rate=0.001)
        for series, entry in (
            (ONELAYER, onelayer_models(work, threads)),
            ("stacked by hand, PyTorch", torch_stacked(work, threads)),
        ):
            found.append(_point(entry, series, "m", size))
    return found


def _point(entry: Competitor, series: str, axis: str, size: int) -> Competitor:
    return replace(entry, name=f"{series}, {axis} = {size}", group=f"{axis} = {size}", series=series, size=size)


SCALING = (
    Job("scaling-n", f"Rows: softmax, d = {D}, K = {K}, from uint8", _one_model("n"), axis="n"),
    Job("scaling-d", f"Features: softmax, n = {N:,}, K = {K}, from uint8", _one_model("d"), axis="d"),
    Job("scaling-k", f"Classes: softmax, n = {N:,}, d = {D}, from uint8", _one_model("k"), axis="k"),
    Job("scaling-m", f"Models at once: softmax, n = {N:,}, d = 324, K = {K}, from float32", _many_models, axis="m"),
)
