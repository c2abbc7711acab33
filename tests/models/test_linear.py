"""Scores and pull-back of the linear model, for one model and for m at once."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.models import Linear, LinearParameters

N, D, K, M = 6, 5, 3, 4


@pytest.fixture(params=[(), (M,)], ids=["one model", "m models"])
def drawn(request):
    rng = np.random.default_rng(0)
    models = request.param
    parameters = LinearParameters(rng.normal(size=(*models, K, D)), rng.normal(size=(*models, K)))
    return parameters, rng.normal(size=(N, D)), rng.normal(size=(N, *models, K))


def test_scores(drawn):
    parameters, X, _ = drawn
    expected = np.einsum("nd,...kd->n...k", X, parameters.weights) + parameters.intercepts
    np.testing.assert_allclose(Linear().scores(parameters, X), expected, rtol=1e-13)


def test_forward_has_the_same_scores(drawn):
    parameters, X, _ = drawn
    np.testing.assert_array_equal(Linear().forward(parameters, X)[0], Linear().scores(parameters, X))


def test_pulled_back_residual_times_input(drawn):
    parameters, X, residual = drawn
    gradient, on_inputs = Linear().forward(parameters, X)[1](residual, inputs=True)
    np.testing.assert_allclose(gradient.weights, np.einsum("n...k,nd->...kd", residual, X), rtol=1e-12)
    np.testing.assert_allclose(gradient.intercepts, residual.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(on_inputs, np.einsum("n...k,...kd->n...d", residual, parameters.weights), rtol=1e-12)


def test_pull_back_is_the_transpose_of_forward(drawn):
    parameters, X, residual = drawn
    direction = LinearParameters(*(np.random.default_rng(1).normal(size=part.shape) for part in parameters))
    gradient, on_inputs = Linear().forward(parameters, X)[1](residual)
    assert on_inputs is None  # it is not asked for
    inner = sum(float((g * v).sum()) for g, v in zip(gradient, direction, strict=True))
    assert inner == pytest.approx(float((residual * Linear().scores(direction, X)).sum()), rel=1e-12)


def test_float32_stays_float32(drawn):
    parameters, X, residual = drawn
    single = LinearParameters(*(part.astype(np.float32) for part in parameters))
    scores, pull_back = Linear().forward(single, X.astype(np.float32))
    gradient, _ = pull_back(residual.astype(np.float32))
    assert {scores.dtype, gradient.weights.dtype, gradient.intercepts.dtype} == {np.dtype(np.float32)}


def test_copy_shares_no_memory(drawn):
    parameters = drawn[0]
    copy = parameters.copy()
    assert not any(np.shares_memory(a, b) for a, b in zip(copy, parameters, strict=True))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["weights", "intercepts"])
def test_one_odd_number_is_not_finite(drawn, value, part):
    parameters = drawn[0].copy()
    assert parameters.is_finite()
    getattr(parameters, part).flat[-1] = value
    assert not parameters.is_finite()
