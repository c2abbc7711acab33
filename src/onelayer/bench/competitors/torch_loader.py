"""PyTorch, eager, with its ``DataLoader``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from onelayer.bench.competitors.torch_memory import torch_run
from onelayer.bench.entry import Entry, Run, missing_module, training_entry
from onelayer.bench.patience import check_patience
from onelayer.bench.work import TrainingWork

__all__ = ["torch_loader"]

# Rows one by one and collated, which is the default; or a whole batch of rows taken at once.
SETTINGS: Mapping[str, dict[str, Any]] = {
    "rows one by one": {"by_batch": False, "workers": 0},
    "rows one by one, 2 workers": {"by_batch": False, "workers": 2},
    "batches at once": {"by_batch": True, "workers": 0},
}


def torch_loader(work: TrainingWork, threads: int, settings: Mapping[str, dict[str, Any]] = SETTINGS) -> Entry:
    """Return PyTorch with a loader over float32 rows that are scaled beforehand, in the fastest of its ways."""
    prepared = {
        f"threads: {count}, {name}": lambda count=count, options=options: _prepare(work, count, **options)
        for count in sorted({1, threads})
        for name, options in settings.items()
    }
    return training_entry("PyTorch, DataLoader", work, prepared, missing_module("torch"))


def _prepare(work: TrainingWork, threads: int, *, by_batch: bool, workers: int) -> Run:
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

    return torch_run(work, batches, threads)


def _marked(loader: Any, validated: list[bool]) -> Iterator[tuple[Any, Any, bool]]:
    for (X, y), mark in zip(loader, validated, strict=True):
        check_patience()
        yield X, y, mark
