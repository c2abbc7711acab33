"""Softmax regression by mini-batch SGD as it is written by hand in a course: what onelayer is measured against.

Rows end in a constant 1 (the bias trick), labels are one-hot, batches are taken by fancy indexing, and everything is in
the type of the rows. It is not slowed down: the scores of a validation are computed once for both loss and accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Figures:
    """Mean loss and accuracy on the training and the validation rows."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


def scaled(X: Array, dtype: Any) -> Array:
    """Return bytes mapped to [−1, 1]."""
    rows: Array = ((X - 127.5) / 127.5).astype(dtype)
    return rows


def prepare(X: Array, y: Array, k: int, dtype: Any) -> tuple[Array, Array]:
    """Return bytes ``(n, d)`` scaled and with a constant 1 appended, ``(n, d + 1)``, and labels one-hot, ``(n, k)``."""
    return np.concatenate([scaled(X, dtype), np.ones((len(X), 1), dtype)], axis=1), np.eye(k, dtype=dtype)[y]


def forward(X: Array, w: Array) -> Array:
    """Return the probabilities of the classes."""
    exponentials = np.exp(X @ w)
    outputs: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return outputs


def cross_entropy(targets: Array, outputs: Array) -> float:
    """Return the mean loss."""
    return float(-(targets * np.log(outputs)).sum(axis=1).mean())


def accuracy(targets: Array, outputs: Array) -> float:
    """Return the share of rows decided rightly."""
    return float((outputs.argmax(axis=1) == targets.argmax(axis=1)).mean())


def train(
    training: tuple[Array, Array],
    validation: tuple[Array, Array],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    validations_per_epoch: int,
    seed: int,
) -> tuple[Array, list[Figures]]:
    """Return the weights ``(d + 1, k)`` and the figures of each validation; incomplete batches are dropped."""
    X, y = training
    w = np.zeros((X.shape[1], y.shape[1]), X.dtype)
    steps = len(X) // batch_size
    every = max(1, steps // validations_per_epoch)
    generator = np.random.RandomState(seed)
    history = []
    for epoch in range(epochs):
        order = generator.permutation(len(X))
        for i in range(steps):
            batch = order[i * batch_size : (i + 1) * batch_size]
            X_batch, y_batch = X[batch], y[batch]
            outputs = forward(X_batch, w)
            cross_entropy(y_batch, outputs)
            gradient = -X_batch.T @ (y_batch - outputs) / len(X_batch)
            w -= learning_rate * gradient
            if (epoch * steps + i) % every == 0:
                history.append(validate(training, validation, w))
    return w, history


def validate(training: tuple[Array, Array], validation: tuple[Array, Array], w: Array) -> Figures:
    """Return the figures of weights."""
    figures = []
    for X, y in (training, validation):
        outputs = forward(X, w)
        figures += [cross_entropy(y, outputs), accuracy(y, outputs)]
    return Figures(*figures)
