"""Calibration: whether a confidence of 0.8 is right in 8 of 10 cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.storage.records import Count, Share

__all__ = ["Calibration", "ReliabilityBin", "measure_calibration"]


@dataclass(frozen=True)
class ReliabilityBin:
    """The rows whose confidence lies in (lower, upper]; the first bin has 0 too.

    ``confidence`` (the mean) and ``accuracy`` are None where ``count`` is 0.
    """

    lower: Share = 0.0
    upper: Share = 1.0
    count: Count = 0
    confidence: Share | None = None
    accuracy: Share | None = None


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error, and the reliability table that it sums up."""

    expected_calibration_error: Share
    bins: tuple[ReliabilityBin, ...] = ()


def measure_calibration(confidence: Array, correct: Array, n_bins: int = 15) -> Calibration:
    """Return Σ_b (n_b/n)·|accuracy_b − confidence_b| over bins of equal width, and the bins.

    Parameters
    ----------
    confidence : float array (n,), n ≥ 1
        Probability that the model gives to the class it decided for.
    correct : bool array (n,)
        Whether it was right.
    n_bins : int
        The 15 of *On calibration of modern neural networks*, ICML 2017, by default; the error depends on it.

    Raises
    ------
    ConfigError
        If ``n_bins`` is below 1.

    Examples
    --------
    >>> found = measure_calibration(np.array([0.75, 0.75, 1.0]), np.array([True, False, True]), n_bins=2)
    >>> found.bins[1]
    ReliabilityBin(lower=0.5, upper=1.0, count=3, confidence=0.8333333333333334, accuracy=0.6666666666666666)
    >>> round(found.expected_calibration_error, 3)
    0.167
    """
    if n_bins < 1:
        raise ConfigError(f"n_bins must be at least 1, not {n_bins}")
    confidence = np.minimum(np.asarray(confidence, np.float64), 1.0)  # rounding may carry a probability past 1
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    bin_of = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1)
    counts = np.bincount(bin_of, minlength=n_bins)
    confidences = np.bincount(bin_of, confidence, n_bins)
    hits = np.bincount(bin_of, correct, n_bins)
    bins = tuple(
        ReliabilityBin(float(low), float(high), int(n), float(c / n) if n else None, float(h / n) if n else None)
        for low, high, n, c, h in zip(edges[:-1], edges[1:], counts, confidences, hits, strict=True)
    )
    return Calibration(float(np.abs(hits - confidences).sum() / len(confidence)), bins)
