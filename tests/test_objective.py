"""Value, gradient and Hessian product of the objective agree with differences, with each other, and over blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows
from onelayer.rows import array as rows_module

N, D, M = 30, 4, 3


@dataclass(frozen=True)
class Case:
    """A loss with one model or m, and with or without row weights."""

    objective: Objective
    parameters: LinearParameters
    X: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None

    @property
    def rows(self):
        return ArrayRows(self.X, dtype=self.X.dtype)

    @property
    def given(self):
        return self.rows, self.labels, self.weights

    def random_direction(self):
        rng = np.random.default_rng(5)
        return LinearParameters(*(rng.normal(size=part.shape) for part in self.parameters))

    def moved(self, direction, step):
        return LinearParameters(*(p + step * v for p, v in zip(self.parameters, direction, strict=True)))


@pytest.fixture(params=["unweighted", "weighted", "m models", "m models weighted alike", "m models weighted each"])
def form(request):
    return request.param


def make_case(loss, form):
    rng = np.random.default_rng(3)
    n_classes = 2 if loss.name == "logistic" else 4
    k, models = loss.outputs(n_classes), (M,) if form.startswith("m models") else ()
    weights = None
    if "weighted" in form and form != "unweighted":
        weights = rng.uniform(0, 2, (N, M) if form.endswith("each") else N)
        weights[::7] = 0
    parameters = LinearParameters(rng.normal(size=(*models, k, D)), rng.normal(size=(*models, k)))
    penalty = L2(0.3, penalize_bias=True)
    return Case(Objective(loss, penalty), parameters, rng.normal(size=(N, D)), rng.integers(0, n_classes, N), weights)


@pytest.fixture(params=LOSSES.values(), ids=lambda loss: loss.name)
def case(request, form):
    return make_case(request.param, form)


@pytest.fixture(params=[loss for loss in LOSSES.values() if loss.has_curvature], ids=lambda loss: loss.name)
def curved(request, form):
    return make_case(request.param, form)


def inner(gradient, direction):
    """Inner product of parameters, one for each model."""
    return (gradient.weights * direction.weights).sum((-2, -1)) + (gradient.intercepts * direction.intercepts).sum(-1)


def slope(function, step=1e-6):
    return (function(step) - function(-step)) / (2 * step)


def assert_same(actual, expected, rtol=1e-12):
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-13)


def test_value_is_weighted_mean_of_losses_plus_penalty(case):
    scores = np.einsum("nd,...kd->n...k", case.X, case.parameters.weights) + case.parameters.intercepts
    losses = case.objective.loss.values(scores, case.labels)
    weights = np.ones(N) if case.weights is None else case.weights
    if losses.ndim > weights.ndim:
        weights = np.repeat(weights[:, None], M, axis=1)
    penalty = 0.15 * sum((part**2).reshape(*losses.shape[1:], -1).sum(-1) for part in case.parameters)
    expected = (losses * weights).sum(axis=0) / weights.sum(axis=0) + penalty
    np.testing.assert_allclose(case.objective.value(case.parameters, *case.given), expected, rtol=1e-12)


def test_gradient_is_the_slope_of_the_value(case):
    direction = case.random_direction()
    expected = slope(lambda step: case.objective.value(case.moved(direction, step), *case.given))
    gradient = case.objective.gradient(case.parameters, *case.given)
    np.testing.assert_allclose(inner(gradient, direction), expected, rtol=1e-7)


def test_batch_has_the_gradient_of_the_whole(case):
    gradient = case.objective.batch(case.parameters, case.X, case.labels, case.weights)[1]
    assert_same(gradient, case.objective.gradient(case.parameters, *case.given))


def test_batch_has_the_mean_loss_of_the_whole(case):
    mean = case.objective.batch(case.parameters, case.X, case.labels, case.weights)[0]
    np.testing.assert_allclose(mean, case.objective.sums(case.parameters, *case.given).mean_loss, rtol=1e-12)


def test_hessian_product_is_the_slope_of_the_gradient(curved):
    direction, along = curved.random_direction(), curved.moved(curved.parameters, 1.0)
    product = curved.objective.hessian_product(curved.parameters, direction, *curved.given)
    expected = slope(lambda step: inner(curved.objective.gradient(curved.moved(direction, step), *curved.given), along))
    np.testing.assert_allclose(inner(product, along), expected, rtol=1e-6)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(rows_module, "VIEW_ROWS", 7)


def test_gradient_over_blocks_is_that_of_one_batch(case, small_blocks):
    assert len(list(case.rows.blocks())) == 5
    gradient = case.objective.batch(case.parameters, case.X, case.labels, case.weights)[1]
    assert_same(case.objective.gradient(case.parameters, *case.given), gradient)


def test_hessian_product_over_blocks_is_that_of_the_whole(curved, monkeypatch):
    arguments = (curved.parameters, curved.random_direction(), *curved.given)
    whole = curved.objective.hessian_product(*arguments)
    monkeypatch.setattr(rows_module, "VIEW_ROWS", 7)
    assert_same(curved.objective.hessian_product(*arguments), whole)


def test_sums_of_parts_add_up(case, small_blocks):
    def sums(part):
        weights = None if case.weights is None else case.weights[part]
        return case.objective.sums(
            case.parameters, ArrayRows(case.X[part], dtype=np.float64), case.labels[part], weights
        )

    whole, first, second = (vars(sums(part)) for part in (slice(None), slice(11), slice(11, None)))
    assert_same(whole.values(), (first[name] + second[name] for name in whole))


@pytest.fixture
def repeated(case):
    """The arguments of rows weighted 1 and 2, and of the same rows once and twice."""
    weights = np.where(np.arange(N) < 10, 2.0, 1.0)
    twice = np.repeat(np.arange(N), weights.astype(int))
    return (case.rows, case.labels, weights), (ArrayRows(case.X[twice], dtype=np.float64), case.labels[twice])


def test_gradient_with_weight_two_is_that_of_a_repeated_row(case, repeated):
    by_weight, by_repetition = (case.objective.gradient(case.parameters, *given) for given in repeated)
    assert_same(by_weight, by_repetition)


def test_value_with_weight_two_is_that_of_a_repeated_row(case, repeated):
    by_weight, by_repetition = (case.objective.value(case.parameters, *given) for given in repeated)
    np.testing.assert_allclose(by_weight, by_repetition, rtol=1e-12)


def test_rows_without_weight_leave_the_penalty_alone(case):
    mean, gradient = case.objective.batch(case.parameters, case.X, case.labels, np.zeros(N))
    assert np.all(mean == 0)
    assert_same(gradient, (0.3 * case.parameters.weights, 0.3 * case.parameters.intercepts))


def test_accuracy_is_the_weighted_share_of_hits(case):
    decision = case.objective.loss.decision(case.objective.model.scores(case.parameters, case.X))
    hits = np.equal(decision.T, case.labels).T
    weights = np.ones(N) if case.weights is None else case.weights
    weights = np.broadcast_to(weights.T, hits.T.shape).T
    expected = np.average(hits, axis=0, weights=weights)
    np.testing.assert_allclose(case.objective.sums(case.parameters, *case.given).accuracy, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_sums_take_probabilities_for_labels(name):
    case = make_case(LOSSES[name], "weighted")
    certain = np.eye(4)[case.labels]
    by_label = case.objective.sums(case.parameters, *case.given)
    by_probability = case.objective.sums(case.parameters, case.rows, certain, case.weights)
    assert (by_probability.correct, by_probability.loss) == pytest.approx((by_label.correct, by_label.loss), rel=1e-12)


def test_logistic_probability_of_a_half_counts_as_class_one():
    objective = Objective(LOSSES["logistic"], L2())
    parameters = LinearParameters(np.zeros((1, 1)), np.ones(1))
    targets = np.array([[0.5], [0.4]])
    assert objective.sums(parameters, ArrayRows(np.zeros((2, 1))), targets).accuracy == 0.5


def test_sums_add_up_in_float64():
    n = 200_000
    objective = Objective(LOSSES["squared_hinge"], L2())
    parameters = LinearParameters(np.zeros((2, 1), np.float32), np.full(2, 0.1, np.float32))
    loss = objective.sums(parameters, ArrayRows(np.zeros((n, 1), np.float32)), np.zeros(n, int)).loss
    assert loss == pytest.approx(n * (0.9**2 + 1.1**2), rel=3e-7)  # a row's own loss is float32


def test_float32_batch_agrees_with_float64(case):
    single = LinearParameters(*(part.astype(np.float32) for part in case.parameters))
    gradient = case.objective.batch(single, case.X.astype(np.float32), case.labels, case.weights)[1]
    expected = case.objective.batch(case.parameters, case.X, case.labels, case.weights)[1]
    assert gradient.weights.dtype == np.float32
    np.testing.assert_allclose(gradient.weights, expected.weights, rtol=2e-5, atol=2e-6)


def test_hinge_has_no_hessian_product():
    case = make_case(LOSSES["hinge"], "unweighted")
    with pytest.raises(ConfigError, match="no curvature"):
        case.objective.hessian_product(case.parameters, case.parameters, *case.given)
