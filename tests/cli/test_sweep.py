from __future__ import annotations

import json

import pytest

from onelayer.cli import main


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
