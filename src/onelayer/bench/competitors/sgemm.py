"""The machine's own rate: products of large square float32 matrices, which libraries come closest to its limit in."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np

from onelayer.bench.entry import Entry, Run, missing_module
from onelayer.threads import limited_threads

__all__ = ["SGEMM", "sgemm"]

SGEMM = ("sgemm, NumPy", "sgemm, PyTorch")


def sgemm(threads: int, size: int = 2048) -> list[Entry]:
    """Return the product of two ``(size, size)`` matrices by NumPy and by PyTorch; both write to memory they have."""
    prepare: dict[str, Callable[[], Run]] = {
        SGEMM[0]: lambda: _numpy(threads, size),
        SGEMM[1]: lambda: _torch(threads, size),
    }
    missing = {SGEMM[0]: None, SGEMM[1]: missing_module("torch")}
    return [
        Entry(name, {f"threads: {threads}": of}, size**3, group="sgemm", missing=missing[name])
        for name, of in prepare.items()
    ]


def _numpy(threads: int, size: int) -> Run:
    A, B = np.random.default_rng(0).standard_normal((2, size, size), np.float32)
    C = np.empty_like(A)

    def run() -> float:
        with limited_threads(threads):
            np.matmul(A, B, out=C)
        return float(C.sum(dtype=np.float64))

    return run


def _torch(threads: int, size: int) -> Run:
    torch = import_module("torch")
    A, B = (torch.from_numpy(part) for part in np.random.default_rng(0).standard_normal((2, size, size), np.float32))
    C = torch.empty_like(A)

    def run() -> float:
        torch.set_num_threads(threads)
        torch.matmul(A, B, out=C)
        return float(C.sum())

    return run
