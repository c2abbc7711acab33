from __future__ import annotations

import json
import signal
from dataclasses import replace

import numpy as np
import pytest

from onelayer import OneLayerClassifier, load_model
from onelayer.errors import ConfigError, DivergenceError, RunDirectoryError
from onelayer.experiment import evaluate_model, resume_run, run_experiment
from onelayer.experiment import sweep as sweep_module
from onelayer.experiment.comparison import compare_runs
from onelayer.experiment.config import ExperimentConfig, SweepConfig
from onelayer.experiment.data import load_parts
from onelayer.experiment.report import report_run
from onelayer.experiment.sweep import run_sweep
from onelayer.storage.run_directory import RunDirectory
from onelayer.training.listeners import Listener

SETTINGS = {"scaling": "unit", "learning_rate": 0.5, "max_epochs": 4}
GRID = ["l2=1e-4:1:log:3", "learning_rate=0.05,0.5"]


def config(**keys) -> SweepConfig:
    return SweepConfig.check({"dataset": "digits", "grid": GRID, **SETTINGS, **keys})


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    out = tmp_path_factory.mktemp("sweep") / "run"
    return run_sweep(config(), out), RunDirectory.open(out)


@pytest.fixture
def no_report(monkeypatch):
    """Drawing takes most of the time of a run so small."""
    monkeypatch.setattr("onelayer.experiment.run.report_run", lambda run: None)


@pytest.fixture(scope="module")
def trained(swept, tmp_path_factory):
    """What ``train`` gives with the chosen values."""
    out = tmp_path_factory.mktemp("train") / "run"
    chosen = ExperimentConfig.check({"dataset": "digits", **SETTINGS, **swept[0]["sweep"]["chosen"]["values"]})
    return run_experiment(chosen, out), RunDirectory.open(out)


def test_final_model_is_what_train_gives_with_the_chosen_values(swept, trained):
    for name in ("weights", "intercepts"):
        parts = [getattr(load_model(run.model_path).classifier.parameters_, name) for _, run in (swept, trained)]
        assert np.array_equal(*parts)


def test_curve_of_the_chosen_is_that_of_training_it_alone(swept, trained):
    table, history = swept[1].read_sweep(), trained[1].read_history()
    curve = table["curves"][[trial["values"] for trial in table["trials"]].index(table["chosen"]["values"])]
    assert curve["epochs"] == [1, 2, 3, 4]
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(curve[name], history[f"validation_{name}"], rtol=1e-5)


def test_metrics_have_the_keys_of_a_train_run_and_sweep(swept, trained):
    assert set(swept[0]) == {*trained[0], "sweep"}
    assert swept[0]["test"] == trained[0]["test"]
    assert swept[1].read_metrics()["sweep"]["n_tried"] == 6


def test_directory_has_the_files_of_a_train_run_and_sweep_json(swept, trained):
    names = [{path.name for path in run.path.iterdir()} for _, run in (swept, trained)]
    assert names[0] == names[1] | {"sweep.json"}
    figures = {path.name for path in swept[1].figures_path.iterdir()}
    assert {"sweep-heat-map.png", "sweep-accuracy-l2.svg", "sweep-loss-learning_rate.png"} <= figures


def test_chosen_trial_is_the_best_of_all(swept):
    table = json.loads(swept[1].sweep_path.read_text())
    accuracies = [trial["validation_accuracy"] for trial in table["trials"]]
    assert table["chosen"]["validation_accuracy"] == max(accuracies) == swept[0]["validation"]["accuracy"]
    assert len(accuracies) == table["n_tried"] == 6


def test_config_has_the_grid_and_makes_the_same_sweep_again(swept):
    settings = swept[1].read_config()
    assert settings["grid"] == GRID
    assert settings["learning_rate"] == 0.5
    assert SweepConfig.check(settings) == config()


