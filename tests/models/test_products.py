"""Products in tiles are the products themselves, at every number of rows around a tile's."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.models.products import LARGEST_RESULT, LARGEST_WORK, multiply_rows, sum_outer_products

# Around one and two tiles of 120 rows, and as many as leave a last tile of one row.
ROWS = (1, 2, 119, 120, 121, 239, 240, 241, 1201)


def draw(n, k, d, dtype):
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, d)).astype(dtype), rng.normal(size=(k, d)).astype(dtype)


def close(actual, expected, terms, dtype):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=10 * terms * np.finfo(dtype).eps)
    assert actual.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "d"), [(10, 784), (1, 784), (2, 65), (10, 3072), (100, 324)])
@pytest.mark.parametrize("n", ROWS)
def test_rows_times_rows(n, k, d, dtype):
    X, V = draw(n, k, d, dtype)
    close(multiply_rows(X, V), X.astype(float) @ V.T.astype(float), d, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "d"), [(10, 784), (1, 784), (2, 65), (10, 3072), (100, 324)])
@pytest.mark.parametrize("n", ROWS)
def test_sum_of_outer_products(n, k, d, dtype):
    X, _ = draw(n, k, d, dtype)
    R = np.random.default_rng(k).normal(size=(n, k)).astype(dtype)
    close(sum_outer_products(R, X), R.T.astype(float) @ X.astype(float), n, dtype)


def test_rows_that_do_not_lie_next_to_each_other():
    X, V = draw(300, 10, 784, np.float64)
    expected = X[::2] @ V.T
    np.testing.assert_allclose(multiply_rows(X[::2], V), expected, atol=1e-10)


def test_every_product_of_an_image_batch_is_small(monkeypatch):
    """Small is what the module is about: a batch of 128 images of 784 pixels and ten classes is not."""
    sizes = []

    def matmul(a, b, out=None):
        sizes.append((a.shape[-2] * b.shape[-1], a.shape[-2] * a.shape[-1] * b.shape[-1]))
        return multiply(a, b, out=out)

    multiply = np.matmul
    monkeypatch.setattr(np, "matmul", matmul)
    multiply_rows(*draw(128, 10, 784, np.float32))
    assert sizes
    assert all(numbers <= LARGEST_RESULT and work <= LARGEST_WORK for numbers, work in sizes)
