"""m models stacked by hand: one matrix product gives the scores of all, one their gradients."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from onelayer.bench.entry import Entry, Run, missing_module, training_entry
from onelayer.bench.work import Trained, TrainingWork
from onelayer.threads import limited_threads

__all__ = ["stacked_numpy", "stacked_torch"]

Array = np.ndarray[Any, Any]


def stacked_numpy(work: TrainingWork, threads: int) -> Entry:
    """Return the loop in NumPy, float32."""

    def prepare(count: int) -> Run:
        X, l2 = work.scaled(np.float32)[0], np.repeat(np.asarray(work.l2, np.float32), work.k)

        def run() -> Trained:
            with limited_threads(count):
                return _train(work, X, l2)

        return run

    settings = {f"threads: {count}": lambda count=count: prepare(count) for count in sorted({1, threads})}
    return training_entry("stacked by hand, NumPy", work, settings)


def _train(work: TrainingWork, X: Array, l2: Array) -> Trained:
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
    return Trained(W.T.reshape(m, k, d), b.reshape(m, k))


def stacked_torch(work: TrainingWork, threads: int) -> Entry:
    """Return the loop in PyTorch: one ``nn.Linear`` with m · k outputs; each model's own penalty is added by hand."""

    def prepare(count: int) -> Run:
        torch = import_module("torch")
        X, y = torch.from_numpy(work.scaled(np.float32)[0]), torch.from_numpy(work.y.astype(np.int64))
        l2 = torch.from_numpy(np.repeat(np.asarray(work.l2, np.float32), work.k))[:, None]

        def run() -> Trained:
            torch.set_num_threads(count)
            return _train_torch(work, X, y, l2)

        return run

    settings = {f"threads: {count}": lambda count=count: prepare(count) for count in sorted({1, threads})}
    return training_entry("stacked by hand, PyTorch", work, settings, missing_module("torch"))


def _train_torch(work: TrainingWork, X: Any, y: Any, l2: Any) -> Trained:
    torch = import_module("torch")
    m, k = len(l2) // work.k, work.k
    model = torch.nn.Linear(X.shape[1], m * k)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=work.learning_rate, foreach=False)
    for batches in work.epochs_of_batches():
        for batch, _ in batches:
            rows = torch.from_numpy(batch)
            scores = model(X.index_select(0, rows)).view(-1, k)
            labels = y.index_select(0, rows).repeat_interleave(m)
            optimizer.zero_grad(set_to_none=True)
            (torch.nn.functional.cross_entropy(scores, labels, reduction="sum") / len(batch)).backward()
            model.weight.grad.addcmul_(model.weight.detach(), l2)
            optimizer.step()
    weights, intercepts = (part.detach().numpy() for part in (model.weight, model.bias))
    return Trained(weights.reshape(m, k, -1), intercepts.reshape(m, k))