def test_report_shows_the_sweep_and_can_be_written_anew(swept):
    before = swept[1].report_path.read_text()
    assert "6 combinations were tried" in before
    report_run(swept[1])
    assert swept[1].report_path.read_text() == before


def test_swept_model_is_evaluated_like_any(swept):
    assert evaluate_model(swept[1].path, "digits")["test"] == swept[0]["test"]


def test_test_part_has_no_part_in_the_choice(swept, monkeypatch, tmp_path, no_report):
    def upside_down(*arguments, **options):
        splits = load_parts(*arguments, **options)
        return splits._replace(test=replace(splits.test, y=splits.test.y[::-1].copy()))

    monkeypatch.setattr(sweep_module, "load_parts", upside_down)
    other = run_sweep(config(), tmp_path / "run")
    assert other["test"] != swept[0]["test"]
    for key in ("chosen", "one_se"):
        assert other["sweep"][key] == swept[0]["sweep"][key]


def test_folds_are_of_the_training_part(tmp_path, no_report):
    metrics = run_sweep(config(folds=3, grid=["l2=1e-4,0.1"]), tmp_path / "run")
    figures = metrics["sweep"]["chosen"]["folds"]
    assert sum(fold["n"] for fold in figures) == metrics["train"]["n"]
    assert (metrics["sweep"]["n_folds"], metrics["sweep"]["passes"]) == (3, 3)


def test_folds_in_one_pass(tmp_path, no_report):
    keys = {"folds": 3, "folds_in_one_pass": True, "grid": ["l2=1e-4,0.1"]}
    assert run_sweep(config(**keys), tmp_path / "run")["sweep"]["passes"] == 1


def test_random_state_in_the_grid_leaves_the_parts_alone(tmp_path, no_report):
    metrics = run_sweep(config(grid=["random_state=1,2,3"], init="normal"), tmp_path / "run")
    parts = load_parts(config(), None)
    chosen = metrics["sweep"]["chosen"]["values"]
    clf = OneLayerClassifier(**(config(init="normal").training | chosen))
    clf.fit(parts.train.X, parts.train.y, X_val=parts.validation.X, y_val=parts.validation.y)
    assert metrics["test"]["accuracy"] == clf.score(parts.test.X, parts.test.y)


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        ({"validate_on": "test"}, ConfigError, "would choose on the test part"),
        ({"grid": ["l3=1,2"]}, ConfigError, "'l3'"),
        ({"folds_in_one_pass": True}, ConfigError, "needs folds"),
        ({"folds": 3, "folds_in_one_pass": True, "scaling": "standardize"}, ConfigError, "held-out rows"),
        ({"grid": ["learning_rate=1e30,1e31"], "l2": 1.0}, DivergenceError, "all 2 models"),
    ],
)
def test_what_fails_before_training_leaves_nothing_behind(keys, error, message, tmp_path):
    with pytest.raises(error, match=message):
        run_sweep(config(**keys), tmp_path / "runs" / "new")
    assert list(tmp_path.iterdir()) == []


class Press(Listener):
    """Presses Ctrl-C at the end of the first epoch of the second pass."""

    def on_pass_begin(self, number, models, epochs):
        self.number = number

    def on_pass_epoch_end(self, epoch, running):
        if (self.number, epoch) == (2, 0):
            signal.raise_signal(signal.SIGINT)


INTERRUPTED = {"grid": ["batch_size=64,128,256", "l2=1e-4,0.1"]}


@pytest.fixture
def interrupted(tmp_path):
    metrics = run_sweep(config(**INTERRUPTED), tmp_path / "run", listeners=[Press()])
    return metrics, RunDirectory.open(tmp_path / "run")


def test_interrupted_sweep_keeps_its_trials(interrupted):
    table = interrupted[1].read_sweep()
    assert [(trial["values"]["batch_size"], trial["status"], trial["epochs"]) for trial in table["trials"]] == [
        *[(64, "finished", 4)] * 2,
        *[(128, "interrupted", 1)] * 2,
    ]
    assert (table["n_planned"], table["n_finished"], table["chosen"]) == (6, 2, None)


