"""Reports of small runs, opened in Debian's Chromium: nothing is downloaded, nothing outside the file is asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from onelayer.experiment import run_experiment
from onelayer.experiment.comparison import compare_runs
from onelayer.experiment.config import ExperimentConfig, SweepConfig
from onelayer.experiment.report import report_run
from onelayer.experiment.sweep import run_sweep
from onelayer.storage.run_directory import RunDirectory

HOSTILE = "</script><img src=x onerror=document.title='hacked'>"


@dataclass
class Opened:
    """A page, and what it did while it opened."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One report of each kind."""
    folder = tmp_path_factory.mktemp("reports")
    quick = {"max_epochs": 6, "scaling": "symmetric", "learning_rate": 0.1, "n_jobs": 1}
    run_experiment(ExperimentConfig(**quick), folder / "digits")
    run_experiment(ExperimentConfig(loss="hinge", **quick), folder / "hinge")
    run_sweep(SweepConfig(grid=("l2=0.001,0.1", "learning_rate=0.01,0.1"), **quick), folder / "sweep")
    _interrupt(RunDirectory.open(shutil.copytree(folder / "sweep", folder / "interrupted")))
    hostile = folder / HOSTILE.replace("/", "")
    _write_images(folder / "images")
    run_experiment(ExperimentConfig(dataset=str(folder / "images"), **quick), hostile)
    _make_hostile(RunDirectory.open(hostile))
    comparison = folder / "comparison.html"
    compare_runs([RunDirectory.open(path) for path in (folder / "digits", folder / "hinge", hostile)], comparison)
    paths = {kind: folder / kind / "report.html" for kind in ("digits", "hinge", "sweep", "interrupted")}
    return {**paths, "hostile": hostile / "report.html", "comparison": comparison}


def _interrupt(run: RunDirectory) -> None:
    """Make a sweep one that was interrupted in its last trials, and make its report again."""
    table = run.read_sweep()
    unfinished = [trial | {"status": "interrupted"} for trial in table["trials"][2:]]
    table |= {"trials": [*table["trials"][:2], *unfinished], "interrupted": True, "chosen": None, "one_se": None}
    run.write_sweep(table)
    report_run(run)


def _write_images(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shade in (("<img src=x onerror=alert(1)>", 40), ("b & \"quoted\" 'name'", 120), ("plain", 200)):
        (folder / name).mkdir(parents=True)
        for index in range(20):
            pixels = np.clip(rng.normal(shade, 60, (12, 16, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")


def _make_hostile(run: RunDirectory) -> None:
    """Write names that no file system takes into the run, as someone hostile would, and make its report again."""
    metrics = json.loads(run.metrics_path.read_text())
    metrics["class_names"][2] = HOSTILE
    metrics["dataset"] = HOSTILE
    metrics["data"]["source"] = HOSTILE
    run.write_metrics(metrics)
    run.write_environment({HOSTILE: HOSTILE})
    trial = {
        "values": {"loss": HOSTILE},
        "status": HOSTILE,
        "epochs": 1,
        "validation_loss": 0.5,
        "validation_accuracy": 0.9,
        "accuracy_interval": [0.8, 0.95],
        "standard_error": 0.02,
    }
    other = trial | {"values": {"loss": "softmax"}, "validation_accuracy": 0.8}
    axis = {"name": "loss", "values": ["softmax", HOSTILE], "scale": "list"}
    counts = {"n_models": 2, "n_diverged": 0, "n_folds": 1, "passes": 1, "seconds": 1.0}
    sweep = {"axes": [axis], "trials": [other, trial], "chosen": trial, "one_se": trial} | counts
    run.sweep_path.write_text(json.dumps(sweep))
    report_run(run)


@pytest.fixture(scope="module")
def open_report(browser: Any, reports: dict[str, Path]) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens a report and waits until it is drawn; each is opened once."""
    pages: dict[tuple[str, int, str], Opened] = {}

    def open_one(kind: str, width: int = 1280, scheme: str = "light") -> Opened:
        key = (kind, width, scheme)
        if key not in pages:
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            opened = pages[key] = Opened(page)
            page.on("console", lambda message: opened.complaints.append(message.text))
            page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            page.on("request", lambda request: opened.requests.append(request.url))
            page.goto(reports[kind].as_uri())
            page.wait_for_selector("html[data-drawn=true]")
        return pages[key]

    yield open_one
    for opened in pages.values():
        opened.page.close()
