"""Scalings against scikit-learn's, and parameters folded into raw space and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from onelayer.models import Linear, LinearParameters
from onelayer.rows import ArrayRows
from onelayer.rows import array as rows_module
from onelayer.training.scaling import Scaling, fit_scaling

KINDS = ["none", "unit", "symmetric", "standardize"]


def bytes_of_images(n=40, d=7):
    return np.random.default_rng(0).integers(0, 256, (n, d), dtype=np.uint8)


def scaled(scaling, X):
    shift = 0.0 if scaling.shift is None else scaling.shift
    return (X - shift) * (1.0 if scaling.scale is None else scaling.scale)


def number(part):
    return None if part is None else np.asarray(part).tolist()


@pytest.mark.parametrize("mean", [0.0, 1e6, -1e6])
@pytest.mark.parametrize("weighted", [False, True])
def test_standardize_equals_scikit_learn(mean, weighted, monkeypatch):
    rng = np.random.default_rng(1)
    X = mean + rng.normal(size=(200, 5)) * [1e-3, 1.0, 50.0, 1.0, 7.0]
    X[:, 3] = mean  # constant
    weights = rng.uniform(0, 3, 200) if weighted else None
    if weighted:
        weights[50:120] = 0
    monkeypatch.setattr(rows_module, "VIEW_ROWS", 17)  # blocks of 17 rows, some without any weight
    scaling = fit_scaling("standardize", ArrayRows(X, dtype=np.float64), weights)
    reference = StandardScaler().fit(X, sample_weight=weights)
    np.testing.assert_allclose(scaling.shift, reference.mean_, rtol=1e-13, atol=1e-13)
    varying = np.arange(5) != 3
    np.testing.assert_allclose((1 / scaling.scale)[varying], reference.scale_[varying], rtol=1e-7 if mean else 1e-12)
    assert scaling.constant.tolist() == (~varying).tolist()


@st.composite
def nearly_constant(draw):
    """A feature of any type, length and offset whose values differ by 3 units in the last place at most, weighted."""
    dtype = draw(st.sampled_from([np.uint8, np.float32, np.float64]))
    n = draw(st.one_of(st.integers(1, 50), st.sampled_from([1_000, 100_003])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype == np.uint8:
        column = np.full(n, draw(st.integers(0, 255)), dtype)
    else:
        width = np.finfo(dtype).bits
        offset = draw(st.floats(-(2.0**100), 2.0**100, width=width, allow_subnormal=False))
        jitter = draw(st.sampled_from([0, 3])) * np.finfo(dtype).eps
        column = (offset * (1 + jitter * rng.random(n))).astype(dtype)
    weights = rng.choice([0.0, 1e-3, 1.0, 7.5], n) if draw(st.booleans()) else None
    if weights is not None:
        weights[rng.integers(n)] = 1.0
        column[weights == 0] = 77  # rows without weight say nothing
    return column, weights


@settings(deadline=None)
@given(nearly_constant())
def test_features_that_are_constant_up_to_rounding_have_no_weight(drawn):
    column, weights = drawn
    X = np.column_stack([column, (np.arange(len(column)) % 2 * 200).astype(column.dtype)])
    scaling = fit_scaling("standardize", ArrayRows(X), weights)
    assert scaling.constant is not None
    assert scaling.constant[0]
    folded = scaling.fold(LinearParameters(np.full((2, 2), 1e3), np.zeros(2)))
    assert folded.weights[:, 0].tolist() == [0, 0]
    assert np.abs(scaled(scaling, column[:, np.newaxis].astype(float))[:, 0][weights != 0]).max() < 1e-5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [1e-30, 1.0, 1e6, 3e18])
def test_features_that_vary_by_more_than_rounding_are_none_of_them(dtype, offset):
    X = np.full((10_000, 2), offset, dtype)
    X[17, 0] = offset * (1 + 1e5 * np.finfo(dtype).eps)
    scaling = fit_scaling("standardize", ArrayRows(X))
    assert scaling.constant.tolist() == [False, True]
    assert scaled(scaling, X.astype(float))[17, 0] == pytest.approx(100, rel=1e-2)  # √n deviations


def test_a_rare_difference_that_float64_has_no_digits_for_is_rounding():
    X = np.ones((100_000, 1))
    X[17] += 1e-12  # a deviation of 3e-15
    assert fit_scaling("standardize", ArrayRows(X)).constant.tolist() == [True]


@pytest.mark.parametrize("value", [0, 255])
def test_one_grey_level_in_one_of_many_rows_is_no_rounding(value):
    X = np.full((200_000, 1), value, np.uint8)
    X[-1] = abs(value - 1)
    assert fit_scaling("standardize", ArrayRows(X)).constant is None


def test_constants_too_large_to_be_squared_or_added_up():
    X = np.column_stack([np.full(50, 1e308), np.full(50, -1e200), np.arange(50.0)])
    scaling = fit_scaling("standardize", ArrayRows(X))
    assert scaling.constant.tolist() == [True, True, False]
    np.testing.assert_array_equal(scaled(scaling, X)[:, :2], 0)


def test_constants_that_begin_to_vary_get_the_deviation_from_what_they_were():
    scaling = fit_scaling("standardize", ArrayRows(np.array([[5.0, 3.0, 1.0], [5.0, 3.0, 2.0]])))
    revived = scaling.revived(ArrayRows(np.array([[5.0, 3.0, 7.0], [8.0, 3.0, 9.0]])), np.array([1.0, 2.0]))
    assert revived.constant.tolist() == [False, True, False]
    assert revived.shift.tolist() == scaling.shift.tolist()
    np.testing.assert_allclose(revived.scale, [1 / np.sqrt(6), *scaling.scale[1:]], rtol=1e-15)
    assert scaling.revived(ArrayRows(np.array([[5.0, 3.0, 7.0]]))) is scaling


def test_weight_two_is_a_row_twice():
    X = np.random.default_rng(0).normal(size=(20, 3))
    weights = np.where(np.arange(20) < 7, 2.0, 1.0)
    by_weight = fit_scaling("standardize", ArrayRows(X), weights)
    twice = fit_scaling("standardize", ArrayRows(np.repeat(X, weights.astype(int), axis=0)))
    np.testing.assert_allclose(by_weight.shift, twice.shift, rtol=1e-12)
    np.testing.assert_allclose(by_weight.scale, twice.scale, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_are_scaled_as_the_same_floats(kind, dtype):
    X = bytes_of_images()
    of_bytes, of_floats = fit_scaling(kind, ArrayRows(X)), fit_scaling(kind, ArrayRows(X.astype(dtype)))
    assert (number(of_bytes.shift), number(of_bytes.scale)) == (number(of_floats.shift), number(of_floats.scale))


def test_unit_divides_by_the_largest_magnitude():
    X = np.array([[-4.0, 2.0], [1.0, 0.0]])
    np.testing.assert_array_equal(scaled(fit_scaling("unit", ArrayRows(X)), X), X / 4)


def test_symmetric_maps_the_range_to_minus_one_and_one():
    X = np.array([[10.0, 20.0], [12.5, 15.0]])
    np.testing.assert_allclose(scaled(fit_scaling("symmetric", ArrayRows(X)), X), [[-1, 1], [-0.5, 0]])


def test_symmetric_scaling_of_bytes_is_that_of_the_course_code():
    scaling = fit_scaling("symmetric", ArrayRows(np.array([[0, 255, 7]], np.uint8)))
    assert (scaling.shift, scaling.scale) == (127.5, pytest.approx(1 / 127.5, rel=1e-15))


@pytest.mark.parametrize(("kind", "value"), [("unit", 0.0), ("symmetric", 3.0)])
def test_without_a_range_nothing_is_divided(kind, value):
    assert fit_scaling(kind, ArrayRows(np.full((3, 2), value))).scale == 1.0


def test_scaling_is_learned_from_the_rows_of_the_source_alone():
    X = np.array([[0.0], [4.0], [1000.0]])
    part = ArrayRows(X).subset(np.array([0, 1]))
    assert (fit_scaling("unit", part).scale, fit_scaling("standardize", part).shift.tolist()) == (0.25, [2.0])


def test_none_is_none():
    assert fit_scaling("none", ArrayRows(np.ones((2, 2)))) == Scaling()


@pytest.fixture(params=[(), (3,)], ids=["one model", "m models"])
def parameters(request):
    rng = np.random.default_rng(4)
    return LinearParameters(rng.normal(size=(*request.param, 2, 7)), rng.normal(size=(*request.param, 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_folded_parameters_score_raw_rows_alike(kind, parameters):
    X = bytes_of_images().astype(float)
    scaling = fit_scaling(kind, ArrayRows(X))
    expected = Linear().scores(parameters, scaled(scaling, X))
    np.testing.assert_allclose(Linear().scores(scaling.fold(parameters), X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_unfold_undoes_fold(kind, parameters):
    scaling = fit_scaling(kind, ArrayRows(bytes_of_images()))
    for part, again in zip(parameters, scaling.unfold(scaling.fold(parameters)), strict=True):
        np.testing.assert_allclose(again, part, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(mean=st.floats(-1e3, 1e3), deviation=st.floats(1e-2, 1e2))
def test_float32_parameters_are_folded_in_float64(mean, deviation):
    weights, intercepts = np.ones((1, 500), np.float32), np.zeros(1, np.float32)
    folded = Scaling(np.full(500, mean), np.full(500, 1 / deviation)).fold(LinearParameters(weights, intercepts))
    assert folded.weights.dtype == np.float32
    assert folded.intercepts[0] == pytest.approx(-500 * mean / deviation, rel=1e-6)


def test_fold_copies():
    parameters = LinearParameters(np.ones((1, 2)), np.ones(1))
    assert not np.shares_memory(Scaling().fold(parameters).weights, parameters.weights)
