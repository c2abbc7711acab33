"""What a job is, and the jobs that compare onelayer with others at training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from onelayer.bench.results import JobResult, Target
from onelayer.bench.timing import Competitor, time_entries
from onelayer.bench.with_numpy import SGEMM, numpy_loop, numpy_stacked, one_after_another, sgemm, sklearn_sgd
from onelayer.bench.with_onelayer import onelayer_fit, onelayer_models, onelayer_training
from onelayer.bench.with_torch import torch_loader, torch_memory, torch_stacked
from onelayer.bench.work import Array, BenchmarkData, TrainingWork
from onelayer.features import HOG

__all__ = ["CIFAR10", "MNIST", "MODELS", "OTHER_LOSSES", "TDT4265", "Job", "cifar10_work", "hog_work", "mnist_work"]


@dataclass(frozen=True)
class Job:
    """Competitors to be timed against each other.

    Parameters
    ----------
    name : str
        As ``onelayer bench --job`` takes it.
    title : str
        One line.
    entries : callable
        From data and the number of threads to the competitors.
    targets : sequence of Target
    subject : str
        The competitor that the others are compared with in the table.
    axis : str
        For jobs over sizes: what the size is.
    with_sgemm : bool
        Whether the machine's own rate is measured among them.
    """

    name: str
    title: str
    entries: Callable[[BenchmarkData, int], list[Competitor]]
    targets: Sequence[Target] = ()
    subject: str = ""
    axis: str = ""
    with_sgemm: bool = True

    def run(
        self, data: BenchmarkData, rounds: int, threads: int, tell: Callable[[str], None] = lambda line: None
    ) -> JobResult:
        """Measure it.

        Raises
        ------
        OnelayerError
            If its data is missing.
        """
        entries = self.entries(data, threads) + (sgemm(threads) if self.with_sgemm else [])
        timed = time_entries(entries, rounds, tell)
        by_name = {one.name: one for one in timed}
        verdicts = [target.judge(by_name) for target in self.targets]
        return JobResult(self.name, self.title, rounds, threads, timed, verdicts, self.subject, self.axis)


def share_target(subject: str, least: float, what: str) -> Target:
    """Return the target of a share of the machine's rate of large products."""
    return Target(subject, least, SGEMM, f"{what}, share of sgemm")


FROM_UINT8, FROM_FLOAT32 = "onelayer native, uint8 rows", "onelayer native, float32 rows"
PYTORCH, LOOP = "PyTorch", "NumPy loop, float64"

# Epochs of a run. After a rest, training begins at two thirds of its full rate and reaches that within some tens of
# milliseconds. Real trainings have tens of epochs (in tdt4265 16, 33 and up to 50), so a run has more than the first.
CIFAR10_EPOCHS, MNIST_EPOCHS = 5, 30


def cifar10_work(data: BenchmarkData, epochs: int = CIFAR10_EPOCHS, loss: str = "softmax") -> TrainingWork:
    """Return 49,000 training images of CIFAR-10, raw pixels, in batches of 100."""
    return TrainingWork(*data.cifar10.rows(49_000), k=10, loss=loss, batch_size=100, epochs=epochs, learning_rate=0.001)


def mnist_work(data: BenchmarkData, epochs: int = MNIST_EPOCHS, validations_per_epoch: int = 0) -> TrainingWork:
    """Return the first 20,000 training images of MNIST in batches of 128."""
    rows = data.mnist.rows(20_000)
    return TrainingWork(*rows, k=10, batch_size=128, epochs=epochs, validations_per_epoch=validations_per_epoch)


def _everyone(work: TrainingWork, threads: int) -> list[Competitor]:
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


def _cifar10(data: BenchmarkData, threads: int) -> list[Competitor]:
    work = cifar10_work(data)
    return [*_everyone(work, threads), torch_loader(work, threads), sklearn_sgd(work, threads)]


def _mnist(data: BenchmarkData, threads: int, validations_per_epoch: int) -> list[Competitor]:
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


LOSSES_BESIDE_SOFTMAX = ("hinge", "sigmoid", "squared_hinge")


def _losses(data: BenchmarkData, threads: int) -> list[Competitor]:
    work = cifar10_work(data)
    works = {loss: replace(work, loss=loss) for loss in ("softmax", *LOSSES_BESIDE_SOFTMAX)}
    return [replace(onelayer_training(works[loss], threads, name=loss), group=loss) for loss in works]


OTHER_LOSSES = Job(
    "losses",
    "The other losses on the CIFAR-10 job, from uint8",
    _losses,
    [Target(loss, 0.85, ("softmax",), f"{loss}, rate against softmax") for loss in LOSSES_BESIDE_SOFTMAX],
    subject="softmax",
)


SUBJECT_OF_MODELS = "onelayer native, one pass"
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


def _hog(images: Array) -> Array:
    features: Array = HOG().fit_transform(images).astype(np.float32)
    return features


def _models(data: BenchmarkData, threads: int) -> list[Competitor]:
    work = hog_work(data)
    return [
        onelayer_models(work, threads),
        onelayer_models(work, threads, dtype=np.float64),
        onelayer_models(work, threads, engine="reference"),
        torch_stacked(work, threads),
        numpy_stacked(work, threads),
        one_after_another(work, partial(torch_memory, threads=threads)),
        one_after_another(work, partial(onelayer_training, threads=threads)),
    ]


MODELS = Job(
    "models",
    "96 values of λ at once: softmax on HOG features, 40,000 × 324, batches of 100",
    _models,
    (
        Target(SUBJECT_OF_MODELS, 2.8, STACKED, "96 models, against the faster of two stacked by hand"),
        Target(SUBJECT_OF_MODELS, 25, ("PyTorch, one after another",), "96 models, against PyTorch one after another"),
        share_target(SUBJECT_OF_MODELS, 0.90, "96 models"),
    ),
    subject=SUBJECT_OF_MODELS,
)
