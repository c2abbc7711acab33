"""Every chart is one that plotly knows: its own library checks the figures."""

from __future__ import annotations

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from onelayer.reporting.charts.chart import Chart
from onelayer.reporting.charts.classes import class_counts_chart, confusion_chart, recall_chart, reliability_chart
from onelayer.reporting.charts.comparison import overlaid_chart
from onelayer.reporting.charts.curves import accuracy_chart, loss_chart, trend_chart
from onelayer.reporting.curves import Mark
from onelayer.reporting.figures_of_merit import BinFigures
from onelayer.reporting.recalls import Recalls
from onelayer.reporting.theme import LIGHT

COUNTS = np.array([[9, 1, 0], [0, 10, 0], [5, 0, 15]])
NAMES = ["cat", "dog", "<b>owl</b>"]


@pytest.fixture
def charts(history) -> dict[str, Chart]:
    whole = {**history, "weight_norm_squared": np.arange(4.0)}
    marks = [Mark(29, "best"), Mark(39, "stopped")]
    bins = [BinFigures(count=10, confidence=0.5, accuracy=0.6), BinFigures(count=0)]
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
