"""Permutations as NumPy draws them, in a fraction of its time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from onelayer.arrays import Array
from onelayer.engine.arguments import array
from onelayer.engine.library import available, native
from onelayer.errors import InputError

__all__ = ["permutation"]

MOST = 1 << 31  # NumPy draws larger places from 64 bits
HALF = (1 << 64) - 1


def permutation(generator: np.random.Generator, n: int, out: Array | None = None) -> Array:
    """Return ``generator.permutation(n)``, number for number, and leave the generator as that does.

    The engine draws it where it is there and knows how; NumPy does for generators other than PCG64, and should a
    version of it come to draw other numbers than the engine.

    Parameters
    ----------
    generator : numpy.random.Generator
    n : int
    out : (n,) C-contiguous int64 or None
        Where to write it.

    Returns
    -------
    (n,) int64

    Raises
    ------
    InputError, InputTypeError
        If n is negative, or ``out`` of another shape or type.

    Examples
    --------
    >>> permutation(np.random.default_rng(0), 5).tolist() == np.random.default_rng(0).permutation(5).tolist()
    True
    """
    if n < 0:
        raise InputError(f"there is no permutation of {n} rows")
    order = np.empty(n, np.int64) if out is None else array("out", out, np.int64, (n,), written=True)
    if type(generator.bit_generator) is np.random.PCG64 and n < MOST and available() and _is_that_of_numpy():
        return _drawn_natively(generator.bit_generator, order)
    order[...] = generator.permutation(n)
    return order


def _drawn_natively(source: np.random.PCG64, order: Array) -> Array:
    with source.lock:
        found = source.state
        state, increment = found["state"]["state"], found["state"]["inc"]
        words = np.array(
            [state & HALF, state >> 64, increment & HALF, increment >> 64, found["has_uint32"], found["uinteger"]],
            np.uint64,
        )
        native()[0].permute(generator=words, order=order)
        lower, upper, *_, is_left, left = words.tolist()
        found["state"]["state"] = lower | upper << 64
        source.state = found | {"has_uint32": is_left, "uinteger": left}
    return order


@lru_cache(maxsize=1)
def _is_that_of_numpy() -> bool:
    """Return whether this NumPy draws what the engine does: it promises no streams from version to version."""
    ours, theirs = np.random.PCG64(1), np.random.Generator(np.random.PCG64(1))
    sizes = (1000, 65, 2)
    return all(np.array_equal(_drawn_natively(ours, np.empty(n, np.int64)), theirs.permutation(n)) for n in sizes)
