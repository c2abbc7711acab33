"""Segments: validations that wait for each other leave the same training as validations at once, bit by bit."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from onelayer import engine
from onelayer.errors import DivergenceError
from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.solvers import Status
from onelayer.training import Problem, TrainingParameters, segments, train
from onelayer.training.listeners import Listener

pytestmark = pytest.mark.skipif(not engine.available(), reason="where the definitions compute, none waits")

D = 400


def make_part(n, k, seed, source, dtype, weighted):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    rows = np.clip(rng.normal(100, 40, (n, D)) + 30 * (np.arange(D) % k == labels[:, np.newaxis]), 0, 255)
    scaling = {"shift": np.full(D, 100, dtype), "scale": np.full(D, 0.02, dtype)}
    labels = np.where(rng.random(n) < 0.3, rng.integers(0, k, n), labels)  # which is learned by heart before long
    weights = rng.random(n).astype(dtype) if weighted else None
    return LabelledRows(ArrayRows(rows.astype(source), dtype=dtype, **scaling), labels, weights)


class Told(Listener):
    """Writes down what it is told of: the step and the weights at every validation."""

    def __init__(self):
        self.validations = []

    def on_validation(self, state):
        self.validations.append((state.solver.step, state.epoch, float(state.solver.parameters.weights.sum())))


def outcome(monkeypatch, most, loss, k, source, dtype, weighted, parameters):
    monkeypatch.setattr(segments, "MOST_WAITING", most)
    monkeypatch.setattr(segments, "SECONDS", inf)
    training, validation = (make_part(n, k, seed, source, dtype, weighted) for seed, n in enumerate((600, 150)))
    problem = Problem(Objective(LOSSES[loss], L2(1e-3)), training, training.labels, validation)
    outputs = 1 if loss == "logistic" else k
    start = LinearParameters(np.zeros((outputs, D), dtype), np.zeros(outputs, dtype))
    told, state, error = Told(), None, ""
    try:
        state = train(problem, TrainingParameters(**parameters), 0, start, [told], threads=2)
    except DivergenceError as caught:
        error = str(caught)
    return told.validations, state, error


def assert_same_outcome(one, other):
    assert one[0] == other[0]
    assert one[2] == other[2]
    if one[1] is None:
        assert other[1] is None
        return
    a, b = one[1], other[1]
    assert (a.status, a.epoch, a.stopped_epoch, a.solver.step) == (b.status, b.epoch, b.stopped_epoch, b.solver.step)
    assert (a.monitor.best, a.monitor.since_best) == (b.monitor.best, b.monitor.since_best)
    for key, values in a.history.arrays().items():
        np.testing.assert_array_equal(values, b.history.arrays()[key], err_msg=key)
    for kept, others in zip(a.kept, b.kept, strict=True):
        np.testing.assert_array_equal(kept, others)


LONG = {"batch_size": 20, "max_epochs": 6, "validations_per_epoch": 7, "learning_rate": 0.02, "l2": 1e-3}
STOPS = LONG | {"learning_rate": 0.3, "early_stopping": True, "patience": 3}


@pytest.mark.parametrize("most", [2, 3, 8])
@pytest.mark.parametrize(
    ("loss", "k", "source", "dtype", "weighted"),
    [
        ("softmax", 10, np.uint8, np.float32, False),
        ("softmax", 3, np.float32, np.float32, True),
        ("hinge", 17, np.float32, np.float32, False),
        ("sigmoid", 4, np.float64, np.float64, False),
        ("logistic", 2, np.uint8, np.float32, True),
        ("squared_hinge", 2, np.uint8, np.float64, False),
    ],
)
@pytest.mark.parametrize(
    "parameters",
    [
        LONG,
        LONG | {"momentum": 0.9, "keep": "last"},
        STOPS,
        STOPS | {"momentum": 0.9, "monitor": "validation_accuracy", "keep": "last"},
    ],
    ids=["to the end", "momentum", "early stopping", "early stopping by accuracy"],
)
def test_training_is_the_same(monkeypatch, most, loss, k, source, dtype, weighted, parameters):
    given = loss, k, source, dtype, weighted, parameters
    assert_same_outcome(outcome(monkeypatch, 1, *given), outcome(monkeypatch, most, *given))


def test_early_stopping_in_the_middle_of_an_epoch_is_among_these(monkeypatch):
    *_, state, _ = outcome(monkeypatch, 8, "softmax", 10, np.uint8, np.float32, False, STOPS)
    assert state.status is Status.STOPPED_EARLY
    assert state.solver.step % 30 != 0
    assert state.history.arrays()["step"][-1] == state.solver.step - 1


@pytest.mark.parametrize("rate", [1e36, 1e38])
@pytest.mark.parametrize("stopping", [{}, {"early_stopping": True, "patience": 1}])
def test_divergence_is_the_same(monkeypatch, rate, stopping):
    diverging = LONG | {"learning_rate": rate} | stopping
    given = "hinge", 3, np.float32, np.float32, False, diverging
    one, other = (outcome(monkeypatch, most, *given) for most in (1, 8))
    assert_same_outcome(one, other)
    assert one[2] or one[1].status is Status.STOPPED_EARLY


@pytest.mark.parametrize(("seconds", "validations_per_pass"), [(0.0, [1] * 4), (inf, [3, 1])])
def test_a_wait_ends_with_the_epoch_or_when_it_has_been_long_enough(monkeypatch, seconds, validations_per_pass):
    monkeypatch.setattr(segments, "SECONDS", seconds)
    monkeypatch.setattr(segments, "MOST_WAITING", 3)
    found, sums = [], Objective.sums_of_parts

    def counting(self, parameters, *arguments):
        found.append(parameters.m or 1)
        return sums(self, parameters, *arguments)

    monkeypatch.setattr(Objective, "sums_of_parts", counting)
    training, validation = (make_part(n, 3, seed, np.uint8, np.float32, False) for seed, n in enumerate((600, 150)))
    problem = Problem(Objective(LOSSES["softmax"], L2(1e-3)), training, training.labels, validation)
    start = LinearParameters(np.zeros((3, D), np.float32), np.zeros(3, np.float32))
    parameters = TrainingParameters(batch_size=150, max_epochs=1, validations_per_epoch=4)
    train(problem, parameters, 0, start, [Told()])
    assert found == validations_per_pass


def test_large_parameters_do_not_wait(monkeypatch):
    monkeypatch.setattr(segments, "MOST_BYTES", 2 * 4 * (3 * D + 3) - 1)
    monkeypatch.setattr(segments, "SECONDS", inf)
    found, sums = [], Objective.sums_of_parts
    monkeypatch.setattr(
        Objective, "sums_of_parts", lambda self, tree, *rest: found.append(tree.m) or sums(self, tree, *rest)
    )
    outcome(monkeypatch, 8, "softmax", 3, np.uint8, np.float32, False, LONG)
    assert set(found) == {None}
