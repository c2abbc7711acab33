from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from onelayer.errors import InputError
from onelayer.evaluation.paired import compare_paired


def decisions(both, only_first, only_second, neither):
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return np.array(first), np.array(second)


def test_the_textbook_table():
    # Agresti, Categorical Data Analysis, approval ratings: 0.04 ± 1.96 · 0.0095 by Wald's formula.
    found = compare_paired(*decisions(794, 150, 86, 570))
    assert found.difference == pytest.approx(0.04)
    np.testing.assert_allclose(found.interval, (0.0213, 0.0587), atol=2e-3)


@settings(deadline=None)
@given(b=st.integers(0, 40), c=st.integers(0, 40))
def test_the_p_value_is_the_binomial_one(b, c):
    found = compare_paired(*decisions(3, b, c, 2))
    expected = min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5)) if b + c else 1.0
    assert found.p_value == pytest.approx(expected)


@settings(deadline=None)
@given(*(st.integers(0, 30) for _ in range(4)))
def test_the_interval_turns_with_the_order(both, b, c, neither):
    one, other = decisions(both + 1, b, c, neither)
    low, high = compare_paired(one, other).interval
    assert compare_paired(other, one).interval == pytest.approx((-high, -low))


@pytest.mark.parametrize("lengths", [(3, 4), (0, 0)])
def test_rows_must_be_the_same(lengths):
    with pytest.raises(InputError, match="can't be compared row by row"):
        compare_paired(*(np.ones(n, bool) for n in lengths))
