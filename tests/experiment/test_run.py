"""Experiments in this process: stopped in every way, they go on to the same bytes; the published run comes out."""

from __future__ import annotations

import functools
import json
import signal

import numpy as np
import pytest

from onelayer.errors import DivergenceError, InputError, ModelFileError, RunDirectoryError
from onelayer.experiment import ExperimentConfig, evaluate_model, resume_run, run_experiment
from onelayer.experiment.config import RECIPES
from onelayer.models.linear import Linear
from onelayer.storage.tensors import read_tensors, write_tensors
from onelayer.training.listeners import Listener

# Everything that has a state: velocity, flips that accumulate, the best of several validations an epoch.
CONFIG = ExperimentConfig.check(
    RECIPES["digits"]
    | {"max_epochs": 12, "flip_probability": 0.1, "flip_mode": "accumulating", "validations_per_epoch": 2}
    | {"schedule": "cosine", "init": "normal"}
)


@pytest.fixture(autouse=True)
def _frequent_checkpoints_and_no_report(monkeypatch):
    import onelayer.experiment.run as module

    monkeypatch.setattr(module, "Checkpointing", functools.partial(module.Checkpointing, seconds=0.0))
    monkeypatch.setattr(module, "report_run", lambda run: None)


class KilledError(Exception):
    """What a listener raises in place of a signal that can't be caught."""


class At(Listener):
    """Does something when this many epochs are done."""

    def __init__(self, epoch, action):
        self.epoch, self.action = epoch, action

    def on_epoch_begin(self, state):
        if state.epoch == self.epoch:
            self.action()


def killed():
    raise KilledError


def result(run):
    return {name: (run / name).read_bytes() for name in ("model.safetensors", "history.jsonl", "config.toml")}


def figures(metrics):
    return {key: value for key, value in metrics.items() if key not in ("seconds", "run_dir")}


@pytest.fixture
def whole(tmp_path):
    """A run that nothing happened to: its figures and its bytes."""
    metrics = run_experiment(CONFIG, tmp_path / "whole")
    return figures(metrics), result(tmp_path / "whole")


@pytest.mark.parametrize("epoch", [0, 1, 5, 11])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(tmp_path, whole, epoch):
    with pytest.raises(KilledError):
        run_experiment(CONFIG, tmp_path / "run", listeners=[At(epoch, killed)])
    assert (tmp_path / "run" / "checkpoint.safetensors").exists() == (epoch > 0)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert figures(resume_run(tmp_path / "run")) == whole[0]
    assert result(tmp_path / "run") == whole[1]
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_a_run_that_was_killed_often_goes_on_to_the_same_bytes(tmp_path, whole):
    with pytest.raises(KilledError):
        run_experiment(CONFIG, tmp_path / "run", listeners=[At(2, killed)])
    for epoch in (3, 7, 8):
        with pytest.raises(KilledError):
            resume_run(tmp_path / "run", listeners=[At(epoch, killed)])
    resume_run(tmp_path / "run")
    assert result(tmp_path / "run") == whole[1]


def test_early_stopping_is_resumed_too(tmp_path):
    config = CONFIG.model_copy(update={"early_stopping": True, "patience": 3, "max_epochs": 400})
    expected = figures(run_experiment(config, tmp_path / "whole"))
    assert expected["stopped_epoch"] is not None
    last = expected["stopped_epoch"] - 1
    with pytest.raises(KilledError):
        run_experiment(config, tmp_path / "run", listeners=[At(last, killed)])
    assert figures(resume_run(tmp_path / "run")) == expected
    assert result(tmp_path / "run") == result(tmp_path / "whole")


