"""What was read as which part, and what was left out, is in the run's figures and in its report."""

from __future__ import annotations

import shutil
import warnings

import numpy as np
import pytest
from PIL import Image

from onelayer.data.provenance import LeftOut, Provenance
from onelayer.errors import DataWarning
from onelayer.evaluation import RunFigures
from onelayer.experiment import ExperimentConfig, run_experiment
from onelayer.reporting.data import ReportData
from onelayer.reporting.sections.origin import data_rows
from onelayer.storage.run_directory import RunDirectory


@pytest.fixture
def photos(tmp_path):
    """Two parts of two classes, a folder of no part, a dangling link and a text in a class folder."""
    root = tmp_path / "photos"
    for part, n in (("train", 8), ("holdout", 3)):
        for level, name in ((40, "dark"), (200, "bright")):
            (root / part / name).mkdir(parents=True)
            for i in range(n):
                Image.fromarray(np.full((4, 4), level + i, np.uint8)).save(root / part / name / f"{i}.png")
    shutil.copytree(root / "holdout", root / "spare")
    (root / "train" / "dark" / "gone.jpg").symlink_to("nowhere.jpg")
    (root / "train" / "dark" / "<b>notes.txt").write_text("no image")
    return root


def test_metrics_and_report_say_how_a_set_was_read(photos, tmp_path):
    config = ExperimentConfig(dataset=str(photos), max_epochs=1)
    with pytest.warns(DataWarning, match="left out: 3 files or folders"):
        metrics = run_experiment(config, tmp_path / "run")
    assert metrics["data"]["files"] == {"train": ["train/"], "test": ["holdout/"]}
    assert metrics["data"]["division"] == "validation is 10% of the training part, drawn by chance"
    left_out = {one["reason"]: (one["count"], one["names"]) for one in metrics["data"]["left_out"]}
    assert left_out == {
        "no part by its name": (1, ["spare/"]),
        "a link that leads nowhere": (1, ["train/dark/gone.jpg"]),
        "no image": (1, ["train/dark/<b>notes.txt"]),
    }
    assert RunDirectory.open(tmp_path / "run").read_metrics()["data"] == metrics["data"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "train from train/; test from holdout/; validation is 10%" in page
    assert "train/dark/gone.jpg" in page
    assert "<b>notes" not in page


def rows_of(**data):
    figures = RunFigures.check({"data": {"name": "x", **data}})
    return data_rows(ReportData("t", {}, figures, {}, ["a", "b"]))


def test_a_run_from_before_says_nothing_of_it():
    assert [row[0] for row in rows_of()] == ["Data set", "Content", "Read from"]


def test_many_names_are_counted():
    read = Provenance({"all": ("x/",)}, tuple(LeftOut(f"{i}.txt", "no image") for i in range(3000)), ("A note.",))
    rows = dict(rows_of(**{key: value for key, value in read.to_dict().items() if key != "pictures"}))
    assert rows["Left out"].startswith("3,000 × no image: 0.txt, 1.txt, ")
    assert rows["Left out"].endswith(", 19.txt and 2,980 more")
    assert (rows["Parts"], rows["Note"]) == ("x/", "A note.")


def test_a_set_read_whole_warns_of_nothing(photos, tmp_path):
    shutil.rmtree(photos / "spare")
    for name in ("gone.jpg", "<b>notes.txt"):
        (photos / "train" / "dark" / name).unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = run_experiment(ExperimentConfig(dataset=str(photos), max_epochs=1), tmp_path / "run")
    assert metrics["data"]["left_out"] == []
