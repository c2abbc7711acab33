"""Steps of stochastic gradient descent, by hand and against a plain loop."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows
from onelayer.solvers import Descent, SGDState

N, D, K = 11, 3, 4
X = np.random.default_rng(0).normal(size=(N, D))
LABELS = np.random.default_rng(1).integers(0, K, N)
ORDER = np.random.default_rng(2).permutation(N)
RATES = np.array([0.5, 0.4, 0.3])  # three batches: of four, four and three rows


def zeros(k=K, d=D, dtype=np.float64):
    return SGDState(LinearParameters(np.zeros((k, d), dtype), np.zeros(k, dtype)))


def solver(loss="softmax", *, l2=0.0, batch_size=4, **arguments):
    return Descent(Objective(LOSSES[loss], L2(l2)), batch_size, **arguments)


def softmax_loop(momentum, l2, order=ORDER, rates=RATES, row_weights=None, batch_size=4):
    """The same steps in plain NumPy; momentum as in PyTorch: v ← μ v + g, w ← w − η v."""
    weights, intercepts = np.zeros((K, D)), np.zeros(K)
    velocities, losses = [np.zeros((K, D)), np.zeros(K)], []
    row_weights = np.ones(N) if row_weights is None else row_weights
    for i, rate in enumerate(rates):
        batch = order[i * batch_size : (i + 1) * batch_size]
        share = row_weights[batch] / row_weights[batch].sum()
        p = np.exp(X[batch] @ weights.T + intercepts)
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-(share * np.log(p[np.arange(len(batch)), LABELS[batch]])).sum())
        residual = (p - np.eye(K)[LABELS[batch]]) * share[:, None]
        gradients = residual.T @ X[batch] + l2 * weights, residual.sum(axis=0)
        velocities = [momentum * v + g for v, g in zip(velocities, gradients, strict=True)]
        weights, intercepts = weights - rate * velocities[0], intercepts - rate * velocities[1]
    return weights, intercepts, losses


@pytest.fixture(params=["as installed", "reference"])
def engine(request, monkeypatch):
    """Run the test with the engine that is there, and with the definition."""
    if request.param == "reference":
        monkeypatch.setenv("ONELAYER_ENGINE", "reference")


@pytest.mark.usefixtures("engine")
def test_batches_begin_anew_with_each_epoch():
    together, one_at_a_time = zeros(), zeros()
    rows, orders = ArrayRows(X, dtype=np.float64), [ORDER, ORDER[::-1]]
    sgd = solver(momentum=0.9)
    losses = sgd.run(together, rows, LABELS, None, np.concatenate(orders), np.tile(RATES, 2), epochs=2)
    alone = [sgd.run(one_at_a_time, rows, LABELS, None, order, RATES) for order in orders]
    assert losses.tolist() == np.concatenate(alone).tolist()
    assert together.step == one_at_a_time.step == 6
    np.testing.assert_array_equal(together.parameters.weights, one_at_a_time.parameters.weights)


@pytest.mark.usefixtures("engine")
def test_batches_of_models_together_begin_anew_too():
    rows, orders = ArrayRows(X, dtype=np.float64), [ORDER, ORDER[::-1]]
    together = SGDState(LinearParameters(np.zeros((2, K, D)), np.zeros((2, K))))
    rates = np.tile(RATES, 2)
    found = solver().run(
        together, rows, LABELS, None, np.concatenate(orders), np.stack([rates, rates / 2], 1), epochs=2
    )
    for model, factor in enumerate((1, 0.5)):
        alone = zeros()
        losses = [solver().run(alone, rows, LABELS, None, order, RATES * factor) for order in orders]
        np.testing.assert_allclose(found[:, model], np.concatenate(losses), rtol=1e-12)
        np.testing.assert_allclose(together.parameters.weights[model], alone.parameters.weights, atol=1e-12)


def test_one_step_by_hand():
    rows = ArrayRows(np.array([[1.0, 2.0], [3.0, 6.0]]), dtype=np.float64)
    state = SGDState(LinearParameters(np.array([[0.0, 0.0]]), np.array([0.0])))
    losses = solver("logistic", l2=7.0).run(state, rows, np.array([1, 0]), None, np.array([0, 1]), np.array([0.5]))
    # ŷ = ½ for both rows, so that the residuals are −½ and ½: ∂J/∂W = (−½ (1, 2) + ½ (3, 6))/2 = (½, 1), ∂J/∂b = 0.
    assert losses.tolist() == [pytest.approx(np.log(2))]
    assert state.parameters.weights.tolist() == [[-0.25, -0.5]]
    assert state.parameters.intercepts.tolist() == [0.0]
    assert state.step == 1


def test_second_step_by_hand_has_momentum_and_penalty():
    rows = ArrayRows(np.array([[0.0]]), dtype=np.float64)  # the loss has no gradient: the penalty's l2·w alone
    state = SGDState(LinearParameters(np.array([[1.0]]), np.array([0.0])))
    two = solver("logistic", l2=0.5, batch_size=1, momentum=0.9, fit_intercept=False)
    two.run(state, rows, np.array([0]), None, np.array([0, 0]), np.array([0.2, 0.1]))
    # v₁ = ½, w₁ = 1 − 0.2 · ½ = 0.9;  v₂ = 0.9 · ½ + ½ · 0.9 = 0.9, w₂ = 0.9 − 0.1 · 0.9 = 0.81
    assert state.parameters.weights.item() == pytest.approx(0.81, rel=1e-15)


@pytest.mark.parametrize("row_weights", [None, np.arange(1.0, N + 1)], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_steps_equal_a_plain_loop(momentum, l2, row_weights):
    state = zeros()
    sgd = solver(l2=l2, momentum=momentum)
    losses = sgd.run(state, ArrayRows(X, dtype=np.float64), LABELS, row_weights, ORDER, RATES)
    expected = softmax_loop(momentum, l2, row_weights=row_weights)
    for actual, part in zip((*state.parameters, losses), expected, strict=True):
        np.testing.assert_allclose(actual, part, rtol=1e-12, atol=1e-15)


def test_two_runs_equal_one():
    rows, one, two = ArrayRows(X, dtype=np.float64), zeros(), zeros()
    sgd = solver(momentum=0.9)
    sgd.run(one, rows, LABELS, None, ORDER, RATES)
    sgd.run(two, rows, LABELS, None, ORDER[:4], RATES[:1])
    sgd.run(two, rows, LABELS, None, ORDER[4:], RATES[1:])
    np.testing.assert_array_equal(two.parameters.weights, one.parameters.weights)
    assert two.step == one.step == 3


def test_probabilities_are_targets_too():
    by_label, by_probability = zeros(), zeros()
    solver().run(by_label, ArrayRows(X, dtype=np.float64), LABELS, None, ORDER, RATES)
    solver().run(by_probability, ArrayRows(X, dtype=np.float64), np.eye(K)[LABELS], None, ORDER, RATES)
    np.testing.assert_allclose(by_probability.parameters.weights, by_label.parameters.weights, rtol=1e-13)


def test_intercepts_stay_when_they_are_not_fitted():
    state = SGDState(LinearParameters(np.zeros((K, D)), np.arange(4.0)))
    solver(fit_intercept=False, momentum=0.5).run(state, ArrayRows(X, dtype=np.float64), LABELS, None, ORDER, RATES)
    assert state.parameters.intercepts.tolist() == [0, 1, 2, 3]
    assert state.parameters.weights.any()


def test_parameters_are_changed_in_place_in_their_type():
    state = zeros(dtype=np.float32)
    weights = state.parameters.weights
    solver(momentum=0.9).run(state, ArrayRows(X, dtype=np.float32), LABELS, None, ORDER, RATES)
    assert state.parameters.weights is weights
    assert (weights.dtype, state.velocity.weights.dtype) == (np.float32, np.float32)


def test_batches_larger_than_the_data_take_no_memory():
    state = zeros()
    losses = solver(batch_size=10**15).run(state, ArrayRows(X, dtype=np.float64), LABELS, None, ORDER, RATES[:1])
    assert losses.tolist() == [pytest.approx(np.log(4))]


@pytest.mark.usefixtures("reference_engine")  # the native engine asks many times a second, not before each step
def test_stopping_ends_the_run_before_the_next_step():
    asked = count()
    state = zeros()
    rates = np.full(6, 0.1)
    losses = solver(batch_size=1).run(
        state, ArrayRows(X, dtype=np.float64), LABELS, None, ORDER, rates, stopping=lambda: next(asked) == 2
    )
    assert (len(losses), state.step) == (2, 2)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("loss", "rate", "taken"), [("squared_hinge", 1e200, 2), ("softmax", 1e306, 2)])
def test_a_model_alone_ends_with_the_first_loss_that_is_not_finite(loss, rate, taken):
    state = zeros()
    losses = solver(loss).run(state, ArrayRows(1000 * X, dtype=np.float64), LABELS, None, ORDER, np.full(3, rate))
    assert (len(losses), state.step) == (taken, taken)
    assert np.isfinite(losses[:-1]).all()
    assert not np.isfinite(losses[-1])
