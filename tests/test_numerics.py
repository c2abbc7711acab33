from __future__ import annotations

import array_api_compat
import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import special

from onelayer import numerics

WIDE = np.concatenate([[-1e30, -1e4, -750.0, 750.0, 1e4, 1e30], np.linspace(-40, 40, 401)])


def softplus(x):
    return np.logaddexp(0, x)


def sigmoid_slope(x):
    return special.expit(x) * special.expit(-x)


@pytest.mark.parametrize(
    ("function", "reference"),
    [(numerics.sigmoid, special.expit), (numerics.softplus, softplus), (numerics.sigmoid_slope, sigmoid_slope)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_accurate_to_rounding_in_both_tails(function, reference, dtype):
    x = WIDE.astype(dtype)
    got = function(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(
        got, reference(x.astype(np.float64)), rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny
    )


FLOATS = arrays(np.float64, array_shapes(min_dims=1, max_dims=4, max_side=6), elements=st.floats(-1e4, 1e4))


@given(FLOATS)
@settings(deadline=None)
def test_row_max_is_the_maximum(x):
    np.testing.assert_array_equal(numerics.row_max(x), x.max(axis=-1))


@given(FLOATS)
@settings(deadline=None)
def test_row_sum_is_the_sum(x):
    np.testing.assert_allclose(numerics.row_sum(x), x.sum(axis=-1), atol=1e-10)


@given(FLOATS)
@settings(deadline=None)
def test_softmax_is_scipys(x):
    np.testing.assert_allclose(numerics.softmax(x), special.softmax(x, axis=-1), rtol=1e-13, atol=1e-300)


@given(FLOATS)
@settings(deadline=None)
def test_shifted_exponentials_give_log_sum_exp(x):
    _, _, sums = numerics.shifted_exponentials(x)
    np.testing.assert_allclose(x.max(axis=-1) + np.log(sums), special.logsumexp(x, axis=-1), rtol=1e-14, atol=1e-14)


def test_row_max_of_a_view_with_strides():
    x = np.random.default_rng(0).normal(size=(8, 6, 10))[::2, :, ::3]
    np.testing.assert_array_equal(numerics.row_max(x), x.max(axis=-1))


@pytest.mark.parametrize("kind", [np.asarray, array_api_strict.asarray])
def test_namespace_is_the_one_of_the_array_library(kind):
    x = kind([1.0])
    assert numerics.namespace_of(x) is array_api_compat.array_namespace(x)
