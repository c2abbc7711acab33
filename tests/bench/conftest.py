"""Data of the jobs, small enough to try every competitor on."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pytest

from onelayer.bench.work import BenchmarkData, BenchmarkParts

K = 10


class TinyData(BenchmarkData):
    """Images of ten classes that a linear model tells apart, and random bytes of few rows."""

    N = 400

    @cached_property
    def cifar10(self) -> BenchmarkParts:
        return _separable((self.N, 32, 32, 3))

    @cached_property
    def mnist(self) -> BenchmarkParts:
        return _separable((self.N, 28, 28))

    def random(self, n: int, d: int, k: int) -> BenchmarkParts:
        return super().random(min(n, self.N), d, k)


def _separable(shape: tuple[int, ...]) -> BenchmarkParts:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(shape[0]) % K)
    centres = rng.integers(60, 196, (K, *shape[1:]))
    X = (centres[y] + rng.integers(-60, 60, shape)).astype(np.uint8)
    X.flat[0], X.flat[1] = 0, 255  # as in the real sets: scalings are learned from the range
    return BenchmarkParts(X, y, X[:100], y[:100])


@pytest.fixture(scope="session")
def tiny() -> TinyData:
    return TinyData()
