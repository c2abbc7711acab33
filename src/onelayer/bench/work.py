"""Training to be timed: the data, and everything that decides what is to be computed from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from onelayer.arrays import aligned_empty
from onelayer.bench.patience import check_patience
from onelayer.training.epochs import Orders, validation_steps

__all__ = ["Figures", "Trained", "TrainingWork"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Figures:
    """Mean loss and accuracy on the training and on the validation rows: one full validation."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, eq=False)
class Trained:
    """What training led to.

    Attributes
    ----------
    weights : (k, d) or (m, k, d)
        Of scaled features.
    intercepts : (k,) or (m, k)
    validations : tuple of Figures
        One for each validation on the way.
    """

    weights: Array
    intercepts: Array
    validations: tuple[Figures, ...] = ()


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
        OutOfPatience
            Between two batches, where :func:`~onelayer.bench.patience.patience` has set a limit.
        """
        orders = Orders(len(self.X), "pcg64", self.seed)
        for epoch in range(self.epochs):
            order, validated = orders(epoch), self.validated(epoch)
            whole = order[: self.steps_per_epoch * self.batch_size].reshape(-1, self.batch_size)
            yield self._batches(whole, validated)

    def _batches(self, whole: Array, validated: frozenset[int]) -> Iterator[tuple[Array, bool]]:
        for step, batch in enumerate(whole):
            check_patience()
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

    def accuracy(self, trained: Trained) -> float:
        """Return the share of validation rows decided rightly; of m models the best one's."""
        X = self.scaled(np.float32)[1]
        weights = trained.weights.reshape(-1, X.shape[1]).astype(np.float32)
        scores = (X @ weights.T + trained.intercepts.reshape(-1).astype(np.float32)).reshape(len(X), -1, self.k)
        return float((scores.argmax(axis=2) == self.y_val[:, np.newaxis]).mean(axis=0).max())
