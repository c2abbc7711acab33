"""The loop: what is recorded, when it ends, what it keeps, and who is told."""

from __future__ import annotations

import signal
from dataclasses import replace

import numpy as np
import pytest

from onelayer.errors import ConfigError, DivergenceError
from onelayer.losses import LOSSES
from onelayer.penalties import L2
from onelayer.solvers import Descent, SGDState, Status
from onelayer.solvers.epochs import Flips, Orders
from onelayer.training import TrainingParameters, TrainingState, train
from onelayer.training.listeners import Listener

D = 6
BASE = {"batch_size": 5, "max_epochs": 4, "learning_rate": 0.1}  # 23 rows: five steps an epoch


class Recorder(Listener):
    """Writes down each occasion, and does something at one of them."""

    def __init__(self, act_on=None, act=lambda state: None):
        self.occasions, self.act_on, self.act = [], act_on, act

    def _note(self, name, state):
        self.occasions.append((name, state.epoch, state.solver.step))
        return self.act(state) if (name, state.epoch) == self.act_on else None

    def on_train_begin(self, state):
        self._note("train begin", state)

    def on_epoch_begin(self, state):
        self._note("epoch begin", state)

    def on_validation(self, state):
        self._note("validation", state)

    def on_epoch_end(self, state):
        return bool(self._note("epoch end", state))

    def on_train_end(self, state):
        self._note("train end", state)


@pytest.fixture
def run(make_problem, make_start):
    """Train the small problem with these parameters."""

    def run(*listeners, validated=True, **parameters):
        chosen = TrainingParameters(**BASE | parameters)
        return train(make_problem(validated=validated), chosen, 0, make_start(), listeners)

    return run


def test_epochs_of_steps_and_validations(run):
    recorder = Recorder()
    run(recorder, max_epochs=2)
    assert recorder.occasions == [
        ("train begin", 0, 0),
        ("epoch begin", 0, 0),
        ("validation", 0, 5),
        ("epoch end", 1, 5),
        ("epoch begin", 1, 5),
        ("validation", 1, 10),
        ("epoch end", 2, 10),
        ("train end", 2, 10),
    ]


def test_end_of_all_epochs(run):
    state = run()
    assert (state.status, state.epoch, state.solver.step, state.stopped_epoch) == (Status.FINISHED, 4, 20, None)


def test_history_counts_steps_and_epochs(run):
    history = run(max_epochs=2, validations_per_epoch=2).history.arrays()
    assert history["step"].tolist() == list(range(10))
    assert history["epoch"].tolist() == [0] * 5 + [1] * 5
    assert history["validation_step"].tolist() == [0, 2, 4, 6, 8]
    assert history["validation_epoch"].tolist() == [0, 0, 0, 1, 1]


@pytest.mark.usefixtures(
    "reference_engine"
)  # the native engine folds and unfolds the scaling at each: equal to rounding
def test_steps_do_not_depend_on_validations(run):
    rarely, often, never = run(keep="last"), run(keep="last", validations_per_epoch=5), run(validated=False)
    np.testing.assert_array_equal(often.kept.weights, rarely.kept.weights)
    np.testing.assert_array_equal(never.kept.weights, rarely.kept.weights)


def test_steps_are_those_of_the_solver(make_problem, make_start):
    parameters = TrainingParameters(**BASE, momentum=0.9, flip_probability=0.3)
    problem = make_problem(validated=False)
    state = train(problem, parameters, 5, make_start())
    n, expected = problem.training.rows.n, SGDState(make_start())
    orders, flips = Orders(n, "pcg64", 5), Flips(n, parameters, 5)
    for epoch in range(4):
        rows = problem.training.rows.with_mirrored(flips(epoch))
        descent = Descent(replace(problem.objective, penalty=L2(parameters.l2)), 5, momentum=0.9)
        descent.run(expected, rows, problem.targets, None, orders(epoch), np.full(5, 0.1))
    np.testing.assert_array_equal(state.solver.parameters.weights, expected.parameters.weights)