def test_interrupted_sweep_has_no_model_and_no_figures_of_any_part(interrupted):
    metrics, run = interrupted
    assert metrics == run.read_metrics()
    assert metrics["interrupted"] is metrics["sweep"]["interrupted"] is True
    assert not {"train", "validation", "test", "evaluation"} & set(metrics)
    names = {path.name for path in run.path.iterdir()}
    assert names == {"config.toml", "metrics.json", "sweep.json", "environment.json", "report.html"}


def test_config_of_an_interrupted_sweep_makes_it_whole(interrupted, no_report):
    run = interrupted[1]
    metrics = run_sweep(SweepConfig.check(run.read_config()), run.path, overwrite=True)
    assert (metrics["interrupted"], metrics["sweep"]["n_finished"]) == (False, 6)


def test_report_of_an_interrupted_sweep_can_be_written_anew(interrupted):
    run = interrupted[1]
    before = run.report_path.read_text()
    assert "of 6 combinations 2 were trained to their end, 2 in part and 2 not at all" in before
    assert "<code>onelayer sweep digits --grid " in before
    report_run(run)
    assert run.report_path.read_text() == before


def test_interrupted_sweep_is_not_compared(interrupted, swept, tmp_path):
    with pytest.raises(RunDirectoryError, match="a sweep that was interrupted: it has no model"):
        compare_runs([swept[1], interrupted[1]], tmp_path / "comparison.html")


def test_interrupted_sweep_takes_the_place_of_an_earlier_run(tmp_path, no_report):
    run_experiment(ExperimentConfig.check({"dataset": "digits", **SETTINGS}), tmp_path / "run")
    run_sweep(config(**INTERRUPTED), tmp_path / "run", listeners=[Press()], overwrite=True)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert RunDirectory.open(tmp_path / "run").read_config()["grid"] == INTERRUPTED["grid"]


def test_whole_sweep_is_kept_whatever_happens_to_the_final_model(tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep_module, "train_and_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(config(), tmp_path / "run")
    table = RunDirectory.open(tmp_path / "run").read_sweep()
    assert (table["n_finished"], table["interrupted"]) == (6, False)
    assert table["chosen"] in table["trials"]


def test_sweep_that_is_broken_off_leaves_nothing_behind(tmp_path):
    class Impatient(Listener):
        def on_pass_epoch_end(self, epoch, running):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(config(), tmp_path / "run", listeners=[Impatient()])
    assert list(tmp_path.iterdir()) == []


def test_failed_sweep_leaves_an_earlier_run_as_it_was(tmp_path, no_report):
    run_sweep(config(grid=["l2=0.1,0.2"]), tmp_path / "run")
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    with pytest.raises(DivergenceError):
        run_sweep(config(grid=["learning_rate=1e30,1e31"], l2=1.0), tmp_path / "run", overwrite=True)
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_train_in_place_of_a_sweep_leaves_nothing_of_it(tmp_path, no_report):
    run_sweep(config(grid=["l2=0.1,0.2"]), tmp_path / "run")
    run_experiment(ExperimentConfig.check({"dataset": "digits", **SETTINGS}), tmp_path / "run", overwrite=True)
    assert not (tmp_path / "run" / "sweep.json").exists()


def test_sweep_is_not_resumed(swept):
    with pytest.raises(ConfigError, match="is a sweep, which can't be resumed"):
        resume_run(swept[1].path)


def test_damaged_sweep_json_is_one_line(tmp_path, no_report):
    out = tmp_path / "run"
    run_sweep(config(grid=["l2=0.1,0.2"]), out)
    table = json.loads((out / "sweep.json").read_text())
    (out / "sweep.json").write_text(json.dumps(table | {"trials": 3}))
    with pytest.raises(RunDirectoryError, match="sweep: trials"):
        report_run(RunDirectory.open(out))
