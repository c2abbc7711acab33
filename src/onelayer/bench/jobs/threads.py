"""What a second thread gains, and that it costs nothing where there is too little to gain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from onelayer.bench.competitors.hog import onelayer_hog
from onelayer.bench.competitors.onelayer_models import onelayer_models
from onelayer.bench.competitors.onelayer_training import onelayer_training
from onelayer.bench.competitors.torch_memory import torch_memory
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job
from onelayer.bench.jobs.models import hog_work
from onelayer.bench.jobs.softmax import cifar10_work, mnist_work
from onelayer.bench.ratios import Target
from onelayer.bench.work import TrainingWork

__all__ = ["SMALL", "THREADS"]

JOBS = ("CIFAR-10 from uint8", "CIFAR-10 from float32", "tdt4265 from uint8", "96 models", "HOG")
SMALL_EPOCHS = 100
LITTLE_LOST = 0.95  # equal but for noise


def _threads(data: BenchmarkData, threads: int) -> list[Entry]:
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
            replace(entry, name=f"{job}, {_count(count)}", group=job) for job, entry in zip(JOBS, of_jobs, strict=True)
        ]
    return entries


def _small(data: BenchmarkData, threads: int) -> list[Entry]:
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
    [Target(f"{job}, 2 threads", 1.6, (f"{job}, 1 thread",), f"{job}, 2 threads against 1") for job in JOBS],
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
