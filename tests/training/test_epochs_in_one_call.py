"""Segments: epochs that go into one call leave what they leave one at a time, bit by bit."""

from __future__ import annotations

import signal

import numpy as np
import pytest

from onelayer import engine
from onelayer.errors import DivergenceError
from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.solvers import Descent, SGDState, Status, sgd
from onelayer.training import Problem, TrainingParameters, train
from onelayer.training.listeners import Listener
from onelayer.training.state import TrainingState

needs_engine = pytest.mark.skipif(not engine.available(), reason="where the definitions compute, none go together")

N, D, K = 230, 90, 4
BASE = {"batch_size": 50, "max_epochs": 7, "learning_rate": 0.02, "l2": 1e-3}  # the last of five batches has 30 rows
STEPS = 5
SCHEDULES = {
    "constant": {},
    "step": {"schedule": "step", "decay_epochs": 2},
    "exponential": {"schedule": "exponential", "decay_rate": 0.9},
    "cosine": {"schedule": "cosine", "warmup_epochs": 2},
}


def problem_of(source=np.uint8, dtype=np.float32, loss="softmax"):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, K, N)
    rows = np.clip(rng.normal(100, 40, (N, D)) + 30 * (np.arange(D) % K == labels[:, np.newaxis]), 0, 255)
    scaling = {"shift": np.full(D, 101, dtype), "scale": rng.uniform(0.01, 0.03, D).astype(dtype)}
    part = LabelledRows(ArrayRows(rows.astype(source), dtype=dtype, **scaling), labels)
    return Problem(Objective(LOSSES[loss], L2(1e-3)), part, labels)


def start_of(dtype=np.float32):
    return LinearParameters(np.zeros((K, D), dtype), np.zeros(K, dtype))


@pytest.fixture
def calls(monkeypatch):
    """The number of epochs in each call of the solver."""
    found, run = [], Descent.run

    def counting(self, state, rows, targets, weights, order, rates, stopping, epochs):
        found.append(epochs)
        return run(self, state, rows, targets, weights, order, rates, stopping, epochs)

    monkeypatch.setattr(Descent, "run", counting)
    return found


def assert_same(one, other):
    assert (one.status, one.epoch, one.solver.step) == (other.status, other.epoch, other.solver.step)
    for a, b in zip(one.kept, other.kept, strict=True):
        np.testing.assert_array_equal(a, b)
    for key, values in one.history.arrays().items():
        np.testing.assert_array_equal(values, other.history.arrays()[key], err_msg=key)


@needs_engine
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("threads", [1, 2])
def test_training_is_that_of_epochs_one_at_a_time(calls, drop_last, schedule, threads):
    parameters = TrainingParameters(**BASE | SCHEDULES[schedule], drop_last=drop_last, momentum=0.9)
    together = train(problem_of(), parameters, 3, start_of(), threads=threads)
    assert calls == [7]
    one_at_a_time = train(problem_of(), parameters, 3, start_of(), [Listener()], threads=threads)
    assert calls[1:] == [1] * 7
    assert_same(together, one_at_a_time)


@needs_engine
@pytest.mark.parametrize("shuffle", ["numpy-legacy", False])
@pytest.mark.parametrize(("source", "dtype"), [(np.float32, np.float32), (np.uint8, np.float64)])
def test_other_orders_and_types_too(shuffle, source, dtype):
    parameters = TrainingParameters(**BASE, shuffle=shuffle)
    problem = problem_of(source, dtype, "squared_hinge")
    states = [train(problem, parameters, 3, start_of(dtype), listeners) for listeners in ([], [Listener()])]
    assert_same(*states)


@needs_engine
def test_a_call_holds_only_so_many_rows(calls, monkeypatch):
    monkeypatch.setattr(sgd, "MOST_ROWS", 3 * N + 1)
    train(problem_of(), TrainingParameters(**BASE), 3, start_of())
    assert calls == [3, 3, 1]


@needs_engine
def test_training_goes_on_from_any_epoch(calls):
    parameters = TrainingParameters(**BASE | SCHEDULES["cosine"], momentum=0.9)
    whole = train(problem_of(), parameters, 3, start_of())
    state = train(problem_of(), parameters, 3, start_of(), until_epoch=2)
    state.models[0].status = Status.RUNNING
    assert_same(train(problem_of(), parameters, 3, state), whole)
    assert calls == [7, 2, 5]


@pytest.mark.parametrize("case", ["mirrored", "validated", "reference"])
def test_epochs_stay_alone_where_somebody_looks(calls, make_problem, make_start, monkeypatch, case):
    if case == "reference":
        monkeypatch.setenv("ONELAYER_ENGINE", "reference")
    parameters = TrainingParameters(**BASE, flip_probability=0.5 if case == "mirrored" else 0.0)
    train(make_problem(validated=case == "validated"), parameters, 0, make_start())
    assert calls == [1] * 7


def ending_of(rate, loss, listeners, batch_size=50):
    start, error = start_of(), ""
    parameters = TrainingParameters(
        **BASE | {"max_epochs": 40, "learning_rate": rate, "batch_size": batch_size}, momentum=0.9
    )
    state = TrainingState.of(SGDState(start), [parameters])
    try:
        train(problem_of(np.float32, loss=loss), parameters, 3, state, listeners)
    except DivergenceError as caught:
        error = str(caught)
    return state, error


@needs_engine
@pytest.mark.parametrize("loss", ["softmax", "hinge", "squared_hinge"])
@pytest.mark.parametrize("rate", [2.0, 40.0, 1e6, 1e20, 1e36, 1e38])
@pytest.mark.parametrize("batch_size", [50, N])
def test_divergence_is_the_same(loss, rate, batch_size):
    (together, error), (one_at_a_time, expected) = (
        ending_of(rate, loss, listeners, batch_size) for listeners in ([], [Listener()])
    )
    assert error == expected
    assert together.solver.step == one_at_a_time.solver.step
    for key, values in together.history.arrays().items():
        np.testing.assert_array_equal(values, one_at_a_time.history.arrays()[key], err_msg=key)


@needs_engine
def test_a_later_epoch_and_infinite_weights_are_among_these():
    state, error = ending_of(2.0, "squared_hinge", [])
    assert "the loss became inf" in error
    assert state.epoch > 1
    assert "the weights became infinite" in ending_of(1e6, "hinge", [], N)[1]


@needs_engine
@pytest.mark.parametrize(
    ("taken", "epoch", "recorded"),
    [
        pytest.param(0, 0, 0, id="before the first step"),
        pytest.param(2, 0, 2, id="in the first epoch"),
        pytest.param(12, 2, 12, id="in the third"),
        pytest.param(10, 1, 10, id="in the last step of the second"),
        pytest.param(35, 6, 35, id="in the very last step"),
    ],
)
def test_interruption_counts_the_epochs_before_it(monkeypatch, taken, epoch, recorded):
    def interrupted(self, state, rows, targets, weights, order, rates, stopping, epochs):
        signal.raise_signal(signal.SIGINT)
        state.step += taken
        return np.arange(float(taken))

    monkeypatch.setattr(Descent, "run", interrupted)
    state = train(problem_of(), TrainingParameters(**BASE), 3, start_of())
    assert (state.status, state.epoch, state.solver.step) == (Status.INTERRUPTED, epoch, taken)
    history = state.history.arrays()
    assert history["step"].tolist() == list(range(recorded))
    assert history["epoch"].tolist() == [step // STEPS for step in range(recorded)]
