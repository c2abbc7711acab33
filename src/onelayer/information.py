"""Entropy, cross-entropy and KL divergence of discrete distributions, in nats or bits.

    H(P) = −Σ p ln p,   H(P, Q) = −Σ p ln q,   D(P‖Q) = Σ p ln(p/q),   so that   H(P, Q) = H(P) + D(P‖Q)

(*A Mathematical Theory of Communication*, 1948; *On Information and Sufficiency*, 1951; cse344-a1). Terms with p = 0
are 0; a p > 0 where q = 0 makes cross-entropy and divergence infinite.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onelayer.errors import ConfigError, InputError, did_you_mean, printable

__all__ = ["Unit", "cross_entropy", "entropy", "kl_divergence"]

Unit = Literal["nats", "bits"]
_PER_NAT = {"nats": 1.0, "bits": 1.0 / math.log(2.0)}

Figures = np.float64 | NDArray[np.float64]


def entropy(p: ArrayLike, *, unit: Unit = "nats") -> Figures:
    """Return H(P) = −Σ p ln p over the last axis.

    Parameters
    ----------
    p : array-like (..., k)
        Probabilities, which sum to 1 over the last axis.
    unit : {"nats", "bits"}

    Returns
    -------
    float64, or float64 array (...)

    Raises
    ------
    InputError
        If ``p`` are no probabilities.
    ConfigError
        If the unit is unknown.

    Examples
    --------
    >>> float(entropy([0.25, 0.25, 0.25, 0.25], unit="bits"))
    2.0
    """
    figures = _distribution(p, "p")
    return _expected_surprise(figures, figures, unit)


def cross_entropy(p: ArrayLike, q: ArrayLike, *, unit: Unit = "nats") -> Figures:
    """Return H(P, Q) = −Σ p ln q over the last axis: what it costs to code P with a code made for Q.

    Parameters
    ----------
    p, q : array-like (..., k)
        Probabilities, which sum to 1 over the last axis; leading axes broadcast.
    unit : {"nats", "bits"}

    Returns
    -------
    float64, or float64 array (...)
        Infinite where p > 0 and q = 0.

    Raises
    ------
    InputError
        If ``p`` or ``q`` are no probabilities or their shapes do not fit.
    ConfigError
        If the unit is unknown.

    Examples
    --------
    A probability of 0.9 for class 1 where the truth is class 0 (cse344-a1):

    >>> round(float(cross_entropy([1, 0], [0.1, 0.9], unit="bits")), 3)
    3.322
    """
    return _expected_surprise(*_pair(p, q), unit)


def kl_divergence(p: ArrayLike, q: ArrayLike, *, unit: Unit = "nats") -> Figures:
    """Return D(P‖Q) = Σ p ln(p/q) over the last axis: what H(P, Q) exceeds H(P) by.

    Parameters
    ----------
    p, q : array-like (..., k)
        Probabilities, which sum to 1 over the last axis; leading axes broadcast.
    unit : {"nats", "bits"}

    Returns
    -------
    float64, or float64 array (...)
        Infinite where p > 0 and q = 0.

    Raises
    ------
    InputError
        If ``p`` or ``q`` are no probabilities or their shapes do not fit.
    ConfigError
        If the unit is unknown.

    Examples
    --------
    >>> float(kl_divergence([1, 0], [0.25, 0.75], unit="bits"))
    2.0
    """
    truth, model = _pair(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):  # where p = 0, which counts for nothing
        ratio = model / truth
    # Summed term by term: the difference of the two entropies would cancel where P and Q are close.
    return _expected_surprise(truth, ratio, unit)


def _expected_surprise(p: NDArray[np.float64], x: NDArray[np.float64], unit: str) -> Figures:
    """Return Σ p·(−ln x), terms with p = 0 being 0."""
    if unit not in _PER_NAT:
        shown = printable(str(unit))
        raise ConfigError(f"unknown unit {shown!r}{did_you_mean(shown, _PER_NAT)}; known are nats, bits")
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, -p * np.log(x), 0.0)
    figures: Figures = terms.sum(axis=-1) * _PER_NAT[unit]
    return figures


def _distribution(p: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        figures = np.asarray(p, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers, probabilities over the last axis") from None
    if figures.ndim == 0 or figures.shape[-1] == 0:
        raise InputError(f"{name} must have a last axis of probabilities, not the shape {figures.shape}")
    # Probabilities that come in float32 sum to 1 within some 1e-6.
    if not np.all(figures >= 0) or not np.allclose(figures.sum(axis=-1), 1.0, rtol=0, atol=1e-5):
        raise InputError(f"{name} must be probabilities: at least 0, with a sum of 1 over the last axis")
    return figures


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    truth, model = _distribution(p, "p"), _distribution(q, "q")
    if truth.shape[-1] != model.shape[-1]:
        raise InputError(
            f"p has {truth.shape[-1]} probabilities on its last axis and q has {model.shape[-1]}: give as many"
        )
    try:
        np.broadcast_shapes(truth.shape, model.shape)
    except ValueError:
        raise InputError(f"the shapes of p {truth.shape} and q {model.shape} do not broadcast") from None
    return truth, model
