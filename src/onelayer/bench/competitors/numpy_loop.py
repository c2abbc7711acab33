"""Softmax regression by hand in NumPy, as it is written in a course: one-hot labels, batches by fancy indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.bench.entry import Entry, Run, training_entry
from onelayer.bench.work import Figures, Trained, TrainingWork
from onelayer.threads import limited_threads

__all__ = ["numpy_loop"]

Array = np.ndarray[Any, Any]


def numpy_loop(work: TrainingWork, dtype: Any, threads: int) -> Entry:
    """Return the loop, computing in ``dtype`` from rows that are scaled beforehand, with 1 or ``threads`` threads."""

    def prepare(count: int) -> Run:
        rows = work.scaled(dtype)
        targets = np.eye(work.k, dtype=dtype)[work.y], np.eye(work.k, dtype=dtype)[work.y_val]

        def run() -> Trained:
            with limited_threads(count):
                return _train(work, rows, targets)

        return run

    settings = {f"threads: {count}": lambda count=count: prepare(count) for count in sorted({1, threads})}
    return training_entry(f"NumPy loop, {np.dtype(dtype).name}", work, settings)


def _train(work: TrainingWork, rows: tuple[Array, Array], targets: tuple[Array, Array]) -> Trained:
    X, Y = rows[0], targets[0]
    W, b = np.zeros((X.shape[1], work.k), X.dtype), np.zeros(work.k, X.dtype)
    validations = []
    for batches in work.epochs_of_batches():
        for batch, validated in batches:
            X_batch, Y_batch = X[batch], Y[batch]
            outputs = _softmax(X_batch @ W + b)
            _cross_entropy(Y_batch, outputs)  # which a history of training wants
            residual = (outputs - Y_batch) / len(batch)
            gradient = X_batch.T @ residual
            if work.l2:
                gradient += work.l2 * W
            W -= work.learning_rate * gradient
            b -= work.learning_rate * residual.sum(axis=0)
            if validated:
                validations.append(_validate(rows, targets, W, b))
    return Trained(W.T, b, tuple(validations))


def _softmax(scores: Array) -> Array:
    exponentials: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


def _cross_entropy(targets: Array, outputs: Array) -> float:
    return float(-(targets * np.log(outputs)).sum(axis=1).mean())


def _validate(rows: tuple[Array, Array], targets: tuple[Array, Array], W: Array, b: Array) -> Figures:
    figures = []
    for X, Y in zip(rows, targets, strict=True):
        outputs = _softmax(X @ W + b)
        accuracy = float((outputs.argmax(axis=1) == Y.argmax(axis=1)).mean())
        figures += [_cross_entropy(Y, outputs), accuracy]
    return Figures(*figures)
