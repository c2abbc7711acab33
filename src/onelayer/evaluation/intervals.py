"""Confidence intervals of shares, such as an accuracy."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from onelayer.errors import ConfigError, InputError

__all__ = ["wilson_interval"]


def wilson_interval(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Any, Any]:
    """Return the Wilson score interval of the probability behind ``successes`` of ``n`` independent trials.

    Unlike p̂ ± z·√(p̂(1 − p̂)/n) it stays within [0, 1], has a width where p̂ is 0 or 1, and keeps its level for few
    trials (*Probable inference, the law of succession, and statistical inference*, JASA 1927).

    Parameters
    ----------
    successes, n : int, or array-like of any shapes that broadcast
    confidence : float
        Level, between 0 and 1.

    Returns
    -------
    lower, upper : float64, or float64 arrays of the common shape
        0 and 1 where n is 0, as nothing is known then.

    Raises
    ------
    InputError
        If there are fewer successes than 0 or more than n.
    ConfigError
        If the confidence is out of range.

    Examples
    --------
    >>> lower, upper = wilson_interval(90, 100)
    >>> print(f"{lower:.4f} {upper:.4f}")
    0.8256 0.9448
    """
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence must be between 0 and 1, not {confidence!r}")
    hits, trials = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    if not np.all((hits >= 0) & (hits <= trials)):
        raise InputError("successes must be at least 0 and at most n")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    misses = trials - hits
    centre = (hits + z**2 / 2) / (trials + z**2)
    spread = z * np.sqrt(hits * misses / np.maximum(trials, 1) + z**2 / 4) / (trials + z**2)
    # At the ends the two terms are equal in theory, and must not leave a rounding error.
    return np.where(hits == 0, 0.0, centre - spread)[()], np.where(misses == 0, 1.0, centre + spread)[()]
