"""Whether one model is better than another on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy.typing as npt
from scipy import stats

from onelayer.errors import InputError

__all__ = ["PairedDifference", "compare_paired"]


@dataclass(frozen=True)
class PairedDifference:
    """The difference of two accuracies on the same rows.

    Parameters
    ----------
    difference : float
        Accuracy of the first less that of the second.
    interval : (float, float)
        Its 95% interval.
    only_first, only_second : int
        Rows that only the one decided rightly.
    p_value : float
        Of McNemar's exact test: how likely counts at least as unequal are if neither is better.
    """

    difference: float
    interval: tuple[float, float]
    only_first: int
    only_second: int
    p_value: float


def compare_paired(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> PairedDifference:
    """Compare two models by which of the same n rows each decided rightly.

    McNemar's test (*Note on the sampling error of the difference between correlated proportions or percentages*,
    Psychometrika 1947) in its exact form: of the rows that only one decided rightly, half would be the first's. The
    interval is that of Agresti and Min (*Simple improved confidence intervals for comparing matched proportions*,
    Statistics in Medicine 2005), which adds ½ to each of the four counts.

    Parameters
    ----------
    first, second : bool ndarray of shape (n,)

    Raises
    ------
    InputError
        Not as many rows, or none.

    Examples
    --------
    >>> import numpy as np
    >>> found = compare_paired(np.array([True] * 9 + [False]), np.array([True] * 5 + [False] * 5))
    >>> found.only_first, found.only_second, round(found.difference, 2), found.p_value
    (4, 0, 0.4, 0.125)
    """
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise InputError(f"decisions of shapes {first.shape} and {second.shape} can't be compared row by row")
    n, b, c = len(first), int((first & ~second).sum()), int((second & ~first).sum())
    p_value = float(stats.binomtest(b, b + c).pvalue) if b + c else 1.0
    centre = (b - c) / (n + 2)
    spread = sqrt((b + c + 1) / (n + 2) - centre**2) / sqrt(n + 2)
    reach = NormalDist().inv_cdf(0.975) * spread
    interval = (max(-1.0, centre - reach), min(1.0, centre + reach))
    return PairedDifference((b - c) / n, interval, b, c, p_value)
