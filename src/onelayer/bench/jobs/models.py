"""96 values of λ at once, on HOG features of CIFAR-10."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from onelayer.bench.competitors.one_after_another import one_after_another
from onelayer.bench.competitors.onelayer_models import onelayer_models
from onelayer.bench.competitors.onelayer_training import onelayer_training
from onelayer.bench.competitors.stacked import stacked_numpy, stacked_torch
from onelayer.bench.competitors.torch_memory import torch_memory
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job, share_target
from onelayer.bench.ratios import Target
from onelayer.bench.work import TrainingWork
from onelayer.features import HOG

__all__ = ["MODELS", "hog_work"]

SUBJECT = "onelayer native, one pass"
STACKED = ("stacked by hand, PyTorch", "stacked by hand, NumPy")


def hog_work(data: BenchmarkData, m: int = 96, epochs: int = 1) -> TrainingWork:
    """Return the first 40,000 training images' HOG features, and m values of λ from 1e-6 to 0.1."""
    images = data.cifar10
    features, held_out = (np.ascontiguousarray(_hog(part)) for part in (images.X[:40_000], images.X_val))
    return TrainingWork(
        features,
        images.y[:40_000],
        held_out,
        images.y_val,
        k=10,
        batch_size=100,
        epochs=epochs,
        learning_rate=0.1,
        l2=np.logspace(-6, -1, m),
        shift=0.0,
        scale=1.0,
    )


def _hog(images: Any) -> Any:
    return HOG().fit_transform(images).astype(np.float32)


def _entries(data: BenchmarkData, threads: int) -> list[Entry]:
    work = hog_work(data)
    return [
        onelayer_models(work, threads),
        onelayer_models(work, threads, dtype=np.float64),
        onelayer_models(work, threads, engine="reference"),
        stacked_torch(work, threads),
        stacked_numpy(work, threads),
        one_after_another(work, partial(torch_memory, threads=threads)),
        one_after_another(work, partial(onelayer_training, threads=threads)),
    ]


MODELS = Job(
    "models",
    "96 values of λ at once: softmax on HOG features, 40,000 × 324, batches of 100",
    _entries,
    (
        Target(SUBJECT, 2.8, STACKED, "96 models, against the faster of two stacked by hand"),
        Target(SUBJECT, 25, ("PyTorch, one after another",), "96 models, against PyTorch one after another"),
        share_target(SUBJECT, 0.90, "96 models"),
    ),
    subject=SUBJECT,
)
