"""Student's intervals against SciPy, and what is concluded from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from onelayer.reproduce.designs import Sample

values = st.lists(st.floats(-1, 1), min_size=3, max_size=8)


@given(values, st.sampled_from([0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_interval_is_that_of_scipy(found, confidence):
    if np.std(found) == 0:
        return
    expected = stats.t.interval(confidence, len(found) - 1, loc=np.mean(found), scale=stats.sem(found))
    assert Sample.of(found).interval(confidence) == pytest.approx(expected, abs=1e-12)


def test_one_value_shows_nothing():
    sample = Sample.of([5.0])
    assert not sample.is_positive()
    assert not sample.is_within(100)


def test_equality_is_that_of_two_one_sided_tests():
    found = np.array([0.001, 0.002, -0.001, 0.0015, 0.0])
    largest = max(
        stats.ttest_1samp(found, -0.005, alternative="greater").pvalue,
        stats.ttest_1samp(found, 0.005, alternative="less").pvalue,
    )
    assert Sample.of(found.tolist()).is_within(0.005) is bool(largest < 0.05)


def test_pairs_need_as_many_values():
    with pytest.raises(ValueError, match="shorter"):
        Sample.of([1.0, 2.0]).minus(Sample.of([1.0]))
