"""The charts of a sweep show what its figures do, and say what each mark is."""

from __future__ import annotations

import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from onelayer.reporting.charts.sweep import sweep_accuracy_chart, sweep_heat_map_chart, sweep_loss_chart
from onelayer.reporting.page import render_report
from onelayer.reporting.sweep_scales import color_floor
from onelayer.reporting.theme import LIGHT
from onelayer.selection import SweepResult

VALUES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
ACCURACIES = [0.8, 0.85, 0.9, 0.89, 0.3]
HOSTILE = "</script><img src=x onerror=alert(1)>"


def trial(values, accuracy):
    parts = ("validation_loss", "validation_accuracy", "accuracy_interval", "standard_error")
    if accuracy is None:
        return {"values": values, "status": "diverged", "epochs": 1} | dict.fromkeys(parts)
    figures = dict(zip(parts, (2 - accuracy, accuracy, (accuracy - 0.02, accuracy + 0.02), 0.01), strict=True))
    return {"values": values, "status": "finished", "epochs": 10} | figures


def sweep(axes, trials, chosen=2, one_se=3):
    found = {"axes": axes, "trials": trials, "chosen": trials[chosen], "one_se": trials[one_se], "n_models": 9}
    return SweepResult.check(found | {"n_diverged": 1, "n_folds": 1, "passes": 1, "seconds": 1.5})


L2 = {"name": "l2", "values": VALUES, "scale": "log"}


@pytest.fixture(scope="module")
def one():
    return sweep([L2], [trial({"l2": v}, a) for v, a in zip(VALUES, ACCURACIES, strict=True)])


@pytest.fixture(scope="module")
def two():
    """Over the second parameter: as above, a tenth less, and diverged or learning nothing."""
    rates = {"name": "learning_rate", "values": [0.1, 0.2, HOSTILE], "scale": "list"}
    trials = [
        trial({"l2": v, "learning_rate": rate}, found)
        for rate, less in ((0.1, 0), (0.2, 0.1), (HOSTILE, None))
        for v, a in zip(VALUES, ACCURACIES, strict=True)
        for found in [None if less is None else a - less]
    ]
    return sweep([L2, rates], trials)


def named(chart):
    return {trace.get("name", trace["type"]): trace for trace in chart.traces}


def uncolored(value):
    """Return a figure without the names of colours: plotly knows none of them."""
    if isinstance(value, dict):
        return {name: uncolored(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [uncolored(entry) for entry in value]
    return LIGHT.ink if isinstance(value, str) and value.startswith("--") else value


@pytest.mark.parametrize("draw", [sweep_accuracy_chart, sweep_loss_chart])
def test_choices_are_marked_at_their_values(one, draw):
    traces = named(draw(one, "l2"))
    assert traces["chosen"]["x"] == [0.01]
    assert traces["one-standard-error choice"]["x"] == [0.1]


def test_accuracy_has_each_value_with_its_error(one):
    chart = sweep_accuracy_chart(one, "l2")
    best = named(chart)["best at each value"]
    assert (best["x"], best["y"]) == (VALUES, ACCURACIES)
    assert best["error_y"]["array"] == [0.01] * 5
    assert chart.layout["shapes"][0]["y0"] == pytest.approx(0.89)


def test_the_pointer_finds_what_a_trial_is(one):
    said = named(sweep_accuracy_chart(one, "l2"))["chosen"]["customdata"]
    assert said == ["l2 = 0.01<br><b>accuracy 90.00%</b> ± 1.00%<br>loss 1.1<br>10 epochs"]


def test_diverged_values_are_crosses(two):
    assert named(sweep_loss_chart(two, "l2"))["diverged"]["x"] == VALUES
    assert named(sweep_accuracy_chart(two, "learning_rate"))["diverged"]["x"] == [2.0]


def test_heat_map_has_each_cell_and_frames_the_choices(two):
    chart = sweep_heat_map_chart(two)
    assert chart.traces[0]["z"][0] == ACCURACIES
    assert chart.traces[0]["z"][2] == [None] * 5
    assert [((s["x0"] + s["x1"]) / 2, (s["y0"] + s["y1"]) / 2) for s in chart.layout["shapes"]] == [(2, 0), (3, 0)]
    assert [shape["line"]["dash"] for shape in chart.layout["shapes"]] == ["solid", "dash"]
    written = next(trace for trace in chart.traces if trace.get("mode") == "text")
    assert written["text"][:5] == ["80.0", "85.0", "90.0", "89.0", "30.0"]


def test_cells_of_a_large_heat_map_are_not_written_in(two):
    values = np.linspace(0.1, 1, 60).tolist()
    axes = [{"name": name, "values": values, "scale": "lin"} for name in ("l2", "momentum")]
    found = sweep(axes, [trial({"l2": v, "momentum": v}, v / 2) for v in values])
    assert [trace["type"] for trace in sweep_heat_map_chart(found).traces] == ["heatmap"]


def test_colours_are_those_of_models_that_learnt_something():
    accuracies = [0.1, 0.88, 0.9, 0.89, 0.87]
    found = sweep([L2], [trial({"l2": v}, a) for v, a in zip(VALUES, accuracies, strict=True)])
    assert color_floor(found) == pytest.approx(2 * 0.88 - 0.9)


def test_only_so_many_dots_are_drawn():
    values = np.linspace(0.001, 1, 5000).tolist()
    axes = [{"name": "l2", "values": values, "scale": "lin"}, {"name": "momentum", "values": [0.5], "scale": "list"}]
    found = sweep(axes, [trial({"l2": v, "momentum": 0.5}, 0.1 + v / 2) for v in values])
    assert len(named(sweep_accuracy_chart(found, "l2"))["other trials"]["x"]) <= 2000


def test_plotly_knows_the_figures(one, two):
    charts = [sweep_accuracy_chart(one, "l2"), sweep_loss_chart(two, "learning_rate"), sweep_heat_map_chart(two)]
    for chart in charts:
        figure = uncolored(json.loads(json.dumps(chart.to_dict(), allow_nan=False)))
        assert go.Figure(data=figure["data"], layout=figure["layout"]).data


def test_a_report_has_a_chart_for_each_and_hostile_values_are_text(make_data, two):
    page = render_report(make_data(sweep=two))
    names = re.findall(r'data-chart="(sweep[^"]*)"', page)
    assert names == [
        "sweep-accuracy-l2",
        "sweep-loss-l2",
        "sweep-accuracy-learning_rate",
        "sweep-loss-learning_rate",
        "sweep-heat-map",
    ]
    charts = json.loads(re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)[1])["charts"]
    assert sorted(names) == sorted(key for key in charts if key.startswith("sweep"))
    assert "<img" not in json.dumps([charts[name] for name in names])
    assert "&lt;/script&gt;" in json.dumps([charts[name] for name in names])


def test_losses_of_different_kinds_are_not_compared(make_data):
    axis = {"name": "loss", "values": ["softmax", "hinge", "sigmoid", "logistic"], "scale": "list"}
    found = sweep([axis], [trial({"loss": name}, 0.9) for name in axis["values"]])
    page = render_report(make_data(sweep=found))
    assert re.findall(r'data-chart="(sweep[^"]*)"', page) == ["sweep-accuracy-loss"]
    assert "Values of different losses can't be compared" in page.replace("&#39;", "'")
