"""Giving up on a setting that can't win.

With more threads than free cores a small matrix product can take a hundred times as long as with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import perf_counter

__all__ = ["OutOfPatience", "check_patience", "patience"]

_deadline: ContextVar[float] = ContextVar("deadline", default=inf)


class OutOfPatience(Exception):
    """A run was ended because it took longer than it was given."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give the block so many seconds; it asks :func:`check_patience` now and then.

    Examples
    --------
    >>> with patience(0.0):
    ...     check_patience()
    Traceback (most recent call last):
    onelayer.bench.patience.OutOfPatience
    """
    token = _deadline.set(perf_counter() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def check_patience() -> None:
    """Raise :class:`OutOfPatience` if time is up; without a limit it never is."""
    if perf_counter() > _deadline.get():
        raise OutOfPatience