def test_figures_of_the_last_validation_are_those_of_the_last_weights(run, make_problem):
    state, problem = run(l2=0.01), make_problem(l2=0.01)
    record, objective, weights = state.history.last_validation, problem.objective, state.solver.parameters
    for name, part in (("train", problem.training), ("validation", problem.validation)):
        sums = objective.sums(weights, part.rows, part.labels)
        assert record[f"{name}_loss"] == sums.mean_loss
        assert record[f"{name}_accuracy"] == sums.accuracy
        assert record[f"{name}_objective"] == pytest.approx(objective.value(weights, part.rows, part.labels), rel=1e-14)
    assert record["weight_norm_squared"] == pytest.approx((weights.weights**2).sum())


def test_norm_counts_the_intercepts_where_they_are_penalised(make_problem, make_start):
    problem = make_problem()
    state = train(problem, TrainingParameters(**BASE, penalize_bias=True), 0, make_start())
    expected = sum((part**2).sum() for part in state.solver.parameters)
    assert state.history.last_validation["weight_norm_squared"] == pytest.approx(expected)


def test_last_incomplete_batch_is_dropped(run):
    assert run(drop_last=True).solver.step == 4 * 4


def test_no_batch_at_all(run):
    with pytest.raises(ConfigError, match="leaves no batch of 23 rows"):
        run(batch_size=24, drop_last=True)


def overfit(**parameters):
    """Parameters with which the validation loss soon rises."""
    return {"learning_rate": 5.0, "max_epochs": 60, "early_stopping": True, "patience": 4} | parameters


def test_early_stopping_follows_the_rule(run):
    state = run(**overfit())
    losses = state.history.arrays()["validation_loss"]
    since_best = len(losses) - 1 - int(np.argmin(losses))
    assert (state.status, since_best) == (Status.STOPPED_EARLY, 4)
    assert state.stopped_epoch == len(losses) - 1 == state.epoch - 1


def test_patience_counts_validations_within_epochs(run):
    state = run(**overfit(validations_per_epoch=5))
    losses = state.history.arrays()["validation_loss"]
    assert len(losses) - 1 - int(np.argmin(losses)) == 4
    assert state.stopped_epoch == (len(losses) - 1) // 5
    assert len(state.history.arrays()["step"]) == state.solver.step == len(losses)


def test_early_stopped_epoch_does_not_end_for_listeners(run):
    recorder = Recorder()
    state = run(recorder, **overfit())
    assert recorder.occasions[-3:] == [
        ("epoch begin", state.epoch - 1, state.solver.step - 5),
        ("validation", state.epoch - 1, state.solver.step),
        ("train end", state.epoch, state.solver.step),
    ]


def test_accuracy_as_monitor(run):
    accuracies = run(**overfit(monitor="validation_accuracy")).history.arrays()["validation_accuracy"]
    assert len(accuracies) - 1 - int(np.argmax(accuracies)) == 4


def test_best_weights_are_kept(run):
    recorded = []
    recorder = Recorder()
    recorder.on_validation = lambda state: recorded.append(state.solver.parameters.copy())
    state = run(recorder, **overfit())
    best = recorded[int(np.argmin(state.history.arrays()["validation_loss"]))]
    np.testing.assert_array_equal(state.kept.weights, best.weights)
    np.testing.assert_array_equal(state.kept.intercepts, best.intercepts)


def test_last_weights_are_kept_if_asked_for(run):
    state = run(**overfit(keep="last"))
    assert state.kept is state.solver.parameters
    assert state.best is None


def test_last_weights_are_kept_where_nothing_is_validated(run):
    state = run(validated=False, keep="best")
    assert state.kept is state.solver.parameters


def test_listener_ends_training_after_the_epoch(run):
    others = Recorder()
    state = run(Recorder(("epoch end", 2), lambda state: True), others)
    assert (state.status, state.epoch) == (Status.STOPPED_BY_CALLBACK, 2)
    assert others.occasions[-2:] == [("epoch end", 2, 10), ("train end", 2, 10)]


