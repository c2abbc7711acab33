"""Competitors without PyTorch: loops by hand in NumPy, scikit-learn, scikit-image, and products of large matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from onelayer.bench.timing import Competitor, Run, missing_module
from onelayer.bench.work import TrainingResult, TrainingWork, ValidationFigures, training_entry
from onelayer.threads import limited_threads

__all__ = ["SGEMM", "numpy_loop", "numpy_stacked", "one_after_another", "sgemm", "skimage_hog", "sklearn_sgd"]

Array = np.ndarray[Any, Any]

SGEMM = ("sgemm, NumPy", "sgemm, PyTorch")


def numpy_loop(work: TrainingWork, dtype: Any, threads: int) -> Competitor:
    """Return the loop, computing in ``dtype`` from rows that are scaled beforehand, with 1 or ``threads`` threads."""

    def prepare(count: int) -> Run:
        rows = work.scaled(dtype)
        targets = np.eye(work.k, dtype=dtype)[work.y], np.eye(work.k, dtype=dtype)[work.y_val]

        def run() -> TrainingResult:
            with limited_threads(count):
                return _train(work, rows, targets)

        return run

    settings = {f"threads: {count}": lambda count=count: prepare(count) for count in sorted({1, threads})}
    return training_entry(f"NumPy loop, {np.dtype(dtype).name}", work, settings)


def _train(work: TrainingWork, rows: tuple[Array, Array], targets: tuple[Array, Array]) -> TrainingResult:
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
    return TrainingResult(W.T, b, tuple(validations))


def _softmax(scores: Array) -> Array:
    exponentials: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


def _cross_entropy(targets: Array, outputs: Array) -> float:
    return float(-(targets * np.log(outputs)).sum(axis=1).mean())


def _validate(rows: tuple[Array, Array], targets: tuple[Array, Array], W: Array, b: Array) -> ValidationFigures:
    figures = []
    for X, Y in zip(rows, targets, strict=True):
        outputs = _softmax(X @ W + b)
        accuracy = float((outputs.argmax(axis=1) == Y.argmax(axis=1)).mean())
        figures += [_cross_entropy(Y, outputs), accuracy]
    return ValidationFigures(*figures)


def numpy_stacked(work: TrainingWork, threads: int) -> Competitor:
    """Return the loop in NumPy, float32."""

    def prepare(count: int) -> Run:
        X, l2 = work.scaled(np.float32)[0], np.repeat(np.asarray(work.l2, np.float32), work.k)

        def run() -> TrainingResult:
            with limited_threads(count):
                return _train_stacked(work, X, l2)

        return run

    settings = {f"threads: {count}": lambda count=count: prepare(count) for count in sorted({1, threads})}
    return training_entry("stacked by hand, NumPy", work, settings)


def _train_stacked(work: TrainingWork, X: Array, l2: Array) -> TrainingResult:
    m, k, d = len(l2) // work.k, work.k, X.shape[1]
    W, b = np.zeros((d, m * k), X.dtype), np.zeros(m * k, X.dtype)
    each, rate = np.arange(work.batch_size), np.float32(work.learning_rate)
    for batches in work.epochs_of_batches():
        for batch, _ in batches:
            X_batch = X[batch]
            scores = X_batch @ W
            scores += b
            outputs = scores.reshape(-1, m, k)
            outputs -= outputs.max(axis=2, keepdims=True)
            np.exp(outputs, out=outputs)
            outputs /= outputs.sum(axis=2, keepdims=True)
            outputs[each, :, work.y[batch]] -= 1
            scores *= rate / np.float32(len(batch))
            gradient = X_batch.T @ scores
            W *= 1 - rate * l2
            W -= gradient
            b -= scores.sum(axis=0)
    return TrainingResult(W.T.reshape(m, k, d), b.reshape(m, k))


def one_after_another(work: TrainingWork, single: Callable[[TrainingWork], Competitor]) -> Competitor:
    """Return ``single`` at each of the values of ``work.l2`` in turn; the data is prepared once."""
    values = [float(value) for value in np.atleast_1d(work.l2)]
    on_float32 = work.on_float32()
    entry = single(replace(on_float32, l2=values[0]))

    def prepare(setting: str) -> Run:
        runs = [single(replace(on_float32, l2=value)).settings[setting]() for value in values]

        def run() -> TrainingResult:
            trained = [one() for one in runs]
            return TrainingResult(np.stack([t.weights for t in trained]), np.stack([t.intercepts for t in trained]))

        return run

    settings = {setting: lambda setting=setting: prepare(setting) for setting in entry.settings}
    return replace(
        entry,
        name=f"{entry.name}, one after another",
        settings=settings,
        work=work.multiply_adds,
        figures=lambda result: {"accuracy": work.accuracy(result)},
    )


def sklearn_sgd(work: TrainingWork, threads: int) -> Competitor:
    """Return as many epochs over float32 rows, scaled beforehand.

    It has neither softmax nor batches: k logistic regressions, a step for each row, the learning rate divided by the
    batch size so that an epoch moves the weights as far. The work that is counted is that of the batches.
    """

    def prepare() -> Run:
        from sklearn.linear_model import SGDClassifier

        X = work.scaled(np.float32)[0]

        def run() -> TrainingResult:
            clf = SGDClassifier(
                loss="log_loss",
                penalty="l2" if work.l2 else None,
                alpha=work.l2 or 1.0,  # without a penalty it means nothing, but must not be 0
                learning_rate="constant",
                eta0=work.learning_rate / work.batch_size,
                max_iter=work.epochs,
                tol=None,
                n_jobs=threads,
                random_state=work.seed,
            )
            clf.fit(X, work.y)
            return TrainingResult(clf.coef_, clf.intercept_)

        return run

    return training_entry("scikit-learn SGDClassifier", work, {f"n_jobs: {threads}": prepare})


def skimage_hog(images: Array) -> Competitor:
    """Return scikit-image's HOG, image after image, of the mean of their channels."""

    def prepare() -> Run:
        hog = import_module("skimage.feature").hog
        grey = images.mean(axis=-1, dtype=np.float32)

        def run() -> Array:
            return np.stack([hog(image, block_norm="L2-Hys") for image in grey])

        return run

    missing = missing_module("skimage")
    settings = {"image by image": prepare}
    return Competitor("scikit-image", settings, len(images), len(images) / 1000, "1,000 images", "hog", missing=missing)


