"""The learning curves of a sweep: which are drawn, and that figure and chart show the same."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex

from onelayer.errors import InputError
from onelayer.reporting.charts.sweep_curves import sweep_curves_chart
from onelayer.reporting.page import render_report
from onelayer.reporting.sweep_curves import MOST_CURVES, sweep_curves_figure, trial_curves
from onelayer.reporting.sweep_pictures import sweep_pictures
from onelayer.reporting.theme import LIGHT
from onelayer.selection import SweepResult

EPOCHS = [1.0, 2.0, 3.0]


def trial(value, accuracy):
    found = {"validation_loss": 1.0, "validation_accuracy": accuracy, "standard_error": 0.01}
    return found | {"values": {"l2": value}, "status": "finished", "epochs": 3, "accuracy_interval": (0.1, 0.9)}


def curve(last, epochs=EPOCHS):
    return {"epochs": epochs, "accuracy": [last - 0.1 * (len(epochs) - 1 - place) for place in range(len(epochs))]}


def table(values, curves, chosen=2, one_se=3, **changes):
    """A sweep over l2 in which the curve at ``chosen`` is the highest."""
    trials = [trial(value, 0.9 if place == chosen else 0.8) for place, value in enumerate(values)]
    axes = [{"name": "l2", "values": list(values), "scale": "list"}]
    found = {"axes": axes, "trials": trials, "curves": curves, "chosen": trials[chosen], "one_se": trials[one_se]}
    counts = {"n_models": len(values), "n_diverged": 0, "n_folds": 1, "passes": 1, "seconds": 1.5}
    return SweepResult.check(found | counts | changes)


@pytest.fixture(scope="module")
def sweep():
    values = [0.001, 0.01, 0.1, 1.0, 10.0]
    return table(values, [curve(0.5 + place / 20) for place in range(5)])


def test_figure_has_each_curve_and_marks_the_choices(sweep):
    axes = sweep_curves_figure(sweep).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert len(axes.lines) == 5
    assert lines["chosen"].get_ydata().tolist() == pytest.approx([0.4, 0.5, 0.6])
    assert lines["chosen"].get_color() == LIGHT.held_out
    assert lines["one-standard-error choice"].get_ydata().tolist() == pytest.approx([0.45, 0.55, 0.65])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "other trials",
        "one-standard-error choice",
        "chosen",
    ]


def test_the_larger_the_value_the_darker_the_curve(sweep):
    others = [one for one in trial_curves(sweep) if one.kind == "other"]
    assert [one.trial.values["l2"] for one in others] == [0.001, 0.01, 10.0]
    shades = [one.opacity for one in others]
    assert shades == sorted(set(shades))
    assert (min(shades) > 0.2, max(shades) <= 1) == (True, True)


def test_values_without_an_order_have_one_shade():
    found = table(["hinge", "softmax", "sigmoid"], [curve(0.5)] * 3, chosen=0, one_se=0)
    assert {one.opacity for one in trial_curves(found) if one.kind == "other"} == {0.5}
    assert {to_hex(line.get_color()) for line in sweep_curves_figure(found).axes[0].lines[:-1]} == {LIGHT.muted}


def test_chart_shows_what_the_figure_does(sweep):
    lines, traces = sweep_curves_figure(sweep).axes[0].lines, sweep_curves_chart(sweep).traces
    assert [trace["name"] for trace in traces] == ["other", "other", "other", "one-se", "chosen"]
    for line, trace in zip(lines, traces, strict=True):
        assert trace["x"] == line.get_xdata().tolist()
        assert trace["y"] == pytest.approx(line.get_ydata().tolist())
        assert trace["opacity"] == line.get_alpha()
    assert traces[-1]["text"].startswith("l2 = 0.1<br><b>accuracy 90.00%</b>")


def test_of_very_many_some_are_drawn_and_the_message_says_so():
    n = 1000
    found = table([float(place) for place in range(n)], [curve(0.5)] * n, chosen=501, one_se=503)
    drawn = trial_curves(found)
    assert len(drawn) <= MOST_CURVES + 2
    assert [one.trial.values["l2"] for one in drawn[-2:]] == [503.0, 501.0]
    message = next(p.message for p in sweep_pictures(found) if p.name == "sweep-curves")
    assert message == f"Over its epochs the chosen goes from 30.0% to 50.0%; {len(drawn)} of 1,000 trials are drawn"


EMPTY = {"epochs": [], "accuracy": []}


@pytest.mark.parametrize("curves", [[], [curve(0.5, [1.0])] * 4, [curve(0.5), curve(0.5), EMPTY, curve(0.5)]])
def test_nothing_is_drawn_where_there_is_no_line(curves):
    found = table([0.1, 0.2, 0.3, 0.4], curves)
    assert "sweep-curves" not in {picture.name for picture in sweep_pictures(found)}


def test_a_curve_of_one_point_is_a_dot():
    found = table([0.1, 0.2, 0.3, 0.4], [curve(0.5, [1.0]), *[curve(0.6)] * 3])
    assert sweep_curves_chart(found).traces[0]["mode"] == "markers"
    assert sweep_curves_figure(found).axes[0].lines[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ([curve(0.5)] * 3, "not as many curves as trials"),
        ([{"epochs": [1.0], "accuracy": []}] * 4, "more of the one than of the other"),
        ([{"epochs": [1.0], "accuracy": [1.5]}] * 4, "less than or equal to 1"),
        ([{"epochs": ["1e400"], "accuracy": [0.5]}] * 4, "less than"),
    ],
)
def test_damaged_curves_are_refused(curves, message):
    with pytest.raises(InputError, match=message):
        table([0.1, 0.2, 0.3, 0.4], curves)


def test_report_shows_the_curves(make_data, sweep):
    page = render_report(make_data(sweep=sweep))
    assert "Over its epochs the chosen goes from 40.0% to 60.0%; all trials are drawn" in page
