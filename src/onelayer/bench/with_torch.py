"""PyTorch as a competitor, eager: with the data in memory, with its ``DataLoader``, and m models stacked by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from onelayer.bench.timing import Competitor, Run, check_time_limit, missing_module
from onelayer.bench.work import TrainingResult, TrainingWork, ValidationFigures, training_entry

__all__ = ["LOADER_SETTINGS", "torch_loader", "torch_memory", "torch_stacked"]

Batches = Callable[[], Iterable[Iterable[tuple[Any, Any, bool]]]]

# Rows one by one and collated, which is the default; or a whole batch of rows taken at once.
LOADER_SETTINGS: Mapping[str, dict[str, Any]] = {
    "rows one by one": {"by_batch": False, "workers": 0},
    "rows one by one, 2 workers": {"by_batch": False, "workers": 2},
    "batches at once": {"by_batch": True, "workers": 0},
}


def torch_memory(work: TrainingWork, threads: int) -> Competitor:
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

        return _training(work, batches, count)

    counts, kinds = sorted({1, threads}), (True,) if work.X.dtype == np.float32 else (True, False)
    settings = {
        f"threads: {count}, {'float32' if kind else 'uint8'} rows": lambda count=count, kind=kind: prepare(count, kind)
        for count in counts
        for kind in kinds
    }
    return training_entry("PyTorch", work, settings, missing_module("torch"))


def _training(work: TrainingWork, batches: Batches, threads: int) -> Run:
    """Return training over ``batches``, which gives for each epoch (rows, labels, whether a validation follows)."""
    torch = import_module("torch")
    parts = [
        (torch.from_numpy(X), torch.from_numpy(y.astype(np.int64)))
        for X, y in zip(work.scaled(np.float32), (work.y, work.y_val), strict=True)
    ]
    loss = torch.nn.functional.cross_entropy

    def validate(model: Any) -> ValidationFigures:
        figures = []
        with torch.no_grad():
            for X, y in parts:
                scores = model(X)
                accuracy = (scores.argmax(dim=1) == y).float().mean()
                figures += [float(loss(scores, y)), float(accuracy)]
        return ValidationFigures(*figures)

    def run() -> TrainingResult:
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
        return TrainingResult(weights, intercepts, tuple(validations))

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


def torch_loader(
    work: TrainingWork, threads: int, settings: Mapping[str, dict[str, Any]] = LOADER_SETTINGS
) -> Competitor:
    """Return PyTorch with a loader over float32 rows that are scaled beforehand, in the fastest of its ways."""
    prepared = {
        f"threads: {count}, {name}": lambda count=count, options=options: _with_loader(work, count, **options)
        for count in sorted({1, threads})
        for name, options in settings.items()
    }
    return training_entry("PyTorch, DataLoader", work, prepared, missing_module("torch"))


def _with_loader(work: TrainingWork, threads: int, *, by_batch: bool, workers: int) -> Run:
    torch, data = import_module("torch"), import_module("torch.utils.data")
    X, y = work.scaled(np.float32)[0], work.y.astype(np.int64)
    rows = data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y))

    def batches() -> Iterator[Iterator[tuple[Any, Any, bool]]]:
        for epoch in work.epochs_of_batches():
            taken = list(epoch)
            chosen = [batch.tolist() for batch, _ in taken]
            how = {"sampler": chosen, "batch_size": None} if by_batch else {"batch_sampler": chosen}
            loader = data.DataLoader(rows, num_workers=workers, **how)
            yield _marked(loader, [validated for _, validated in taken])

    return _training(work, batches, threads)


def _marked(loader: Any, validated: list[bool]) -> Iterator[tuple[Any, Any, bool]]:
    for (X, y), mark in zip(loader, validated, strict=True):
        check_time_limit()
        yield X, y, mark


def torch_stacked(work: TrainingWork, threads: int) -> Competitor:
    """Return the loop in PyTorch: one ``nn.Linear`` with m · k outputs; each model's own penalty is added by hand."""

    def prepare(count: int) -> Run:
        torch = import_module("torch")
        X, y = torch.from_numpy(work.scaled(np.float32)[0]), torch.from_numpy(work.y.astype(np.int64))
        l2 = torch.from_numpy(np.repeat(np.asarray(work.l2, np.float32), work.k))[:, None]

        def run() -> TrainingResult:
            torch.set_num_threads(count)
            return _train_stacked(work, X, y, l2)

        return run

    settings = {f"threads: {count}": lambda count=count: prepare(count) for count in sorted({1, threads})}
    return training_entry("stacked by hand, PyTorch", work, settings, missing_module("torch"))


def _train_stacked(work: TrainingWork, X: Any, y: Any, l2: Any) -> TrainingResult:
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
    return TrainingResult(weights.reshape(m, k, -1), intercepts.reshape(m, k))
