"""PyTorch, eager: ``nn.Linear`` and ``optim.SGD``, the data in memory, batches by index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from onelayer.bench.entry import Entry, Run, missing_module, training_entry
from onelayer.bench.work import Figures, Trained, TrainingWork

__all__ = ["Batches", "torch_memory", "torch_run"]

Batches = Callable[[], Iterable[Iterable[tuple[Any, Any, bool]]]]


def torch_memory(work: TrainingWork, threads: int) -> Entry:
    """Return PyTorch at its fastest.

    With 1 or ``threads`` threads, from float32 rows scaled beforehand or, if they are bytes, scaled batch by batch.
    """

    def prepare(count: int, beforehand: bool) -> Run:
        torch = import_module("torch")
        X = torch.from_numpy(work.scaled(np.float32)[0] if beforehand else work.X)
        y = torch.from_numpy(work.y.astype(np.int64))

        def batches() -> Iterator[Iterator[tuple[Any, Any, bool]]]:
            for epoch in work.epochs_of_batches():
                yield (_batch(work, X, y, torch.from_numpy(rows), validated) for rows, validated in epoch)

        return torch_run(work, batches, count)

    counts, kinds = sorted({1, threads}), (True,) if work.X.dtype == np.float32 else (True, False)
    settings = {
        f"threads: {count}, {'float32' if kind else 'uint8'} rows": lambda count=count, kind=kind: prepare(count, kind)
        for count in counts
        for kind in kinds
    }
    return training_entry("PyTorch", work, settings, missing_module("torch"))


def torch_run(work: TrainingWork, batches: Batches, threads: int) -> Run:
    """Return training over ``batches``, which gives for each epoch (rows, labels, whether a validation follows)."""
    torch = import_module("torch")
    parts = [
        (torch.from_numpy(X), torch.from_numpy(y.astype(np.int64)))
        for X, y in zip(work.scaled(np.float32), (work.y, work.y_val), strict=True)
    ]
    loss = torch.nn.functional.cross_entropy

    def validate(model: Any) -> Figures:
        figures = []
        with torch.no_grad():
            for X, y in parts:
                scores = model(X)
                accuracy = (scores.argmax(dim=1) == y).float().mean()
                figures += [float(loss(scores, y)), float(accuracy)]
        return Figures(*figures)

    def run() -> Trained:
        torch.set_num_threads(threads)
        model, optimizer = _model(work)
        validations = []
        for epoch in batches():
            for X, y, validated in epoch:
                optimizer.zero_grad(set_to_none=True)
                loss(model(X), y).backward()
                optimizer.step()
                if validated:
                    validations.append(validate(model))
        weights, intercepts = (part.detach().numpy().copy() for part in (model.weight, model.bias))
        return Trained(weights, intercepts, tuple(validations))

    return run


def _model(work: TrainingWork) -> tuple[Any, Any]:
    torch = import_module("torch")
    model = torch.nn.Linear(work.X.shape[1], work.k)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    groups = [{"params": [model.weight], "weight_decay": work.l2}, {"params": [model.bias]}]
    # One tensor at a time is the fastest of its ways for two small tensors.
    return model, torch.optim.SGD(groups, lr=work.learning_rate, foreach=False)


def _batch(work: TrainingWork, X: Any, y: Any, rows: Any, validated: bool) -> tuple[Any, Any, bool]:
    taken = X.index_select(0, rows)
    if work.X.dtype == np.uint8 and not taken.is_floating_point():
        taken = taken.float().sub_(work.shift).mul_(work.scale)
    return taken, y.index_select(0, rows), validated
