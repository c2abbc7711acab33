"""Every chart is one that plotly knows: its own library checks the figures."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from onelayer.evaluation import ReliabilityBin
from onelayer.reporting.charts.chart import Chart, numbers
from onelayer.reporting.charts.classes import class_counts_chart, confusion_chart, recall_chart, reliability_chart
from onelayer.reporting.charts.comparison import overlaid_chart
from onelayer.reporting.charts.curves import accuracy_chart, loss_chart, trend_chart
from onelayer.reporting.curves import Mark
from onelayer.reporting.recalls import Recalls
from onelayer.reporting.theme import LIGHT

COUNTS = np.array([[9, 1, 0], [0, 10, 0], [5, 0, 15]])
NAMES = ["cat", "dog", "<b>owl</b>"]


@pytest.fixture
def charts(history) -> dict[str, Chart]:
    whole = {**history, "weight_norm_squared": np.arange(4.0)}
    marks = [Mark(29, "best"), Mark(39, "stopped")]
    bins = [ReliabilityBin(count=10, confidence=0.5, accuracy=0.6), ReliabilityBin(count=0)]
    return {
        "loss": loss_chart(whole, marks),
        "falling": loss_chart({"step": np.arange(30), "batch_loss": np.repeat([2.0, 0.5, 0.01], 10)}),
        "accuracy": accuracy_chart(whole, marks, 0.5),
        "norm": trend_chart(whole, "validation_step", "weight_norm_squared", "norm"),
        "recall": recall_chart(Recalls.of(COUNTS), NAMES),
        "reliability": reliability_chart(bins),
        "confusion": confusion_chart(COUNTS, NAMES),
        "counts": class_counts_chart({"train": [1, 2, 3], "test": [1, 1, 1]}, NAMES),
        "many": class_counts_chart({"train": [1] * 40}, ["n"] * 40),
        "overlaid": overlaid_chart([("a", whole), ("b", whole)], "batch_loss", "loss"),
    }


KEYS = "loss falling accuracy norm recall reliability confusion counts many overlaid"


def colored(value, key=""):
    """Return a figure with every colour of the page's variables replaced: plotly knows none of them."""
    if isinstance(value, dict):
        return {name: colored(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [colored(entry, key) for entry in value]
    return LIGHT.ink if isinstance(value, str) and value.startswith("--") and "color" in key else value


@pytest.mark.parametrize("key", KEYS.split())
def test_plotly_knows_the_figure(charts, key):
    figure = colored(json.loads(json.dumps(charts[key].to_dict(), allow_nan=False)))
    assert len(go.Figure(data=figure["data"], layout=figure["layout"]).data) >= 1


@pytest.mark.parametrize("key", ["recall", "confusion", "counts"])
def test_names_are_no_markup(charts, key):
    text = json.dumps(charts[key].to_dict())
    assert "<b>owl" not in text
    assert "&lt;b&gt;owl" in text


def test_bars_are_the_recalls(charts):
    np.testing.assert_allclose(charts["recall"].traces[0]["x"], [0.9, 1.0, 0.75])


def test_losses_over_decades_have_logarithmic_ticks(charts):
    assert charts["falling"].layout["yaxis"]["ticktext"][:3] == ["0.01", "0.02", "0.05"]


def test_a_run_without_the_column_has_no_line(history):
    assert overlaid_chart([("a", {}), ("b", {"epoch": np.zeros(3)})], "validation_loss", "loss") is None
    assert len(overlaid_chart([("a", {}), ("b", history)], "validation_loss", "loss").traces) == 1


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
