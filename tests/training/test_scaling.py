"""Scalings against scikit-learn's, and parameters folded into raw space and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from onelayer import rows as rows_module
from onelayer.models import Linear, LinearParameters
from onelayer.rows import RowSource
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
    scaling = fit_scaling("standardize", RowSource(X, np.float64), weights)
    reference = StandardScaler().fit(X, sample_weight=weights)
    np.testing.assert_allclose(scaling.shift, reference.mean_, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(1 / scaling.scale, reference.scale_, rtol=1e-7 if mean else 1e-12)


def test_constant_features_count_as_of_deviation_one():
    X = np.column_stack([np.full(30, 0.1), np.full(30, 1e6 / 3), np.zeros(30)])
    assert fit_scaling("standardize", RowSource(X, np.float64)).scale.tolist() == [1, 1, 1]


def test_weight_two_is_a_row_twice():
    X = np.random.default_rng(0).normal(size=(20, 3))
    weights = np.where(np.arange(20) < 7, 2.0, 1.0)
    by_weight = fit_scaling("standardize", RowSource(X), weights)
    twice = fit_scaling("standardize", RowSource(np.repeat(X, weights.astype(int), axis=0)))
    np.testing.assert_allclose(by_weight.shift, twice.shift, rtol=1e-12)
    np.testing.assert_allclose(by_weight.scale, twice.scale, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_are_scaled_as_the_same_floats(kind, dtype):
    X = bytes_of_images()
    of_bytes, of_floats = fit_scaling(kind, RowSource(X)), fit_scaling(kind, RowSource(X.astype(dtype)))
    assert (number(of_bytes.shift), number(of_bytes.scale)) == (number(of_floats.shift), number(of_floats.scale))


def test_unit_divides_by_the_largest_magnitude():
    X = np.array([[-4.0, 2.0], [1.0, 0.0]])
    np.testing.assert_array_equal(scaled(fit_scaling("unit", RowSource(X)), X), X / 4)


def test_symmetric_maps_the_range_to_minus_one_and_one():
    X = np.array([[10.0, 20.0], [12.5, 15.0]])
    np.testing.assert_allclose(scaled(fit_scaling("symmetric", RowSource(X)), X), [[-1, 1], [-0.5, 0]])


def test_symmetric_scaling_of_bytes_is_that_of_the_course_code():
    scaling = fit_scaling("symmetric", RowSource(np.array([[0, 255, 7]], np.uint8)))
    assert (scaling.shift, scaling.scale) == (127.5, pytest.approx(1 / 127.5, rel=1e-15))


@pytest.mark.parametrize(("kind", "value"), [("unit", 0.0), ("symmetric", 3.0)])
def test_without_a_range_nothing_is_divided(kind, value):
    assert fit_scaling(kind, RowSource(np.full((3, 2), value))).scale == 1.0


def test_scaling_is_learned_from_the_rows_of_the_source_alone():
    X = np.array([[0.0], [4.0], [1000.0]])
    part = RowSource(X).subset(np.array([0, 1]))
    assert (fit_scaling("unit", part).scale, fit_scaling("standardize", part).shift.tolist()) == (0.25, [2.0])


def test_none_is_none():
    assert fit_scaling("none", RowSource(np.ones((2, 2)))) == Scaling()


@pytest.fixture(params=[(), (3,)], ids=["one model", "m models"])
def parameters(request):
    rng = np.random.default_rng(4)
    return LinearParameters(rng.normal(size=(*request.param, 2, 7)), rng.normal(size=(*request.param, 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_folded_parameters_score_raw_rows_alike(kind, parameters):
    X = bytes_of_images().astype(float)
    scaling = fit_scaling(kind, RowSource(X))
    expected = Linear().scores(parameters, scaled(scaling, X))
    np.testing.assert_allclose(Linear().scores(scaling.fold(parameters), X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_unfold_undoes_fold(kind, parameters):
    scaling = fit_scaling(kind, RowSource(bytes_of_images()))
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
