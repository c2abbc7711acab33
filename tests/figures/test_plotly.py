"""Every chart is one that plotly knows, says what the figure says, and needs no matplotlib."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import onelayer.figures
from onelayer.evaluation import Calibration, Confusion, ReliabilityBin
from onelayer.figures import (
    Axis,
    Band,
    Bars,
    Feet,
    Figure,
    Frame,
    Matrix,
    Mosaic,
    Plot,
    Rule,
    Series,
    TrainingMark,
    accuracy_figure,
    class_counts_figure,
    compared_figure,
    confusion_figure,
    loss_figure,
    recall_figure,
    reliability_figure,
    sweep_accuracy_figure,
    sweep_loss_figure,
    sweep_matrix_figure,
    trend_figure,
)
from onelayer.figures.plotly import chart, is_chart, numbers
from onelayer.reporting.document import KINDS

CONFUSION = Confusion.of_matrix([[9, 1, 0], [0, 10, 0], [5, 0, 15]])
NAMES = ["cat", "dog", "<b>owl</b>"]
MANY = Confusion.of_matrix(np.eye(40, dtype=int) + np.eye(40, k=1, dtype=int))


@pytest.fixture
def figures(history, one, two):
    whole = {**history, "weight_norm_squared": np.arange(4.0)}
    marks = [TrainingMark(29, "best"), TrainingMark(39, "stopped")]
    bins = (ReliabilityBin(count=10, confidence=0.5, accuracy=0.6), ReliabilityBin(count=0))
    return {
        "loss": loss_figure(whole, marks),
        "falling": loss_figure({"step": np.arange(30), "batch_loss": np.repeat([2.0, 0.5, 0.01], 10)}),
        "accuracy": accuracy_figure(whole, marks, 0.5),
        "norm": trend_figure(whole, "weight-norm"),
        "recall": recall_figure(CONFUSION, NAMES),
        "reliability": reliability_figure(Calibration(0.1, bins)),
        "confusion": confusion_figure(CONFUSION, NAMES),
        "confusion-of-many": confusion_figure(MANY, ["n"] * 40),
        "counts": class_counts_figure({"train": [1, 2, 3], "test": [1, 1, 1]}, NAMES),
        "compared": compared_figure([("a", whole), ("b", whole)], "batch-loss"),
        "sweep-accuracy": sweep_accuracy_figure(one, "l2"),
        "sweep-loss": sweep_loss_figure(two, "learning_rate"),
        "sweep-matrix": sweep_matrix_figure(two),
    }


KEYS = (
    *("loss", "falling", "accuracy", "norm", "recall", "reliability", "confusion", "confusion-of-many", "counts"),
    *("compared", "sweep-accuracy", "sweep-loss", "sweep-matrix"),
)


@pytest.mark.parametrize("key", KEYS)
def test_plotly_knows_the_chart(figures, key, as_plotly):
    assert len(as_plotly(figures[key]).data) >= 1


@pytest.mark.parametrize("key", KEYS)
def test_every_kind_of_a_chart_is_set_up_in_the_page(figures, key):
    assert {trace["type"] for trace in chart(figures[key])["data"]} <= KINDS | {"scatter"}


@pytest.mark.parametrize("key", ["recall", "confusion", "counts"])
def test_names_are_no_markup(figures, key):
    text = json.dumps(chart(figures[key]))
    assert "<b>owl" not in text
    assert "&lt;b&gt;owl" in text


def test_every_text_is_escaped():
    bad, escaped = "<i>x</i>\nnext", "&lt;i&gt;x&lt;/i&gt;<br>next"
    point = np.zeros(1)
    marks = [
        Series(point, point, bad, words=[bad]),
        Series(point, point, words=bad),
        Bars(point, point, label=bad, words=[bad]),
        Rule("x", 0.0, bad),
        Feet(point, bad, [bad]),
    ]
    axis = Axis(bad, ticks=[(0.0, bad)])
    matrix = Matrix(np.array([[np.nan, 1.0]]), axis, axis, 0.0, 1.0, texts=[[bad, bad]], words=[[bad, bad]])
    for panel in (Plot(marks, axis, axis), matrix):
        text = json.dumps(chart(Figure("name", "", "", panel)))
        assert "<i>" not in text
        assert text.count(escaped) >= 7


def test_pictures_are_no_chart():
    figure = Figure("means", "", "", Mosaic(np.zeros((1, 2, 2, 1), np.uint8), ["a"], 1))
    assert not is_chart(figure)
    with pytest.raises(TypeError, match="means is of pictures"):
        chart(figure)


def test_a_rule_across_stretches_the_axis_of_values(figures):
    *_, unseen = chart(figures["accuracy"])["data"]
    assert (unseen["y"], unseen["marker"]["opacity"], unseen["showlegend"]) == ([0.5], 0, False)


def test_crosses_at_the_foot_have_an_unseen_axis_of_their_own(figures):
    made = chart(figures["sweep-loss"])
    (feet,) = [trace for trace in made["data"] if trace.get("yaxis") == "y2"]
    assert feet["y"] == [0.03]
    assert made["layout"]["yaxis2"] == {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}


def test_a_shared_legend_is_left_to_the_page(figures):
    assert not chart(figures["sweep-accuracy"])["layout"]["showlegend"]
    assert chart(figures["loss"])["layout"]["showlegend"]


def test_losses_over_decades_have_logarithmic_ticks(figures):
    axis = chart(figures["falling"])["layout"]["yaxis"]
    assert (axis["type"], axis["ticktext"][:3]) == ("log", ["0.01", "0.02", "0.05"])


def test_empty_cells_are_gaps_and_say_nothing(figures):
    heat, *_ = chart(figures["confusion"])["data"]
    assert heat["z"][0] == [0.9, 0.1, None]
    assert heat["text"][0] == ["cat recognised<br>9 rows, 90.0%", "cat taken for dog<br>1 rows, 10.0%", ""]


def test_frames_stand_around_their_cells():
    axis = Axis(ticks=())
    matrix = Matrix(np.eye(2), axis, axis, 0.0, 1.0, frames=[Frame(1, 0), Frame(0, 1, "dash", 0.1)])
    shapes = chart(Figure("m", "", "", matrix))["layout"]["shapes"]
    assert [[shape[key] for key in ("x0", "x1", "y0", "y1")] for shape in shapes] == [
        [-0.5, 0.5, 0.5, 1.5],
        pytest.approx([0.6, 1.4, -0.4, 0.4]),
    ]


def test_colours_are_names_of_the_page_s_variables(figures):
    variables = {f"--{name}" for name in ("paper", "ink", "muted", "train", "held-out", "third")}
    variables |= {"--train-soft", "--train-band", *(f"--run-{place}" for place in range(7))}
    found = set(re.findall(r'"(--[\w-]+)"', json.dumps([chart(figure) for figure in figures.values()])))
    assert found <= variables


def test_charts_need_no_matplotlib():
    code = (
        "import sys, onelayer.figures.plotly, onelayer.reporting.page, onelayer.live.page\n"
        "assert 'onelayer.figures.plotly' in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_the_renderer_for_files_imports_matplotlib():
    files = Path(onelayer.figures.__file__).parent.glob("*.py")
    importing = {file.stem for file in files if re.search(r"^(from|import) matplotlib", file.read_text(), re.MULTILINE)}
    assert importing == {"drawing", "matplotlib"}


def test_a_band_is_filled_between_its_edges():
    band = Band(np.arange(2), np.zeros(2), np.ones(2))
    low, high = chart(Figure("b", "", "", Plot([band])))["data"]
    assert (low["y"], high["y"], high["fill"]) == ([0, 0], [1, 1], "tonexty")


@pytest.mark.parametrize("digits", [3, 5, 7])
def test_numbers_are_those_that_printing_gives(digits):
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=5000) * 10.0 ** rng.integers(-14, 14, 5000), [0.0, 0.1, 99999.5]])
    found, printed = np.array(numbers(values, digits)), np.array([float(f"{value:.{digits}g}") for value in values])
    # Where a value lies halfway between two, to within float64, either will do.
    np.testing.assert_allclose(found, printed, rtol=1.1 * 10.0 ** (1 - digits))
    assert (found == printed).mean() > 0.999


def test_numbers_that_json_lacks_are_none():
    assert numbers([np.nan, np.inf, -np.inf, 1e300, 1e-300]) == [None, None, None, 1e300, 1e-300]
