"""How near the kernels come to the machine's limit: operations a second beside those of a large matrix product.

Run as ``python benchmarks/kernels.py [--rounds 5] [--threads 2] [--job NAME]``. Rounds of all jobs are interleaved,
after an untimed warm-up, and medians are printed. The limit is measured in every round: the better of NumPy and (if
installed) PyTorch.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer import engine
from onelayer.rows import ArrayRows

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Job:
    """One epoch of a kernel, and the floating-point operations in it."""

    name: str
    run: Callable[[], Any]
    operations: float
    dtype: type


def training(
    name: str,
    n: int,
    d: int,
    batch_size: int,
    source: Any,
    dtype: Any,
    threads: int,
    k: int = 10,
    loss: str = "softmax",
) -> Job:
    """Return an epoch of mini-batch descent."""
    X = RNG.integers(0, 256, (n, d), dtype=np.uint8).astype(source)
    y, order = RNG.integers(0, k, n), RNG.permutation(n)
    weights, intercepts, rates = np.zeros((k, d), dtype), np.zeros(k, dtype), np.full(-(-n // batch_size), 1e-5)

    def run() -> None:
        engine.TrainJob(
            rows=ArrayRows(X, shift=127.5, scale=1 / 127.5),
            targets=y,
            order=order,
            learning_rates=rates,
            weights=weights,
            intercepts=intercepts,
            loss=loss,
            batch_size=batch_size,
            n_threads=threads,
        ).run()

    return Job(name, run, 4.0 * n * d * k, dtype)


def many_models(n: int, d: int, m: int, threads: int, k: int = 10) -> Job:
    """Return an epoch of m models at once."""
    X, y, order = RNG.random((n, d), dtype=np.float32), RNG.integers(0, k, n), RNG.permutation(n)
    weights, intercepts, rates = (
        np.zeros((m, k, d), np.float32),
        np.zeros((m, k), np.float32),
        np.full((-(-n // 100), m), 1e-3),
    )

    def run() -> None:
        engine.TrainJob(
            rows=ArrayRows(X),
            targets=y,
            order=order,
            learning_rates=rates,
            weights=weights,
            intercepts=intercepts,
            loss="softmax",
            batch_size=100,
            l2=np.geomspace(1e-4, 1, m),
            n_threads=threads,
        ).run()

    return Job(f"{m} models, {n} × {d} float32", run, 4.0 * n * d * k * m, np.float32)


def validation(n: int, d: int, threads: int, k: int = 10) -> Job:
    """Return one pass over all rows for loss and accuracy."""
    X, y = RNG.integers(0, 256, (n, d), dtype=np.uint8), RNG.integers(0, k, n)
    weights, intercepts = np.zeros((k, d), np.float32), np.zeros(k, np.float32)

    def run() -> None:
        rows = ArrayRows(X, scale=1 / 255)
        engine.PassJob(
            rows=rows, targets=y, weights=weights, intercepts=intercepts, loss="softmax", n_threads=threads
        ).run()

    return Job(f"validation, {n} × {d} uint8", run, 2.0 * n * d * k, np.float32)


def limit(dtype: type, threads: int) -> float:
    """Return operations a second of a large matrix product, at its best of five."""
    a = RNG.random((1500, 1500)).astype(dtype)
    products: list[Callable[[], Any]] = [lambda: a @ a]
    try:
        import torch

        torch.set_num_threads(threads)
        b = torch.from_numpy(a)
        products.append(lambda: b @ b)
    except ImportError:
        pass
    return max(2 * 1500**3 / seconds(product) for product in products for _ in range(5))


def seconds(run: Callable[[], Any]) -> float:
    """Return how long one run takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def main() -> None:
    """Run all jobs in every round and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--job", default="", help="only jobs whose name has this in it")
    arguments = parser.parse_args()
    t = arguments.threads
    jobs = [
        training("CIFAR-10 shape, uint8", 49_000, 3072, 100, np.uint8, np.float32, t),
        training("CIFAR-10 shape, float32", 49_000, 3072, 100, np.float32, np.float32, t),
        training("MNIST shape, uint8", 20_000, 784, 128, np.uint8, np.float32, t),
        training("MNIST shape, float32", 20_000, 784, 128, np.float32, np.float32, t),
        training("MNIST shape, float64", 20_000, 784, 128, np.float64, np.float64, t),
        training("MNIST shape, uint8, one thread", 20_000, 784, 128, np.uint8, np.float32, 1),
        validation(30_000, 784, t),
        many_models(20_000, 324, 96, t),
    ]
    jobs = [job for job in jobs if arguments.job in job.name]
    for job in jobs:
        job.run()
    times: dict[str, list[float]] = {job.name: [] for job in jobs}
    limits: dict[type, list[float]] = {np.float32: [], np.float64: []}
    for _ in range(arguments.rounds):
        for dtype, found in limits.items():
            found.append(limit(dtype, t))
        for job in jobs:
            times[job.name].append(seconds(job.run))
    print(f"instruction set {engine.instruction_set()}, {t} threads; medians of {arguments.rounds} rounds")
    print("share of the rate of a large matrix product:")
    for job in jobs:
        rate = job.operations / float(np.median(times[job.name])) / 1e9
        most = float(np.median(limits[job.dtype])) / 1e9
        print(f"{job.name:36s} {rate / most:6.2f}   ({rate:.0f} of {most:.0f} GFLOP/s)")


if __name__ == "__main__":
    main()
