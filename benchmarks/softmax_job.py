"""Speed: the ten-class job of the tdt4265 course, by onelayer and by a loop in NumPy as it is written in a course.

The first 20,000 MNIST training images against the 10,000 test images, 784 pixels mapped to [−1, 1] and a bias, softmax
from zero weights, batches of 128, learning rate 0.01, shuffled, both sets validated five times an epoch.

onelayer computes in float32: once from bytes, which it scales itself within the measured time, and once from rows that
were scaled beforehand; by its definitions in NumPy and, where it is there, by the native engine.

The loops by hand get their rows scaled beforehand. Rows end in a constant 1 (the bias trick), labels are one-hot,
batches are taken by fancy indexing, and everything is in the type of the rows. They are not slowed down: the scores of
a validation are computed once for both loss and accuracy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from onelayer import OneLayerClassifier, load_dataset
from onelayer.bench.results import times_the_rate
from onelayer.bench.timing import Competitor, time_entries
from onelayer.rows import as_rows

Array = np.ndarray[Any, Any]

BY_HAND_64, BY_HAND_32 = "loop by hand, float64", "loop by hand, float32"
TARGETS = {BY_HAND_64: 2.5, BY_HAND_32: 1.3}  # how many times as fast onelayer is to be, whatever computes
TRAINING_ROWS = 20_000
AGREEMENT = 1e-4  # between final losses and weights: rounding of float32, and no other work


@dataclass(frozen=True)
class Figures:
    """Mean loss and accuracy on the training and the validation rows."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Job:
    """Bytes ``(n, d)`` and labels to train and to validate on, and how."""

    X: Array
    y: Array
    X_val: Array
    y_val: Array
    k: int
    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.01
    validations_per_epoch: int = 5
    seed: int = 0

    @classmethod
    def load(cls, data_dir: str | Path | None, epochs: int) -> Job:
        """Read the images."""
        train, _, test = load_dataset("mnist", data_dir=data_dir, validation_fraction=0, download=False)
        X, y = train.X[:TRAINING_ROWS], train.y[:TRAINING_ROWS]
        return cls(as_rows(X), y, as_rows(test.X), test.y, train.n_classes, epochs)

    @property
    def settings(self) -> dict[str, Any]:
        """What the loop by hand and the classifier are both told."""
        names = ("batch_size", "learning_rate", "validations_per_epoch")
        return {name: getattr(self, name) for name in names}


@dataclass
class Outcome:
    """What a competitor ended with: figures of the last validation, how many there were, and weights ``(k, d)``."""

    figures: Figures
    validations: int
    weights: Array = field(repr=False)


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


def by_hand(job: Job, dtype: Any) -> Callable[[], Outcome]:
    """Return the job as a loop by hand."""
    training = prepare(job.X, job.y, job.k, dtype)
    validation = prepare(job.X_val, job.y_val, job.k, dtype)

    def run() -> Outcome:
        w, history = train(training, validation, epochs=job.epochs, seed=job.seed, **job.settings)
        return Outcome(history[-1], len(history), w[:-1].T)

    return run


def by_onelayer(job: Job, engine: str, *, from_bytes: bool) -> Callable[[], Outcome]:
    """Return the job as a fit that ``engine`` computes: ``"reference"`` (NumPy) or ``"native"``."""
    X, X_val = (part if from_bytes else scaled(part, np.float32) for part in (job.X, job.X_val))

    def run() -> Outcome:
        clf = OneLayerClassifier(
            loss="softmax",
            scaling="symmetric" if from_bytes else "none",
            l2=0.0,
            drop_last=True,
            shuffle="numpy-legacy",
            keep="last",
            max_epochs=job.epochs,
            random_state=job.seed,
            **job.settings,
        )
        with patch.dict(os.environ, ONELAYER_ENGINE=engine):
            clf.fit(X, job.y, X_val=X_val, y_val=job.y_val)
        last = {name: float(clf.history_[name][-1]) for name in Figures.__dataclass_fields__}
        weights = clf.coef_ * 127.5 if from_bytes else clf.coef_
        return Outcome(Figures(**last), len(clf.history_["validation_step"]), weights)

    return run


def measure(job: Job, engines: Sequence[str], rounds: int) -> dict[str, Any]:
    """Return seconds, ratios and final figures of all competitors.

    Raises
    ------
    AssertionError
        If they did not do the same work.
    """
    outcomes: dict[str, Outcome] = {}

    def competitor(name: str, run: Callable[[], Outcome]) -> Competitor:
        def figures(outcome: Outcome) -> dict[str, float]:
            outcomes[name] = outcome
            return asdict(outcome.figures)

        return Competitor(name, {"": lambda: run}, work=1, figures=figures)

    runs = {BY_HAND_64: by_hand(job, np.float64), BY_HAND_32: by_hand(job, np.float32)}
    for engine in engines:
        for kind in ("uint8", "float32"):
            runs[f"onelayer ({engine}), {kind}"] = by_onelayer(job, engine, from_bytes=kind == "uint8")
    timed = {one.name: one for one in time_entries([competitor(name, run) for name, run in runs.items()], rounds)}
    for name, outcome in outcomes.items():
        check_same_work(name, outcome, outcomes[BY_HAND_64])
    return {
        name: {
            "seconds": one.seconds,
            "times_as_fast_as": {other: times_the_rate(one, [timed[other]]) for other in TARGETS},
            "validations": outcomes[name].validations,
            **one.figures,
        }
        for name, one in timed.items()
    }


def check_same_work(name: str, outcome: Outcome, reference: Outcome) -> None:
    """Raise AssertionError unless an outcome is that of the loop by hand in float64, but for rounding."""
    if outcome.validations != reference.validations:
        raise AssertionError(f"{name}: {outcome.validations} validations, not {reference.validations}")
    difference = float(np.abs(outcome.weights - reference.weights).max())
    if difference > AGREEMENT * float(np.abs(reference.weights).max()):
        raise AssertionError(f"{name}: weights differ by up to {difference:.3g}")
    if abs(outcome.figures.validation_loss - reference.figures.validation_loss) > AGREEMENT:
        raise AssertionError(f"{name}: validation loss {outcome.figures.validation_loss}")
