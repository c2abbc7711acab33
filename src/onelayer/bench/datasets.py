"""The data that jobs are made of, loaded once."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from onelayer.data import load_dataset

__all__ = ["BenchmarkData", "Parts"]

Array = np.ndarray[Any, Any]


class Parts(NamedTuple):
    """uint8 images ``(n, h, w, c)`` or rows ``(n, d)`` to train on, others to validate on, and their labels."""

    X: Array
    y: Array
    X_val: Array
    y_val: Array

    def rows(self, n: int) -> Parts:
        """Return the first n training images, and all others, as rows."""
        X, X_val = (part.reshape(len(part), -1) for part in (self.X, self.X_val))
        return Parts(X[:n], self.y[:n], X_val, self.y_val)


class BenchmarkData:
    """CIFAR-10 and MNIST from a folder, their official parts; and random bytes of any shape.

    Parameters
    ----------
    data_dir : path or None
        Where named sets are looked for first; nothing is downloaded.
    """

    def __init__(self, data_dir: str | None = None) -> None:
        self.data_dir = data_dir

    @cached_property
    def cifar10(self) -> Parts:
        """50,000 and 10,000 images of 32×32 pixels in three colours."""
        return self._load("cifar10")

    @cached_property
    def mnist(self) -> Parts:
        """60,000 and 10,000 images of 28×28 pixels."""
        return self._load("mnist")

    def random(self, n: int, d: int, k: int) -> Parts:
        """Return n rows of d random bytes with random labels; the cost of a step does not depend on what they are."""
        rng = np.random.default_rng(0)
        X, y = rng.integers(0, 256, (n, d), dtype=np.uint8), rng.integers(0, k, n)
        return Parts(X, y, X[:1000], y[:1000])

    def _load(self, name: str) -> Parts:
        train, _, test = load_dataset(name, data_dir=self.data_dir, validation_fraction=0, download=False)
        return Parts(train.X, train.y, test.X, test.y)
