"""A checkpoint holds all of the state: going on from it is bit by bit as if training had never stopped."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from onelayer.storage.checkpoints import load_checkpoint, save_checkpoint
from onelayer.training import TrainingParameters, TrainingState, train
from onelayer.training.listeners import Listener

BASE = {"batch_size": 5, "max_epochs": 6, "learning_rate": 0.5, "decay_epochs": 2, "flip_probability": 0.3}
VARIANTS = [
    {"schedule": schedule, "shuffle": shuffle, "flip_mode": flip_mode, "dtype": dtype}
    for schedule, shuffle, flip_mode, dtype in product(
        ("constant", "step", "exponential", "cosine"),
        ("pcg64", "numpy-legacy"),
        ("independent", "accumulating"),
        ("float32", "float64"),
    )
]
OTHERS = [
    {"momentum": 0.0},
    {"keep": "last"},
    {"shuffle": False},
    {"warmup_epochs": 4},
    {"validations_per_epoch": 2},
    {"early_stopping": True, "patience": 3, "learning_rate": 20.0, "max_epochs": 40},
]


def its(state):
    """The parameters of training and of the model that a state has."""
    return state.monitor.parameters, state.solver.parameters


def ids(variant):
    return "-".join(str(value) for value in variant.values())


class CheckpointAt(Listener):
    def __init__(self, path, epoch):
        self.path, self.epoch = path, epoch

    def on_epoch_end(self, state):
        if state.epoch == self.epoch:
            save_checkpoint(self.path, *state.to_checkpoint())
        return False


def assert_same_state(one, other):
    for name, array in one.to_checkpoint()[0].items():
        np.testing.assert_array_equal(other.to_checkpoint()[0][name], array, err_msg=name, strict=True)
    assert one.to_checkpoint()[1] == other.to_checkpoint()[1]
    assert (one.status, one.stopped_epoch) == (other.status, other.stopped_epoch)
    np.testing.assert_array_equal(one.kept.weights, other.kept.weights, strict=True)


@pytest.mark.parametrize("variant", VARIANTS + OTHERS, ids=ids)
def test_going_on_from_a_checkpoint_equals_never_stopping(variant, tmp_path, make_problem, make_start):
    parameters = TrainingParameters(**{**BASE, "momentum": 0.9, **variant})
    dtype = np.dtype(variant.get("dtype", "float64"))
    path = tmp_path / "checkpoint.safetensors"
    whole = train(make_problem(dtype), parameters, 3, make_start(dtype), [CheckpointAt(path, 3)])
    resumed = TrainingState.from_checkpoint(*load_checkpoint(path), parameters, make_start(dtype))
    assert resumed.epoch == 3
    assert_same_state(train(make_problem(dtype), parameters, 3, resumed), whole)
    assert whole.solver.parameters.weights.dtype == dtype


@pytest.mark.parametrize("epoch", [1, 5, 6])
def test_any_epoch_will_do(epoch, tmp_path, make_problem, make_start):
    parameters = TrainingParameters(**BASE, momentum=0.9)
    path = tmp_path / "checkpoint.safetensors"
    whole = train(make_problem(), parameters, 3, make_start(), [CheckpointAt(path, epoch)])
    resumed = TrainingState.from_checkpoint(*load_checkpoint(path), parameters, make_start())
    assert_same_state(train(make_problem(), parameters, 3, resumed), whole)


@pytest.fixture
def trained(make_problem, make_start):
    parameters = TrainingParameters(**BASE, momentum=0.9)
    return train(make_problem(), parameters, 3, make_start())


@pytest.mark.parametrize(
    "missing",
    ["parameters.weights", "parameters.intercepts", "velocity.intercepts", "best.intercepts"],
)
def test_missing_array_is_an_error(trained, missing):
    arrays, values = trained.to_checkpoint()
    del arrays[missing]
    with pytest.raises(KeyError, match=missing):
        TrainingState.from_checkpoint(arrays, values, *its(trained))


@pytest.mark.parametrize("missing", ["epoch", "step", "monitor_best", "since_best"])
def test_missing_value_is_an_error(trained, missing):
    arrays, values = trained.to_checkpoint()
    del values[missing]
    with pytest.raises(KeyError, match=missing):
        TrainingState.from_checkpoint(arrays, values, *its(trained))


@pytest.mark.parametrize("odd", [np.zeros((3, 5)), np.zeros((3, 6), np.float32)], ids=["shape", "type"])
@pytest.mark.parametrize("name", ["velocity", "best"])
def test_arrays_that_do_not_fit_are_an_error(trained, name, odd):
    arrays, values = trained.to_checkpoint()
    arrays[f"{name}.weights"] = odd
    with pytest.raises(ValueError, match=f"{name}, which is not of the parameters' shape and type"):
        TrainingState.from_checkpoint(arrays, values, *its(trained))


@pytest.mark.parametrize("name", ["history.step", "history.batch_loss", "history.validation_loss"])
@pytest.mark.parametrize("odd", [np.zeros(1), np.zeros((2, 2)), np.zeros(())], ids=["length", "axes", "no axis"])
def test_histories_of_odd_columns_are_an_error(trained, name, odd):
    arrays, values = trained.to_checkpoint()
    with pytest.raises(ValueError, match="its history has no columns of one length"):
        TrainingState.from_checkpoint(
            arrays | {name: odd}, values, trained.monitor.parameters, trained.solver.parameters
        )


@pytest.mark.parametrize("name", ["epoch", "step", "since_best"])
@pytest.mark.parametrize("odd", [-1, 10**30, 1.5, float("inf"), None, "3", []])
def test_counts_that_are_none_are_an_error(trained, name, odd):
    arrays, values = trained.to_checkpoint()
    with pytest.raises(ValueError, match=f"{name}=.* is no count"):
        TrainingState.from_checkpoint(
            arrays, values | {name: odd}, trained.monitor.parameters, trained.solver.parameters
        )


def test_continued_state_leaves_the_old_one_alone(trained, make_problem):
    before = [part.copy() for part in (*trained.kept, *trained.solver.velocity)]
    goes_on = trained.continued(TrainingParameters(**BASE, momentum=0.9))
    train(make_problem(validated=False), goes_on.monitor.parameters, 3, goes_on, until_epoch=8)
    for part, earlier in zip((*trained.kept, *trained.solver.velocity), before, strict=True):
        np.testing.assert_array_equal(part, earlier)
    assert (trained.epoch, goes_on.epoch) == (6, 8)


def test_continued_state_begins_with_the_kept_weights(trained):
    goes_on = trained.continued(trained.monitor.parameters)
    np.testing.assert_array_equal(goes_on.kept.weights, trained.best.weights)
    assert goes_on.best is None
