from __future__ import annotations

import signal
from dataclasses import replace

import numpy as np
import pytest

from onelayer.errors import ConfigError, DivergenceError
from onelayer.losses import get_loss
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.selection import Grid, Prepared, shuffled_folds, sweep
from onelayer.training import Problem, TrainingParameters, train
from onelayer.training.listeners import Listener

N, D, K = 60, 5, 3
RNG = np.random.default_rng(0)
LABELS = np.arange(N) % K
X = RNG.normal(size=(N, D)) + np.eye(K, D)[LABELS]
ROWS = ArrayRows(X, dtype=np.float64)
BASE = TrainingParameters(scaling="none", learning_rate=0.1, max_epochs=4, batch_size=7, random_state=0)
FOLDS = shuffled_folds(N, 4, seed=1)


def start(parameters: TrainingParameters) -> LinearParameters:
    return LinearParameters(np.zeros((K, D)), np.zeros(K))


def part(indices, weights=None) -> LabelledRows:
    return LabelledRows(ROWS.subset(indices), LABELS[indices], weights)


def prepare(parameters, fold) -> Prepared:
    """The first 40 rows to train on and the others to validate on, or those of a fold."""
    training, held_out = (np.arange(40), np.arange(40, N)) if fold is None else (fold.training, fold.held_out)
    problem = Problem(Objective(get_loss(parameters.loss), L2()), part(training), LABELS[training], part(held_out))
    return Prepared(problem, start)


def prepare_whole(parameters, fold) -> Prepared:
    problem = Problem(Objective(get_loss(parameters.loss), L2()), LabelledRows(ROWS, LABELS), LABELS)
    return Prepared(problem, start)


def alone(problem: Problem, parameters: TrainingParameters) -> dict[str, np.ndarray]:
    problem = replace(problem, objective=replace(problem.objective, penalty=L2(parameters.l2)))
    return train(problem, parameters, 0, start(parameters)).history.arrays()


def best_accuracy(history: dict[str, np.ndarray]) -> float:
    return float(history["validation_accuracy"][history["validation_loss"].argmin()])


def test_figures_are_those_of_the_kept_weights_trained_alone():
    grid = Grid.of({"l2": [0.0, 0.1, 5.0], "loss": ["softmax", "hinge"], "learning_rate": [0.01, 0.3]})
    result = sweep(grid, BASE, prepare)
    for trial, parameters in zip(result.trials, grid.trials(BASE), strict=True):
        history = alone(prepare(parameters, None).problem, parameters)
        assert trial.validation_accuracy == pytest.approx(best_accuracy(history))
        assert trial.validation_loss == pytest.approx(history["validation_loss"].min())


def test_folds_are_validated_in_turn():
    grid = Grid.of({"l2": [0.0, 5.0]})
    result = sweep(grid, BASE, prepare, folds=FOLDS)
    for trial, parameters in zip(result.trials, grid.trials(BASE), strict=True):
        accuracies = [best_accuracy(alone(prepare(parameters, fold).problem, parameters)) for fold in FOLDS]
        assert [fold.accuracy for fold in trial.folds] == pytest.approx(accuracies)
        assert [fold.n for fold in trial.folds] == [len(fold.held_out) for fold in FOLDS]
    assert (result.n_folds, result.n_models, result.passes) == (4, 8, 4)


@pytest.mark.parametrize("row_weights", [None, np.arange(N) % 3 + 1.0], ids=["even", "weighted"])
def test_folds_in_one_pass_are_row_weights(row_weights):
    grid = Grid.of({"l2": [0.0, 5.0]})

    def prepare_rows(parameters, fold):
        prepared = prepare_whole(parameters, fold)
        return replace(prepared, problem=replace(prepared.problem, training=LabelledRows(ROWS, LABELS, row_weights)))

    result = sweep(grid, BASE, prepare_rows, folds=FOLDS, folds_in_one_pass=True)
    assert (result.n_folds, result.passes) == (4, 1)
    given = np.ones(N) if row_weights is None else row_weights
    for trial, parameters in zip(result.trials, grid.trials(BASE), strict=True):
        for fold, figures in zip(FOLDS, trial.folds, strict=True):
            held_out = np.isin(np.arange(N), fold.held_out)
            problem = replace(
                prepare_whole(parameters, None).problem,
                training=LabelledRows(ROWS, LABELS, given * ~held_out),
                validation=LabelledRows(ROWS, LABELS, given * held_out),
            )
            assert figures.accuracy == pytest.approx(best_accuracy(alone(problem, parameters)))
            assert figures.n == len(fold.held_out)


def test_standardised_folds_in_one_pass_would_leak():
    with pytest.raises(ConfigError, match="held-out rows"):
        sweep(Grid.of({"scaling": ["none", "standardize"]}), BASE, prepare_whole, folds=FOLDS, folds_in_one_pass=True)


def test_what_can_share_a_pass_does():
    grid = Grid.of({"l2": [0.0, 0.1], "batch_size": [5, 9], "momentum": [0.0, 0.5], "loss": ["softmax", "hinge"]})
    assert sweep(grid, BASE, prepare).passes == 4


def test_order_of_trials_is_the_grids():
    grid = Grid.of({"loss": ["softmax", "hinge"], "l2": [0.0, 0.1]})
    assert [trial.values for trial in sweep(grid, BASE, prepare).trials] == grid.values()


