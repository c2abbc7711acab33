"""The report of a run directory that someone else may have made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from onelayer.cli import main
from onelayer.experiment import run_experiment
from onelayer.experiment.command import repeat_command
from onelayer.experiment.config import ExperimentConfig, SweepConfig
from onelayer.experiment.report import read_report_data
from onelayer.storage.run_directory import RunDirectory
from onelayer.storage.tensors import read_tensors, write_tensors


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "run"
    run_experiment(ExperimentConfig(max_epochs=2, n_jobs=1), path)
    return path


@pytest.fixture
def run(finished, tmp_path):
    return RunDirectory(shutil.copytree(finished, tmp_path / "run"))


OLD = Path(__file__).with_name("old_run")  # a sweep as version 0.1.0 wrote it, on the digits 3, 5 and 8


def test_a_run_of_an_earlier_version_is_read(tmp_path):
    data = read_report_data(RunDirectory(shutil.copytree(OLD, tmp_path / "run")))
    assert data.figures.test.accuracy == pytest.approx(103 / 108)
    np.testing.assert_array_equal(np.asarray(data.confusion).sum(axis=1), [37, 36, 35])
    decisions = data.predictions.decisions
    assert decisions.correct.sum() == 103
    values = read_tensors(OLD / "predictions.safetensors")[0]["values"]
    np.testing.assert_array_equal(decisions.values[:, 0], values.max(axis=1))
    assert [trial.values for trial in data.sweep.trials] == [{"l2": 0.001}, {"l2": 0.1}]
    assert data.sweep.n_models == 4
    assert data.sweep.chosen in data.sweep.trials
    assert len(data.sweep.chosen.curve.epochs) == 2


def test_the_report_of_a_run_of_an_earlier_version_is_made(tmp_path):
    run = shutil.copytree(OLD, tmp_path / "run")
    assert main(["report", str(run)]) == 0
    assert "Test accuracy" in (run / "report.html").read_text("utf-8")


def complaint(capsys, *arguments):
    """Return what the command line says of a run that it refuses."""
    assert main(["report", *map(str, arguments)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_the_report_made_again_is_the_same(run):
    before = run.report_path.read_bytes()
    assert main(["report", str(run.path)]) == 0
    assert run.report_path.read_bytes() == before


@pytest.mark.parametrize("name", ["metrics.json", "history.jsonl", "model.safetensors", "environment.json"])
def test_a_run_that_lacks_a_file_is_refused(run, capsys, name):
    (run.path / name).unlink()
    assert f"it lacks {name}" in complaint(capsys, run.path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"evaluation": 5}, "metrics: evaluation: "),
        ({"class_names": "abc"}, "no list of class_names"),
        ({"class_names": ["a", "b"]}, "evaluation.confusion is not 2 rows"),
        ({"test": {"accuracy": "high"}}, "metrics: test."),
        ({"data": []}, "metrics: data"),
        ({"data": {"name": "x", "parts": {"test": {"fingerprint": "f", "class_counts": [1]}}}}, "class_counts"),
        ({"data": {"name": "x", "parts": {"<b>": {"fingerprint": "f", "class_counts": [1]}}}}, "metrics: data.parts"),
    ],
)
def test_wrong_metrics_are_refused_in_one_line(run, capsys, change, reason):
    run.write_metrics(run.read_metrics() | change)
    assert reason in complaint(capsys, run.path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0{}      "])
def test_damaged_predictions_are_refused_in_one_line(run, capsys, content):
    run.predictions_path.write_bytes(content)
    assert "predictions.safetensors" in complaint(capsys, run.path)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("labels", np.full(359, 77, np.int32), "labels are not all between"),
        ("best", np.zeros((359, 3), np.int32), "not those that the confusion matrix counts"),
        ("images", np.zeros((1, 8, 8, 1), np.uint8), "images are uint8"),
    ],
)
def test_predictions_that_do_not_fit_are_refused_in_one_line(run, capsys, name, value, reason):
    arrays, metadata = read_tensors(run.predictions_path)
    write_tensors(run.predictions_path, {**arrays, name: value}, metadata)
    assert reason in complaint(capsys, run.path)


@pytest.mark.parametrize(("name", "kind"), [("predictions", "predictions"), ("model", "model")])
def test_another_version_is_refused_in_one_line(run, capsys, name, kind):
    path = run.path / f"{name}.safetensors"
    arrays, metadata = read_tensors(path)
    write_tensors(path, arrays, metadata | {"format_version": "99"})
    assert f"is an onelayer {kind} of version '99'" in complaint(capsys, run.path)


def test_without_predictions_the_report_says_so(run):
    run.predictions_path.unlink()
    assert main(["report", str(run.path)]) == 0
    assert "The run has no predictions.safetensors" in run.report_path.read_text("utf-8")


def test_a_missing_run_is_refused_in_one_line(tmp_path, capsys):
    assert "no such run directory" in complaint(capsys, tmp_path / "nowhere")


def lacking(run):
    (run.path / "metrics.json").unlink()
    return "it lacks metrics.json"


def damaged(run):
    run.write_metrics(run.read_metrics() | {"test": {"accuracy": "<img onerror=alert(1)>"}})
    return "metrics: test."


def of_another_version(run):
    arrays, metadata = read_tensors(run.model_path)
    write_tensors(run.model_path, arrays, metadata | {"format_version": "99"})
    return "is an onelayer model of version '99'"


def gone(run):
    shutil.rmtree(run.path)
    return "no such run directory"


@pytest.mark.parametrize("spoil", [gone, lacking, damaged, of_another_version])
@pytest.mark.parametrize("place", [0, 1])
def test_a_comparison_with_a_bad_run_is_refused_in_one_line(run, finished, tmp_path, capsys, spoil, place):
    reason = spoil(run)
    runs = [finished, finished]
    runs[place] = run.path
    out = tmp_path / "page.html"
    assert reason in complaint(capsys, *runs, "--out", out)
    assert not out.exists()


def test_a_comparison_replaces_nothing_unasked(run, tmp_path, capsys):
    out = tmp_path / "page.html"
    out.write_text("mine")
    assert "page.html exists" in complaint(capsys, run.path, run.path, "--out", out)
    assert out.read_text() == "mine"
    assert main(["report", str(run.path), str(run.path), "--out", str(out), "--overwrite"]) == 0
    assert "2 runs compared" in out.read_text("utf-8")


def test_out_is_for_comparisons(run, capsys):
    assert "are for comparisons" in complaint(capsys, run.path, "--out", "page.html")


def test_json_names_the_page(run, capsys):
    assert main(["report", str(run.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(run.report_path)}


def test_predictions_are_those_of_the_metrics(finished):
    data = read_report_data(RunDirectory(finished))
    assert data.predictions.decisions.correct.mean() == pytest.approx(data.figures.test.accuracy)


@pytest.mark.parametrize(
    ("config", "command"),
    [
        ({}, "onelayer train digits --set learning_rate=0.01 --set scaling=standardize --set momentum=0.0"),
        (
            {"dataset": "my folder", "features": "hog", "feature_parameters": {"cell_size": 8}, "resize": (32, 32)},
            "onelayer train 'my folder' --features hog --resize 32,32 --set 'feature_parameters={cell_size = 8}'",
        ),
        ({"dataset": "x", "class_weight": {0: 2.0}}, "onelayer train x --set 'class_weight={0 = 2.0}'"),
    ],
)
def test_the_command_names_what_is_not_implied(config, command):
    assert sorted(repeat_command(ExperimentConfig.check(config)).split()) == sorted(command.split())


def test_the_command_of_a_sweep():
    config = SweepConfig.check({"dataset": "x", "grid": ["l2=0.1,1"], "folds": 3})
    assert repeat_command(config) == "onelayer sweep x --grid l2=0.1,1 --folds 3"


def test_a_name_that_can_not_be_typed_makes_no_command():
    assert repeat_command(ExperimentConfig.check({"dataset": "a\x1b[31m"})) is None
