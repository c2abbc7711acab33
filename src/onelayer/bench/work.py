"""What is to be timed: the data, and the training that is to be computed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from onelayer.arrays import aligned_empty
from onelayer.bench.timing import Competitor, Run, check_time_limit
from onelayer.data import load_dataset
from onelayer.solvers.epochs import Orders
from onelayer.training.segments import validation_steps

__all__ = ["BenchmarkData", "BenchmarkParts", "TrainingResult", "TrainingWork", "ValidationFigures", "training_entry"]

Array = np.ndarray[Any, Any]


class BenchmarkParts(NamedTuple):
    """uint8 images ``(n, h, w, c)`` or rows ``(n, d)`` to train on, others to validate on, and their labels."""

    X: Array
    y: Array
    X_val: Array
    y_val: Array

    def rows(self, n: int) -> BenchmarkParts:
        """Return the first n training images, and all others, as rows."""
        X, X_val = (part.reshape(len(part), -1) for part in (self.X, self.X_val))
        return BenchmarkParts(X[:n], self.y[:n], X_val, self.y_val)


class BenchmarkData:
    """CIFAR-10 and MNIST from a folder, their official parts; and random bytes of any shape.

    Parameters
    ----------
    data_dir : path or None
        Where named sets are looked for first; nothing is downloaded.
    """

    def __init__(self, data_dir: str | None = None) -> None:
        self.data_dir = data_dir

    @cached_property
    def cifar10(self) -> BenchmarkParts:
        """50,000 and 10,000 images of 32×32 pixels in three colours."""
        return self._load("cifar10")

    @cached_property
    def mnist(self) -> BenchmarkParts:
        """60,000 and 10,000 images of 28×28 pixels."""
        return self._load("mnist")

    def random(self, n: int, d: int, k: int) -> BenchmarkParts:
        """Return n rows of d random bytes with random labels; the cost of a step does not depend on what they are."""
        rng = np.random.default_rng(0)
        X, y = rng.integers(0, 256, (n, d), dtype=np.uint8), rng.integers(0, k, n)
        return BenchmarkParts(X, y, X[:1000], y[:1000])

    def _load(self, name: str) -> BenchmarkParts:
        train, _, test = load_dataset(name, data_dir=self.data_dir, validation_fraction=0, download=False)
        return BenchmarkParts(train.X, train.y, test.X, test.y)


@dataclass(frozen=True)
class ValidationFigures:
    """Mean loss and accuracy on the training and on the validation rows: one full validation."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What training led to.

    Attributes
    ----------
    weights : (k, d) or (m, k, d)
        Of scaled features.
    intercepts : (k,) or (m, k)
    validations : tuple of ValidationFigures
        One for each validation on the way.
    """

    weights: Array
    intercepts: Array
    validations: tuple[ValidationFigures, ...] = ()


@dataclass(frozen=True, eq=False)
class TrainingWork:
    """Mini-batch SGD from zero weights: the same rows in the same order for everyone.

    Incomplete batches are dropped. Everyone draws the order of each epoch anew, within the time that is measured.

    Parameters
    ----------
    X : (n, d) uint8 or float32
    y : (n,) integers from 0 to k − 1
    X_val, y_val : (n', d) and (n',)
        For accuracies, and for validations on the way.
    k : int
    l2 : float, or float array (m,) for as many models as there are values
    shift, scale : float
        The model sees ``(x − shift) · scale``.
    validations_per_epoch : int
        On all training and all validation rows, loss and accuracy; 0 for none.

    Examples
    --------
    >>> X, y = np.zeros((300, 4), np.uint8), np.zeros(300, int)
    >>> work = TrainingWork(X, y, X, y, k=2, batch_size=100, epochs=3)
    >>> work.steps_per_epoch, work.multiply_adds  # 3 epochs · 300 rows · 4 features · 2 classes, forward and backward
    (3, 14400)
    """

    X: Array
    y: Array
    X_val: Array
    y_val: Array
    k: int
    loss: str = "softmax"
    batch_size: int = 100
    epochs: int = 1
    learning_rate: float = 0.01
    l2: float | Array = 0.0
    shift: float = 127.5
    scale: float = 1 / 127.5
    validations_per_epoch: int = 0
    seed: int = 0

    @property
    def m(self) -> int | None:
        """Number of models, None for a single one."""
        return None if isinstance(self.l2, float) else len(self.l2)

    @property
    def steps_per_epoch(self) -> int:
        """Number of whole batches."""
        return len(self.X) // self.batch_size

    @property
    def multiply_adds(self) -> int:
        """What products of rows with weights take: scores and gradients in training, scores in validations."""
        one_pass: int = self.X.shape[1] * self.k * (self.m or 1)
        steps = self.epochs * self.steps_per_epoch * self.batch_size * 2
        validations = sum(len(self.validated(epoch)) for epoch in range(self.epochs))
        return one_pass * (steps + validations * (len(self.X) + len(self.X_val)))

    def validated(self, epoch: int) -> frozenset[int]:
        """Return the steps of an epoch, from 0, after which there is a validation."""
        if not self.validations_per_epoch:
            return frozenset()
        return frozenset(validation_steps(epoch, self.steps_per_epoch, self.validations_per_epoch))

    def epochs_of_batches(self) -> Iterator[Iterator[tuple[Array, bool]]]:
        """Yield for each epoch its batches: rows ``(batch_size,)``, and whether a validation follows.

        Raises
        ------
        TimeLimitExceeded
            Between two batches, where :func:`~onelayer.bench.timing.time_limit` has set a limit.
        """
        orders = Orders(len(self.X), "pcg64", self.seed)
        for epoch in range(self.epochs):
            order, validated = orders(epoch), self.validated(epoch)
            whole = order[: self.steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)
            yield self._batches(whole, validated)

    def _batches(self, whole: Array, validated: frozenset[int]) -> Iterator[tuple[Array, bool]]:
        for step, batch in enumerate(whole):
            check_time_limit()
            yield batch, step in validated

    def scaled(self, dtype: Any) -> tuple[Array, Array]:
        """Return training and validation rows as a model is to see them, computed once for all who ask."""
        return self._float32 if dtype == np.float32 else self._float64

    @cached_property
    def _float32(self) -> tuple[Array, Array]:
        return self._scaled(self.X, np.float32), self._scaled(self.X_val, np.float32)

    @cached_property
    def _float64(self) -> tuple[Array, Array]:
        return self._scaled(self.X, np.float64), self._scaled(self.X_val, np.float64)

    def _scaled(self, X: Array, dtype: Any) -> Array:
        if X.dtype == dtype and (self.shift, self.scale) == (0.0, 1.0):
            return X
        rows = aligned_empty(X.shape, dtype)
        np.subtract(X, dtype(self.shift), out=rows)
        rows *= dtype(self.scale)
        return rows

    def on_float32(self) -> TrainingWork:
        """Return the same work on float32 rows that were scaled beforehand."""
        X, X_val = self.scaled(np.float32)
        return replace(self, X=X, X_val=X_val, shift=0.0, scale=1.0)

    def accuracy(self, trained: TrainingResult) -> float:
        """Return the share of validation rows decided rightly; of m models the best one's."""
        X = self.scaled(np.float32)[1]
        weights = trained.weights.reshape(-1, X.shape[1]).astype(np.float32)
        scores = (X @ weights.T + trained.intercepts.reshape(-1).astype(np.float32)).reshape(len(X), -1, self.k)
        return float((scores.argmax(axis=2) == self.y_val[:, np.newaxis]).mean(axis=0).max())


def training_entry(
    name: str, work: TrainingWork, settings: Mapping[str, Callable[[], Run]], missing: str | None = None
) -> Competitor:
    """Return the entry of a competitor that trains: times per epoch, the accuracy beside them."""

    def figures(result: Any) -> dict[str, float]:
        return {"accuracy": work.accuracy(result)}

    return Competitor(
        name, settings, work.multiply_adds, work.epochs, group="training", figures=figures, missing=missing
    )
