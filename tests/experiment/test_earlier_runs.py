"""Run directories and model files of version 0.1.0 are read, and give the figures that they were written with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from onelayer import load_dataset, load_model
from onelayer.cli import main
from onelayer.errors import ModelFileError

EARLIER = Path(__file__).with_name("earlier")


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """Copies of a run, of a sweep, and of a run that was killed in its fourth epoch of six."""
    shutil.copytree(EARLIER, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recorded(name):
    return json.loads((EARLIER / name / "metrics.json").read_text())


def said(capsys):
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["run", "sweeprun"])
def test_evaluation_gives_the_recorded_figures(earlier, capsys, name):
    assert main(["evaluate", name, "digits", "--json"]) == 0
    found, expected = said(capsys), recorded(name)
    assert found["test"]["accuracy"] == expected["test"]["accuracy"]
    assert found["test"]["loss"] == pytest.approx(expected["test"]["loss"], rel=1e-6)
    assert found["evaluation"]["confusion"] == expected["evaluation"]["confusion"]


@pytest.mark.parametrize("name", ["run", "sweeprun"])
def test_report_is_made_anew(earlier, capsys, name):
    assert main(["report", name]) == 0
    page = (earlier / name / "report.html").read_text()
    assert f"{recorded(name)['test']['accuracy']:.2%}" in page


def test_two_runs_are_compared(earlier, capsys):
    assert main(["report", "run", "sweeprun", "--out", "both.html"]) == 0
    assert (earlier / "both.html").is_file()


def test_a_killed_run_goes_on_to_the_figures_of_one_that_was_not(earlier, capsys):
    assert main(["train", "--resume", "killed", "--json"]) == 0
    found, expected = said(capsys), recorded("run")
    assert (found["epochs"], found["steps"]) == (expected["epochs"], expected["steps"])
    for part in ("train", "validation", "test"):  # the first epochs may have been computed by another instruction set
        assert found[part]["loss"] == pytest.approx(expected[part]["loss"], rel=1e-4)
        assert found[part]["accuracy"] == pytest.approx(expected[part]["accuracy"], abs=0.003)


def test_a_run_is_repeated_from_its_configuration(earlier, capsys):
    assert main(["train", "--config", "run/config.toml", "--out", "again", "--json"]) == 0
    found, expected = said(capsys), recorded("run")
    assert found["validation"]["loss"] == pytest.approx(expected["validation"]["loss"], rel=1e-4)


def test_a_model_predicts_and_says_what_it_can_not_know():
    clf = load_model(EARLIER / "run" / "model.safetensors").classifier
    test = load_dataset("digits")[2]
    assert clf.score(test.X, test.y) == recorded("run")["test"]["accuracy"]
    assert np.isfinite(clf.decision_function(test.X)).all()
    with pytest.raises(ModelFileError, match="of an earlier version and does not say how features were scaled"):
        _ = clf.objective_
