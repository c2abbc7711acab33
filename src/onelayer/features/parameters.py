"""Checks of a feature's parameters: a number of Python or NumPy, within its bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onelayer.errors import ConfigError, printable

__all__ = ["check_number", "check_whole", "is_whole"]


def is_whole(value: Any) -> bool:
    """Return whether a value is a whole number, of Python's or of NumPy's types.

    Examples
    --------
    >>> is_whole(np.int64(3)), is_whole(True), is_whole(3.0)
    (True, False, False)
    """
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_whole(name: str, value: Any, least: int, most: int) -> None:
    """Raise ConfigError unless ``value`` is a whole number from ``least`` to ``most``.

    Examples
    --------
    >>> check_whole("bins", 0, 1, 65_536)
    Traceback (most recent call last):
    onelayer.errors.ConfigError: bins is 0; use a whole number from 1 to 65536
    """
    if not is_whole(value) or not least <= value <= most:
        raise ConfigError(f"{name} is {printable(repr(value))}; use a whole number from {least} to {most}")


def check_number(name: str, value: Any, *, above: float) -> None:
    """Raise ConfigError unless ``value`` is a finite number greater than ``above``.

    Examples
    --------
    >>> check_number("gamma", float("nan"), above=0)
    Traceback (most recent call last):
    onelayer.errors.ConfigError: gamma is nan; use a finite number greater than 0
    """
    is_number = (is_whole(value) or isinstance(value, float | np.floating)) and math.isfinite(value)
    if not is_number or not value > above:
        raise ConfigError(f"{name} is {printable(repr(value))}; use a finite number greater than {above:g}")