def sgemm(threads: int, size: int = 2048) -> list[Competitor]:
    """Return the product of two ``(size, size)`` matrices by NumPy and by PyTorch; both write to memory they have."""
    prepare: dict[str, Callable[[], Run]] = {
        SGEMM[0]: lambda: _numpy_product(threads, size),
        SGEMM[1]: lambda: _torch_product(threads, size),
    }
    missing = {SGEMM[0]: None, SGEMM[1]: missing_module("torch")}
    return [
        Competitor(name, {f"threads: {threads}": of}, size**3, group="sgemm", missing=missing[name])
        for name, of in prepare.items()
    ]


def _numpy_product(threads: int, size: int) -> Run:
    A, B = np.random.default_rng(0).standard_normal((2, size, size), np.float32)
    C = np.empty_like(A)

    def run() -> float:
        with limited_threads(threads):
            np.matmul(A, B, out=C)
        return float(C.sum(dtype=np.float64))

    return run


def _torch_product(threads: int, size: int) -> Run:
    torch = import_module("torch")
    A, B = (torch.from_numpy(part) for part in np.random.default_rng(0).standard_normal((2, size, size), np.float32))
    C = torch.empty_like(A)

    def run() -> float:
        torch.set_num_threads(threads)
        torch.matmul(A, B, out=C)
        return float(C.sum())

    return run
