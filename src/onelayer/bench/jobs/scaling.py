"""How cost grows with n, d, k and m: everything else stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from onelayer.bench.competitors.onelayer_models import onelayer_models
from onelayer.bench.competitors.onelayer_training import onelayer_training
from onelayer.bench.competitors.stacked import stacked_torch
from onelayer.bench.competitors.torch_memory import torch_memory
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job
from onelayer.bench.work import TrainingWork

__all__ = ["SCALING"]

ONELAYER = "onelayer native"
N, D, K = 10_000, 784, 10
MOST_EPOCHS = 50
SIZES = {
    "n": (2_500, 5_000, 10_000, 20_000, 40_000),
    "d": (48, 192, 784, 3_072, 12_288),
    "k": (2, 5, 10, 20, 50, 100),
    "m": (1, 4, 16, 32, 64, 96),
}


def _work(data: BenchmarkData, n: int = N, d: int = D, k: int = K) -> TrainingWork:
    epochs = max(1, round(2e9 / (2 * n * d * k)))  # some tens of milliseconds at the machine's rate
    return TrainingWork(
        *data.random(n, d, k), k=k, batch_size=100, epochs=min(epochs, MOST_EPOCHS), learning_rate=0.001
    )


def _one_model(axis: str) -> Callable[[BenchmarkData, int], list[Entry]]:
    def entries(data: BenchmarkData, threads: int) -> list[Entry]:
        found = []
        for size in SIZES[axis]:
            work = _work(data, **{axis: size})
            for series, entry in (
                (ONELAYER, onelayer_training(work, threads)),
                ("PyTorch", torch_memory(work, threads)),
            ):
                found.append(_point(entry, series, axis, size))
        return found

    return entries


def _many_models(data: BenchmarkData, threads: int) -> list[Entry]:
    found = []
    for size in SIZES["m"]:
        one = TrainingWork(
            *data.random(N, 324, K), k=K, batch_size=100, epochs=min(MOST_EPOCHS, max(1, 32 // size))
        ).on_float32()
        work = replace(one, l2=np.logspace(-6, -1, size), learning_rate=0.001)
        for series, entry in (
            (ONELAYER, onelayer_models(work, threads)),
            ("stacked by hand, PyTorch", stacked_torch(work, threads)),
        ):
            found.append(_point(entry, series, "m", size))
    return found


def _point(entry: Entry, series: str, axis: str, size: int) -> Entry:
    return replace(entry, name=f"{series}, {axis} = {size}", group=f"{axis} = {size}", series=series, size=size)


SCALING = (
    Job("scaling-n", f"Rows: softmax, d = {D}, K = {K}, from uint8", _one_model("n"), axis="n"),
    Job("scaling-d", f"Features: softmax, n = {N:,}, K = {K}, from uint8", _one_model("d"), axis="d"),
    Job("scaling-k", f"Classes: softmax, n = {N:,}, d = {D}, from uint8", _one_model("k"), axis="k"),
    Job("scaling-m", f"Models at once: softmax, n = {N:,}, d = 324, K = {K}, from float32", _many_models, axis="m"),
)
