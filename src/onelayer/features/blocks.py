"""Rows worked on in blocks of one height, so that the numbers of a row depend on nothing but the row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.threads import limited_threads, map_in_threads, usable_threads

__all__ = ["BLOCK_ROWS", "map_blocks", "slices"]

BLOCK_ROWS: Final = 64  # a multiple of every tile that a matrix product works on; one image alone costs as much


def map_blocks(function: Callable[[Array], Array], rows: Array, columns: int) -> Array:
    """Return ``function`` of every row, computed block by block on all threads.

    A matrix product may add up in another order where its shape is another or its threads are more. So every block has
    ``BLOCK_ROWS`` rows, the last one with zeros in place of those that are missing, and one thread computes it: the
    result is the same to the last bit for any number of rows beside a row, and of threads.

    Parameters
    ----------
    function : callable
        Takes a block (``BLOCK_ROWS``, …), returns (``BLOCK_ROWS``, columns); a row of what it returns depends on that
        row of the block alone.
    rows : array of shape (n, …)
    columns : int

    Returns
    -------
    float32 array of shape (n, columns)

    Examples
    --------
    >>> map_blocks(lambda block: block.sum(axis=1, keepdims=True), np.arange(6.0).reshape(3, 2), 1)
    array([[1.],
           [5.],
           [9.]], dtype=float32)
    """
    results = np.empty((len(rows), columns), np.float32)

    def compute(part: slice) -> None:
        block = rows[part]
        if len(block) < BLOCK_ROWS:
            block = np.concatenate([block, np.zeros((BLOCK_ROWS - len(block), *rows.shape[1:]), rows.dtype)])
        results[part] = function(block)[: len(results[part])]

    with limited_threads(1):
        map_in_threads(compute, list(slices(len(rows), BLOCK_ROWS)), usable_threads(None))
    return results


def slices(n: int, size: int) -> Iterator[slice]:
    """Return the slices that cut n rows into blocks of ``size``.

    Examples
    --------
    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