def test_a_pass_takes_no_more_models_than_fit_into_memory(monkeypatch):
    grid = Grid.of({"l2": np.linspace(0, 1, 7)})
    whole = sweep(grid, BASE, prepare)
    monkeypatch.setattr("onelayer.selection.sweeping.MOST_BYTES", 3 * K * (D + 1) * 8)
    parts = sweep(grid, BASE, prepare)
    assert parts.passes == 3
    assert [one.validation_loss for one in parts.trials] == pytest.approx([one.validation_loss for one in whole.trials])


def test_diverged_trials_are_counted_and_not_chosen():
    result = sweep(Grid.of({"learning_rate": [0.1, 1e200]}), BASE.model_copy(update={"l2": 1.0}), prepare)
    assert result.n_diverged == 1
    assert result.chosen.values == {"learning_rate": 0.1}
    assert result.trials[1].folds[0].epochs == 1


def test_all_diverged_is_an_error():
    with pytest.raises(DivergenceError, match="all 2 models"):
        sweep(Grid.of({"learning_rate": [1e200, 1e201]}), BASE.model_copy(update={"l2": 1.0}), prepare)


def test_listener_hears_of_passes_and_epochs():
    class Heard(Listener):
        def __init__(self):
            self.events = []

        def on_pass_begin(self, number, models, epochs):
            self.events.append((number, models, epochs))

        def on_pass_epoch_end(self, epoch, running):
            self.events.append((epoch, running))

        def on_passes_end(self):
            self.events.append("end")

    heard = Heard()
    sweep(Grid.of({"max_epochs": [1, 2]}), BASE, prepare, listeners=[heard])
    assert heard.events == [(1, 2, 2), (0, 1), (1, 0), "end"]


class PressIn(Listener):
    """Presses Ctrl-C at the end of the first epoch of a pass."""

    def __init__(self, number: int, times: int = 1) -> None:
        self.number, self.times, self.pass_, self.ends = number, times, 0, 0

    def on_pass_begin(self, number, models, epochs):
        self.pass_ = number

    def on_pass_epoch_end(self, epoch, running):
        for _ in range(self.times if (self.pass_, epoch) == (self.number, 0) else 0):
            signal.raise_signal(signal.SIGINT)

    def on_passes_end(self):
        self.ends += 1


def test_ctrl_c_keeps_whole_passes_and_the_begun_one():
    grid = Grid.of({"loss": ["softmax", "hinge", "sigmoid"], "l2": [0.0, 0.1]})
    whole, result = sweep(grid, BASE, prepare), sweep(grid, BASE, prepare, listeners=[PressIn(2)])
    assert result.trials[:2] == whole.trials[:2]
    assert [trial.values for trial in result.trials] == grid.values()[:4]
    assert [(trial.status, trial.epochs) for trial in result.trials[2:]] == [("interrupted", 1)] * 2
    for trial, parameters in zip(result.trials[2:], grid.trials(BASE)[2:4], strict=True):
        history = alone(prepare(parameters, None).problem, parameters)
        assert trial.validation_loss == pytest.approx(history["validation_loss"][0])
    assert (result.n_planned, result.n_tried, result.n_finished, result.passes) == (6, 4, 2, 2)


def test_of_an_interrupted_sweep_nothing_is_chosen():
    result = sweep(Grid.of({"l2": [0.0, 0.1]}), BASE, prepare, listeners=[PressIn(1)])
    assert (result.interrupted, result.chosen, result.one_se) == (True, None, None)
    assert not sweep(Grid.of({"l2": [0.0, 0.1]}), BASE, prepare).interrupted


def test_ctrl_c_keeps_the_folds_that_were_begun():
    grid = Grid.of({"l2": [0.0, 5.0]})
    whole, result = (sweep(grid, BASE, prepare, folds=FOLDS, listeners=one) for one in ((), [PressIn(3)]))
    for trial, other in zip(result.trials, whole.trials, strict=True):
        assert trial.status == "interrupted"
        assert trial.folds[:2] == other.folds[:2]
        assert [fold.status for fold in trial.folds] == ["finished", "finished", "interrupted"]
        assert trial.validation_accuracy == pytest.approx(np.mean([fold.accuracy for fold in trial.folds]))
    assert (result.n_finished, result.n_models, result.passes) == (0, 6, 3)


def test_trials_that_lack_folds_are_interrupted(monkeypatch):
    """Of eight models in passes of seven, one trial has its last fold in the pass that never came."""
    monkeypatch.setattr("onelayer.selection.sweeping.MOST_BYTES", 7 * K * (D + 1) * 8)
    base = BASE.model_copy(update={"max_epochs": 1})
    grid, options = Grid.of({"l2": [0.0, 5.0]}), {"folds": FOLDS, "folds_in_one_pass": True}
    result = sweep(grid, base, prepare_whole, listeners=[PressIn(1)], **options)
    assert [(trial.status, len(trial.folds)) for trial in result.trials] == [("finished", 4), ("interrupted", 3)]


def test_second_ctrl_c_is_not_caught():
    pressing = PressIn(1, times=2)
    with pytest.raises(KeyboardInterrupt):
        sweep(Grid.of({"l2": [0.0, 0.1]}), BASE, prepare, listeners=[pressing])
    assert pressing.ends == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_a_seed_there_is_no_sweep():
    with pytest.raises(ConfigError, match="needs a seed"):
        sweep(Grid.of({"l2": [0.0, 1.0]}), BASE.model_copy(update={"random_state": None}), prepare)


def test_without_rows_to_validate_on_there_is_no_sweep():
    with pytest.raises(ConfigError, match="rows to validate on"):
        sweep(Grid.of({"l2": [0.0, 1.0]}), BASE, prepare_whole)
