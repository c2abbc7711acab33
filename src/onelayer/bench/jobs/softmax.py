"""One softmax model: CIFAR-10's raw pixels, MNIST, and the ten-class job of the tdt4265 course."""

from __future__ import annotations

from functools import partial

import numpy as np

from onelayer.bench.competitors.numpy_loop import numpy_loop
from onelayer.bench.competitors.onelayer_fit import onelayer_fit
from onelayer.bench.competitors.onelayer_training import onelayer_training
from onelayer.bench.competitors.sklearn_sgd import sklearn_sgd
from onelayer.bench.competitors.torch_loader import torch_loader
from onelayer.bench.competitors.torch_memory import torch_memory
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job, share_target
from onelayer.bench.ratios import Target
from onelayer.bench.work import TrainingWork

__all__ = ["CIFAR10", "MNIST", "TDT4265", "cifar10_work", "mnist_work"]

FROM_UINT8, FROM_FLOAT32 = "onelayer native, uint8 rows", "onelayer native, float32 rows"
PYTORCH, LOOP = "PyTorch", "NumPy loop, float64"

# Of one turn. After a rest training begins at two thirds of the rate that it reaches within some tens of milliseconds;
# it has tens of epochs (in tdt4265 16, 33 and up to 50), most of which are not those first ones.
CIFAR10_EPOCHS, MNIST_EPOCHS = 5, 30


def cifar10_work(data: BenchmarkData, epochs: int = CIFAR10_EPOCHS, loss: str = "softmax") -> TrainingWork:
    """Return 49,000 training images of CIFAR-10, raw pixels, in batches of 100."""
    return TrainingWork(*data.cifar10.rows(49_000), k=10, loss=loss, batch_size=100, epochs=epochs, learning_rate=0.001)


def mnist_work(data: BenchmarkData, epochs: int = MNIST_EPOCHS, validations_per_epoch: int = 0) -> TrainingWork:
    """Return the first 20,000 training images of MNIST in batches of 128."""
    rows = data.mnist.rows(20_000)
    return TrainingWork(*rows, k=10, batch_size=128, epochs=epochs, validations_per_epoch=validations_per_epoch)


def _everyone(work: TrainingWork, threads: int) -> list[Entry]:
    on_float32 = work.on_float32()
    return [
        onelayer_training(work, threads),
        onelayer_training(on_float32, threads),
        onelayer_training(work, threads, dtype=np.float64),
        onelayer_fit(work, threads),
        onelayer_training(on_float32, threads, engine="reference"),
        torch_memory(work, threads),
        numpy_loop(work, np.float32, threads),
        numpy_loop(work, np.float64, threads),
    ]


def _cifar10(data: BenchmarkData, threads: int) -> list[Entry]:
    work = cifar10_work(data)
    return [*_everyone(work, threads), torch_loader(work, threads), sklearn_sgd(work, threads)]


def _mnist(data: BenchmarkData, threads: int, validations_per_epoch: int) -> list[Entry]:
    return _everyone(mnist_work(data, validations_per_epoch=validations_per_epoch), threads)


CIFAR10 = Job(
    "cifar10",
    "CIFAR-10, raw pixels: softmax, 49,000 × 3072, batches of 100",
    _cifar10,
    (
        Target(FROM_UINT8, 9, (PYTORCH,), "CIFAR-10 from uint8, against PyTorch"),
        share_target(FROM_UINT8, 0.85, "CIFAR-10 from uint8"),
        Target(
            FROM_UINT8,
            35,
            ("scikit-learn SGDClassifier",),
            "CIFAR-10 from uint8, against scikit-learn's SGDClassifier",
        ),
        Target(FROM_UINT8, 15, ("PyTorch, DataLoader",), "CIFAR-10 from uint8, against PyTorch with DataLoader"),
        Target(FROM_FLOAT32, 7, (PYTORCH,), "CIFAR-10 from float32, against PyTorch"),
        share_target(FROM_FLOAT32, 0.60, "CIFAR-10 from float32"),
    ),
    subject=FROM_UINT8,
)

MNIST = Job(
    "mnist",
    "MNIST: softmax, 20,000 × 784, batches of 128, training alone",
    partial(_mnist, validations_per_epoch=0),
    (
        Target(FROM_UINT8, 15, (PYTORCH,), "MNIST from uint8, against PyTorch"),
        share_target(FROM_UINT8, 0.75, "MNIST from uint8"),
    ),
    subject=FROM_UINT8,
)

TDT4265 = Job(
    "tdt4265",
    "MNIST as in tdt4265: the same, and 5 validations an epoch on 20,000 + 10,000 rows",
    partial(_mnist, validations_per_epoch=5),
    (
        Target(FROM_UINT8, 8, (PYTORCH,), "tdt4265 from uint8, against PyTorch"),
        share_target(FROM_UINT8, 0.80, "tdt4265 from uint8"),
        Target(FROM_UINT8, 12, (LOOP,), "tdt4265 from uint8, against the float64 NumPy loop"),
        Target(FROM_FLOAT32, 5.5, (PYTORCH,), "tdt4265 from float32, against PyTorch"),
        share_target(FROM_FLOAT32, 0.55, "tdt4265 from float32"),
        Target(FROM_FLOAT32, 8.5, (LOOP,), "tdt4265 from float32, against the float64 NumPy loop"),
    ),
    subject=FROM_UINT8,
)
