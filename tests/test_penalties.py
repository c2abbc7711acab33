from __future__ import annotations

import array_api_strict
import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.models import LinearParameters, TwoLayerParameters
from onelayer.penalties import L2


def parameters(*leading):
    rng = np.random.default_rng(0)
    return LinearParameters(rng.normal(size=(*leading, 3, 4)), rng.normal(size=(*leading, 3)))


@pytest.mark.parametrize("penalize_bias", [False, True])
def test_value_is_half_the_squared_norm_times_l2(penalize_bias):
    at = weights, intercepts = parameters()
    expected = 0.35 * (np.linalg.norm(weights) ** 2 + penalize_bias * np.linalg.norm(intercepts) ** 2)
    assert L2(0.7, penalize_bias).value(at) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("penalize_bias", [False, True])
def test_gradient_is_l2_times_the_parameters(penalize_bias):
    at = weights, intercepts = parameters()
    on_weights, on_intercepts = L2(0.7, penalize_bias).gradient(at)
    np.testing.assert_allclose(on_weights, 0.7 * weights, rtol=1e-15)
    np.testing.assert_allclose(on_intercepts, 0.7 * penalize_bias * intercepts, rtol=1e-15)


def test_an_update_with_two_lambda_w_is_l2_equal_two_lambda():
    """tdt4265-a1: R = λ‖W‖² has the gradient 2λW."""
    at = parameters()
    assert L2(2 * 0.1).value(at) == pytest.approx(0.1 * (at.weights**2).sum(), rel=1e-14)
    np.testing.assert_allclose(L2(2 * 0.1).gradient(at).weights, 2 * 0.1 * at.weights, rtol=1e-15)


def test_hessian_product_is_the_derivative_of_the_gradient():
    penalty = L2(0.7, penalize_bias=True)
    at, direction = parameters(), parameters()
    after, before = penalty.gradient(at.map(np.add, direction)), penalty.gradient(at)
    for product, a, b in zip(penalty.hessian_product(direction), after, before, strict=True):
        np.testing.assert_allclose(product, a - b, atol=1e-15)


@pytest.mark.parametrize("penalize_bias", [False, True])
def test_m_models_have_a_strength_each(penalize_bias):
    strengths = np.array([0.0, 0.5, 2.0])
    at = parameters(3)
    together = L2(strengths, penalize_bias)
    values, gradients = together.value(at), together.gradient(at)
    assert values.shape == (3,)
    for i, strength in enumerate(strengths):
        alone = L2(strength, penalize_bias)
        assert values[i] == pytest.approx(alone.value(at.model(i)), rel=1e-14)
        for mine, its in zip(gradients, alone.gradient(at.model(i)), strict=True):
            np.testing.assert_allclose(mine[i], its, rtol=1e-15)


@pytest.mark.parametrize("l2", [0.5, np.array([0.5, 1.0])])
def test_float32_stays_float32(l2):
    at = parameters(2).map(lambda part: part.astype(np.float32))
    penalty = L2(l2, penalize_bias=True)
    assert {part.dtype for part in (penalty.value(at), *penalty.gradient(at))} == {np.dtype(np.float32)}


def test_runs_on_the_bare_array_standard():
    at = parameters(2)
    penalty = L2(np.array([0.5, 1.0]), penalize_bias=True)
    foreign = penalty.value(at.map(array_api_strict.asarray))
    np.testing.assert_allclose(np.from_dlpack(foreign), penalty.value(at), rtol=1e-14)


@pytest.mark.parametrize("l2", [-1.0, float("nan"), float("inf"), np.array([1.0, -1.0])])
def test_strength_out_of_range_is_refused(l2):
    with pytest.raises(ConfigError, match="l2 must be a finite number and at least 0"):
        L2(l2)


@pytest.mark.parametrize(
    ("l2", "is_zero"), [(0.0, True), (1e-300, False), (np.zeros(2), True), (np.array([0, 1.0]), False)]
)
def test_only_a_penalty_without_strength_is_zero(l2, is_zero):
    assert L2(l2).is_zero is is_zero


@pytest.mark.parametrize("penalize_bias", [False, True])
def test_all_weights_of_a_network_are_penalised_and_intercepts_if_asked_for(penalize_bias):
    rng = np.random.default_rng(1)
    at = TwoLayerParameters(*(rng.normal(size=shape) for shape in ((5, 4), (5,), (3, 5), (3,))))
    penalised = [at.hidden_weights, at.weights, *([at.hidden_intercepts, at.intercepts] if penalize_bias else [])]
    expected = 0.35 * sum((part**2).sum() for part in penalised)
    assert L2(0.7, penalize_bias).value(at) == pytest.approx(expected, rel=1e-14)
    on_intercepts = L2(0.7, penalize_bias).gradient(at).hidden_intercepts
    np.testing.assert_allclose(on_intercepts, 0.7 * penalize_bias * at.hidden_intercepts, rtol=1e-15)