def test_until_epoch_leaves_schedules_alone(make_problem, make_start):
    parameters = TrainingParameters(**BASE, schedule="cosine")
    part = train(make_problem(), parameters, 0, make_start(), until_epoch=2)
    whole = train(make_problem(), parameters, 0, make_start())
    rates = whole.history.arrays()["learning_rate"]
    assert part.history.arrays()["learning_rate"].tolist() == rates[:10].tolist()


@pytest.mark.parametrize(
    ("occasion", "steps", "epoch"),
    [
        pytest.param(("epoch begin", 1), 5, 1, id="before an epoch"),
        pytest.param(("validation", 1), 10, 2, id="while validating"),
        pytest.param(("epoch end", 2), 10, 2, id="between epochs"),
        pytest.param(("train begin", 0), 0, 0, id="before the first step"),
    ],
)
def test_interrupt_ends_at_the_next_step(run, occasion, steps, epoch):
    state = run(Recorder(occasion, lambda state: signal.raise_signal(signal.SIGINT)))
    assert (state.status, state.solver.step, state.epoch) == (Status.INTERRUPTED, steps, epoch)
    assert len(state.history.arrays()["step"]) == steps


def test_interrupt_after_the_last_step_changes_nothing(run):
    state = run(Recorder(("epoch end", 4), lambda state: signal.raise_signal(signal.SIGINT)))
    assert state.status is Status.FINISHED


class Asking(Listener):
    """Asks to stop at the third time of being asked."""

    def __init__(self):
        self.times = 0

    def asks_to_stop(self):
        self.times += 1
        return self.times >= 3


@pytest.mark.usefixtures("reference_engine")
def test_listener_that_asks_to_stop_ends_training_at_the_next_step(run):
    state = run(Asking())
    assert (state.status, state.solver.step, state.epoch) == (Status.INTERRUPTED, 2, 0)


def test_second_interrupt_is_the_usual_one(run):
    def twice(state):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(Recorder(("epoch begin", 1), twice))


def test_listeners_hear_of_the_end_by_an_error(run):
    recorder, states = Recorder(), []
    recorder.on_train_end = states.append
    with pytest.raises(DivergenceError):
        run(recorder, learning_rate=1e308)
    assert [state.status for state in states] == [Status.RUNNING]


@pytest.mark.parametrize("engine", ["as installed", "reference"])
@pytest.mark.parametrize(
    ("loss", "dtype", "rate", "message"),
    [
        pytest.param("squared_hinge", np.float64, 1e200, "the loss became inf at step 11", id="inf loss"),
        pytest.param("squared_hinge", np.float32, 1e30, "the loss became inf at step 11", id="inf loss float32"),
        pytest.param("softmax", np.float64, 1e306, "the loss became nan at step 11", id="NaN loss"),
    ],
)
def test_divergence_names_step_and_rate(make_problem, make_start, monkeypatch, engine, loss, dtype, rate, message):
    if engine == "reference":
        monkeypatch.setenv("ONELAYER_ENGINE", "reference")
    problem = make_problem(dtype, validated=False)
    rows = replace(problem.training.rows, shift=None, scale=np.full(D, 1000, dtype))
    problem = replace(
        problem,
        objective=replace(problem.objective, loss=LOSSES[loss]),
        training=replace(problem.training, rows=rows),
    )
    parameters = TrainingParameters(**BASE | {"learning_rate": rate})
    state = TrainingState.of(SGDState(make_start(dtype), 10), [parameters])
    with pytest.raises(DivergenceError, match=message) as raised:
        train(problem, parameters, 0, state)
    assert f"(learning rate {rate:.6g}); try a learning rate of {rate / 10:.2g}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_infinite_weights_are_noticed_after_the_last_step(make_problem, make_start):
    problem = make_problem(validated=False)
    rows = replace(problem.training.rows, scale=np.full(D, 1000.0))
    problem = replace(problem, training=replace(problem.training, rows=rows))
    parameters = TrainingParameters(batch_size=23, max_epochs=1, learning_rate=1e308)
    with pytest.raises(DivergenceError, match="the weights became infinite at step 0"):
        train(problem, parameters, 0, make_start())