def test_a_run_that_was_killed_while_it_was_written_is_written_again(tmp_path, whole, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("onelayer.experiment.run.report_run", lambda run: killed())
        with pytest.raises(KilledError):
            run_experiment(CONFIG, tmp_path / "run")
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()
    assert figures(resume_run(tmp_path / "run")) == whole[0]
    assert result(tmp_path / "run") == whole[1]


@pytest.mark.parametrize("epoch", [0, 4])
def test_ctrl_c_writes_the_run_and_keeps_the_checkpoint(tmp_path, whole, epoch):
    interrupt = At(epoch, lambda: signal.raise_signal(signal.SIGINT))
    metrics = run_experiment(CONFIG, tmp_path / "run", listeners=[interrupt])
    assert metrics["interrupted"] is True
    assert metrics["epochs"] == epoch
    assert (tmp_path / "run" / "model.safetensors").exists()
    assert (tmp_path / "run" / "checkpoint.safetensors").exists() == (epoch > 0)
    assert figures(resume_run(tmp_path / "run")) == whole[0]
    assert result(tmp_path / "run") == whole[1]


def test_divergence_keeps_the_configuration(tmp_path):
    with pytest.raises(DivergenceError, match=r"step \d+ \(learning rate 9\.\d+e\+08\)"):
        run_experiment(CONFIG.model_copy(update={"learning_rate": 1e9}), tmp_path / "run")
    assert (tmp_path / "run" / "config.toml").exists()
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_what_is_wrong_before_training_leaves_an_earlier_run(tmp_path, whole):
    with pytest.raises(InputError):
        run_experiment(CONFIG.model_copy(update={"loss": "logistic"}), tmp_path / "whole", overwrite=True)
    assert result(tmp_path / "whole") == whole[1]


def test_what_is_wrong_before_training_leaves_an_empty_folder_empty(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(InputError):
        run_experiment(CONFIG.model_copy(update={"loss": "logistic"}), tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_the_configuration_is_there_before_the_data_is_read(tmp_path, monkeypatch):
    def load_parts(*args, **kwargs):
        assert (tmp_path / "run" / "config.toml").exists()
        raise KilledError

    monkeypatch.setattr("onelayer.experiment.run.load_parts", load_parts)
    with pytest.raises(KilledError):
        run_experiment(CONFIG, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_overwritten_run_leaves_no_checkpoint_of_its_own(tmp_path, whole):
    with pytest.raises(KilledError):
        run_experiment(CONFIG, tmp_path / "run", listeners=[At(5, killed)])
    other = CONFIG.model_copy(update={"learning_rate": 0.01})
    with pytest.raises(KilledError):
        run_experiment(other, tmp_path / "run", overwrite=True, listeners=[At(0, killed)])
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_a_run_of_other_data_is_not_resumed(tmp_path):
    with pytest.raises(KilledError):
        run_experiment(CONFIG, tmp_path / "run", listeners=[At(5, killed)])
    path = tmp_path / "run" / "config.toml"
    path.write_text(path.read_text().replace("random_state = 0", "random_state = 1"))
    with pytest.raises(ModelFileError, match="the checkpoint belongs to other training data"):
        resume_run(tmp_path / "run")


def test_no_run_is_not_resumed(tmp_path):
    with pytest.raises(RunDirectoryError, match="it lacks config"):
        resume_run(tmp_path)


@pytest.mark.slow
def test_a_damaged_checkpoint_is_refused_or_goes_on(tmp_path):
    with pytest.raises(KilledError):
        run_experiment(CONFIG, tmp_path / "run", listeners=[At(9, killed)])
    path = tmp_path / "run" / "checkpoint.safetensors"
    arrays, metadata = read_tensors(path)
    state = json.loads(metadata["state"])
    refused = 0
    for name, array in arrays.items():
        for odd in (None, array[:0], array[np.newaxis], array.astype(np.int64), np.full_like(array, 2**40)):
            parts = {key: value for key, value in arrays.items() if key != name} | ({} if odd is None else {name: odd})
            refused += is_refused(path, parts, metadata)
    for key in state:
        for odd in (None, -1, 10**30, "x", [], {}, "0x1p9999"):
            refused += is_refused(path, arrays, metadata | {"state": json.dumps(state | {key: odd})})
    assert refused > 60


def is_refused(path, arrays, metadata):
    """Whether a run with this checkpoint is refused; or else goes on, or diverges."""
    write_tensors(path, arrays, metadata)
    try:
        resume_run(path.parent)
    except ModelFileError:
        return True
    except DivergenceError:
        return False
    return False


# TDT4265, assignment 1: digits 2 against 3 of the first 20,000 of MNIST, validated on its test part.
TDT4265 = {
    "dataset": "mnist",
    "classes": [3, 2],
    "train_rows": 20_000,
    "validate_on": "test",
    "loss": "logistic",
    "scaling": "symmetric",
    "learning_rate": 0.05,
    "batch_size": 128,
    "drop_last": True,
    "max_epochs": 500,
    "l2": 0.0,
    "validations_per_epoch": 5,
    "early_stopping": True,
    "keep": "last",
    "dtype": "float64",
}


@pytest.mark.parametrize(
    ("shuffle", "epoch", "train", "validation"),
    [
        (False, 33, (0.07088705555893647, 0.9757802746566792), (0.06577187753329566, 0.9794319294809011)),
        ("numpy-legacy", 16, (0.07924553698509086, 0.9735330836454432), (0.07166134981545137, 0.9764936336924583)),
    ],
)
def test_the_published_figures_of_tdt4265(tmp_path, data_dir, shuffle, epoch, train, validation):
    config = ExperimentConfig.check(TDT4265 | {"shuffle": shuffle})
    found = run_experiment(config, tmp_path / "run", data_dir=data_dir)
    assert found["stopped_epoch"] == epoch
    assert (found["train"]["n"], found["validation"]["n"]) == (4005, 2042)
    for part, (loss, accuracy) in {"train": train, "validation": validation}.items():
        assert found[part]["loss"] == pytest.approx(loss, abs=1e-9)
        assert found[part]["accuracy"] == accuracy


class Counter(Listener):
    """Counts the rows that are scored once training has ended."""

    def __init__(self, monkeypatch):
        self.rows = 0
        scores = Linear.scores

        def counted(model, parameters, X):
            self.rows += len(X)
            return scores(model, parameters, X)

        monkeypatch.setattr(Linear, "scores", counted)

    def on_train_end(self, state):
        self.rows = 0


@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_each_part_is_scored_once(tmp_path, monkeypatch, loss):
    counter = Counter(monkeypatch)
    metrics = run_experiment(ExperimentConfig(loss=loss, max_epochs=1), tmp_path / "run", listeners=[counter])
    assert counter.rows == sum(metrics[part]["n"] for part in ("train", "validation", "test"))


def test_an_evaluation_scores_its_part_once(tmp_path, monkeypatch):
    run_experiment(ExperimentConfig(max_epochs=1), tmp_path / "run")
    counter = Counter(monkeypatch)
    assert evaluate_model(tmp_path / "run", "digits")["test"]["n"] == counter.rows


def test_loss_and_log_loss_of_a_diverging_model_are_one(tmp_path):
    config = ExperimentConfig(learning_rate=1e4, scaling="unit", max_epochs=2)
    metrics = run_experiment(config, tmp_path / "run")
    assert metrics["test"]["loss"] > 50
    assert metrics["evaluation"]["log_loss"] == metrics["test"]["loss"]
