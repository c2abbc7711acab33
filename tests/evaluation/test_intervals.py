from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from onelayer.errors import ConfigError, InputError
from onelayer.evaluation import wilson_interval


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (1, 1), (90, 100), (9157, 10_000)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_is_scipys(successes, n, confidence):
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-14)


def test_the_ends_are_exact():
    n = np.arange(1, 2000)
    assert (wilson_interval(0, n)[0] == 0).all()
    assert (wilson_interval(n, n)[1] == 1).all()


def test_arrays_broadcast():
    lower, upper = wilson_interval(np.array([[1], [2]]), np.array([4, 8, 16]))
    assert lower.shape == upper.shape == (2, 3)
    assert (lower[1, 2], upper[1, 2]) == wilson_interval(2, 16)


def test_no_trials_leave_everything_open():
    assert wilson_interval(0, 0) == (0, 1)


def test_covers_the_truth_as_often_as_it_says():
    """Coverage over all outcomes of 50 trials, weighted with their probability."""
    outcomes = np.arange(51)
    lower, upper = wilson_interval(outcomes, 50)
    p = np.linspace(0.05, 0.95, 181)[:, np.newaxis]
    coverage = (stats.binom.pmf(outcomes, 50, p) * ((lower <= p) & (p <= upper))).sum(axis=1)
    assert coverage.mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3), (np.nan, 3)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(InputError, match="successes must be at least 0 and at most n"):
        wilson_interval(successes, n)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(ConfigError, match="confidence must be between 0 and 1"):
        wilson_interval(1, 2, confidence)
