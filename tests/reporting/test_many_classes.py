"""Reports on 2, 200, 201, 1,000 and 10,000 classes: whole, legible, and a few megabytes."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from onelayer.evaluation import Decisions, Outcomes, PartFigures, RunFigures, evaluate_outcomes
from onelayer.evaluation.run_figures import DataFigures, DataPart
from onelayer.reporting.comparison import ComparedRun, render_comparison
from onelayer.reporting.data import ReportData
from onelayer.reporting.page import render_report, write_report
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.shown import affordable_images, picture_side, sample_size, shown_classes, shown_rows, thumbnails
from onelayer.storage.run_directory import RunDirectory

COUNTS = [2, 200, 201, 1000, pytest.param(10_000, marks=pytest.mark.slow)]


def data_of(k, shape=(8, 8, 1)):
    """A run on k classes, two rows of each evaluated, three quarters of them decided rightly."""
    rng = np.random.default_rng(k)
    labels = np.repeat(np.arange(k), 2)
    predicted = np.where(rng.random(2 * k) < 0.75, labels, rng.integers(0, k, 2 * k))
    best = np.stack([predicted, (predicted + 1) % k], axis=1)
    values = np.tile(np.array([0.6, 0.4], np.float32), (2 * k, 1))
    decisions = Decisions(labels, best, values, np.where(labels == predicted, 0.6, 0.1).astype(np.float32), k, True)
    rows, classes = shown_rows(decisions, affordable_images(shape)), shown_classes(k, decisions.confusion)
    size = sample_size(len(classes), shape)
    side, black_and_white = picture_side(len(classes)), (0.0, 255.0)
    images, samples, means = (
        rng.integers(0, 256, (n, *shape)).astype(np.uint8) for n in (len(rows), size * len(classes), len(classes))
    )
    samples, means = (thumbnails(one, black_and_white, side) for one in (samples, means))
    shown = ShownImages(rows, images, samples, np.repeat(classes, size), means, classes)
    names = [f"class {place}" for place in range(k)]
    outcomes = Outcomes(labels=labels, predicted=predicted, n_classes=k, no_probabilities="made up")
    part = PartFigures(0.5, float((labels == predicted).mean()), (0.5, 0.9), 2 * k)
    facts = DataFigures("made", parts={"train": DataPart("f", [5] * k), "test": DataPart("g", [2] * k)})
    figures = RunFigures("made", "softmax", 1, test=part, evaluation=evaluate_outcomes(outcomes, names), data=facts)
    weights = rng.normal(size=(k, *shape)) if k > 2 else rng.normal(size=(1, *shape))
    return ReportData("Many", {}, figures, {}, names, weights, predictions=Predictions(decisions, shown))


def payload(page):
    return json.loads(re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)[1])


def visible(page):
    return re.sub(r"<script.*?</script>|data:image[^\"]*", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("k", COUNTS)
def test_a_report_of_any_number_of_classes_is_made(k, tmp_path):
    run = RunDirectory.create(tmp_path / "run")
    write_report(run, data_of(k))
    page = run.report_path.read_text("utf-8")
    assert len(page) < 8e6
    assert page.count("<img") < 1500
    assert {"confusion.png", "recall.png", "weights.png", "class-means.png", "class-counts.png", "samples.png"} <= {
        path.name for path in run.figures_path.iterdir()
    }
    assert sum(path.stat().st_size for path in run.figures_path.iterdir()) < 2e7


@pytest.mark.parametrize("k", [200, 1000])
def test_pictures_in_colour_of_many_classes_are_small(k):
    assert len(render_report(data_of(k, (64, 64, 3)))) < 12e6  # of noise, which nothing makes smaller


@pytest.mark.parametrize(("k", "shown"), [(200, 200), (201, 60), (1000, 60)])
def test_of_over_two_hundred_classes_pictures_show_some_and_say_so(k, shown):
    page = render_report(data_of(k))
    text = visible(page)
    assert text.count('alt="Weights of class') == 2 * shown  # in light and in dark
    assert text.count('alt="Mean training image of class') == shown
    told = f"Of {k:,} classes the 60 that are recognised least often." in text
    assert told == (shown < k)


@pytest.mark.parametrize("k", [201, 1000])
def test_the_classes_with_pictures_are_those_recognised_least_often(k):
    data = data_of(k)
    recalls = data.confusion.hits / data.confusion.supports
    others = np.delete(recalls, data.shown_classes)
    assert recalls[data.shown_classes].max() <= others.min()


@pytest.mark.parametrize(("k", "cells"), [(20, 20), (21, 21), (200, 200), (201, 40), (1000, 40)])
def test_the_script_knows_the_classes_of_the_matrix(k, cells):
    page = render_report(data_of(k))
    found = payload(page)
    assert len(found["confusionClasses"]) == len(found["confusion"]) == cells
    assert ("confusion" in found["charts"]) == (k > 20)
    # Every mistake that can be chosen is in the matrix.
    choices = {int(label) for label in re.findall(r'data-(?:true|predicted)="(\d+)"', page)}
    assert choices <= set(found["confusionClasses"])
    assert found["firstCell"][0] in found["confusionClasses"]


def test_figures_of_each_class_are_all_there_a_hundred_at_a_time():
    page = render_report(data_of(1000))
    rows = payload(page)["tables"]["of-classes"]
    assert [row[0] for row in rows] == [f"class {place}" for place in range(1000)]
    assert visible(page).count('<th scope="row">class') == 100


def test_runs_on_many_classes_are_compared():
    one = data_of(1000)
    page = render_comparison([ComparedRun("one", one), ComparedRun("two", one)])
    assert visible(page).count("Weights of class") == 4 * 60
    assert "Of 1,000 classes the 60 that are recognised least often." in page
