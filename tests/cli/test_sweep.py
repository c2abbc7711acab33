from __future__ import annotations

import json
import signal

import pytest

from onelayer.cli import main
from onelayer.training.listeners import Listener


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    """Drawing takes most of the time of a run so small."""
    monkeypatch.setattr("onelayer.experiment.run.report_run", lambda run: None)


BASE = ["sweep", "digits", "--set", "max_epochs=3", "--set", "scaling=unit"]
GRID = ["--grid", "l2=1e-4:1:log:3", "--grid", "learning_rate=0.05,0.5"]


def test_json_is_the_metrics(tmp_path, capsys):
    out = tmp_path / "run"
    assert main([*BASE, *GRID, "--out", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == json.loads((out / "metrics.json").read_text())
    assert shown["sweep"]["n_tried"] == 6
    assert {"train", "validation", "test", "run_dir"} <= set(shown)


def test_text_says_what_was_tried_and_chosen(tmp_path, capsys):
    assert main([*BASE, *GRID, "--folds", "3", "--out", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    assert "digits: 6 tried on 3 folds in 3 passes" in shown
    chosen = json.loads((tmp_path / "run" / "metrics.json").read_text())["sweep"]["chosen"]
    assert f"l2 = {chosen['values']['l2']:.4g}" in shown
    assert f"{chosen['validation_accuracy']:.2%}" in shown


def test_config_of_a_sweep_makes_the_same_one(tmp_path, capsys):
    assert main([*BASE, *GRID, "--out", str(tmp_path / "one")]) == 0
    assert main(["sweep", "--config", str(tmp_path / "one" / "config.toml"), "--out", str(tmp_path / "two")]) == 0
    one, two = (json.loads((tmp_path / name / "sweep.json").read_text()) for name in ("one", "two"))
    assert one["trials"] == two["trials"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "a sweep needs a grid, for example --grid l2=1e-4:1:log:9"),
        (["--grid", "l2"], "write name=lo:hi:log:count"),
        (["--grid", "lerning_rate=0.1,0.2"], "did you mean 'learning_rate'"),
        (["--grid", "dataset=mnist"], "'dataset' is none"),
        (["--grid", "l2=0,1", "--folds", "1"], "folds=1: input should be greater than or equal to 2"),
        (["--grid", "l2=0,1", "--set", "batch_size=0"], "batch_size=0"),
        (["--grid", "l2=0,1", "--set", "validate_on=test"], "would choose on the test part"),
        (["--grid", "l2=0,1", "--folds", "3", "--folds-in-one-pass", "--set", "scaling=standardize"], "held-out rows"),
        (["--grid", "l2=0,1", "--folds", "999"], "use fewer folds"),
    ],
)
def test_bad_usage_is_two_lines_at_most_and_exit_code_2(arguments, message, tmp_path, capsys):
    assert main(["sweep", "digits", "--out", str(tmp_path / "run"), *arguments]) == 2
    complaint = capsys.readouterr().err
    assert message in complaint
    assert len(complaint.splitlines()) <= 2
    assert not (tmp_path / "run").exists()


def test_all_diverged_is_exit_code_1(tmp_path, capsys):
    grid = ["--grid", "learning_rate=1e30,1e31", "--set", "l2=1.0"]
    assert main([*BASE, *grid, "--out", str(tmp_path / "run")]) == 1
    assert "all 2 models of the sweep diverged" in capsys.readouterr().err


@pytest.fixture
def ctrl_c(monkeypatch):
    """Press Ctrl-C in the first epoch of the sweep."""

    class Press(Listener):
        def on_pass_epoch_end(self, epoch, running):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("onelayer.selection.SweepProgress", Press)


def test_interrupted_sweep_says_what_is_kept_and_what_to_do(tmp_path, capsys, ctrl_c):
    out = tmp_path / "run"
    grid = ["--grid", "batch_size=64,128", "--grid", "l2=1e-4,0.1"]
    assert main([*BASE, *grid, "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.err == (
        f"interrupted: 0 of 4 trials were finished, 2 more in part; they are in {out}, "
        "and nothing was chosen or tested\n"
        f"onelayer sweep --config {out}/config.toml runs all of it again\n"
    )
    assert said.out.startswith("digits: 2 tried in 1 pass and ")
    assert said.out.endswith(f"Run directory: {out} (open report.html there)\n")
    assert len(said.out.splitlines()) == 2


def test_json_of_an_interrupted_sweep_is_its_metrics(tmp_path, capsys, ctrl_c):
    assert main([*BASE, *GRID, "--out", str(tmp_path / "run"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (shown["interrupted"], shown["sweep"]["n_planned"], shown["sweep"]["chosen"]) == (True, 6, None)


def test_report_of_an_interrupted_sweep_is_written_anew(tmp_path, capsys, ctrl_c):
    main([*BASE, *GRID, "--out", str(tmp_path / "run")])
    (tmp_path / "run" / "report.html").unlink()
    assert main(["report", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("arguments", [["evaluate", "run", "digits"], ["train", "--resume", "run"]])
def test_interrupted_sweep_has_no_model_to_use(arguments, tmp_path, capsys, ctrl_c, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main([*BASE, *GRID, "--out", "run"])
    capsys.readouterr()
    assert main(arguments) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: run is ")
    assert len(complaint.splitlines()) == 1


def test_interrupted_final_training_says_that_the_sweep_is_whole(tmp_path, capsys, monkeypatch):
    class Press(Listener):
        def on_epoch_begin(self, state):
            if state.epoch == 1:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("onelayer.training.progress.Progress", Press)
    out = tmp_path / "run"
    assert main([*BASE, *GRID, "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    assert "interrupted: the sweep is whole; the final model holds what was learned until then\n" in said.err
    shown = json.loads(said.out)
    assert (shown["interrupted"], shown["sweep"]["interrupted"], shown["epochs"]) == (True, False, 1)
