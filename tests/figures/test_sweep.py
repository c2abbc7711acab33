"""Figures of a sweep: what they show, in both renderers, and what each mark is called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from onelayer.errors import OnelayerError
from onelayer.figures import (
    DARK,
    LIGHT,
    Feet,
    Rule,
    sweep_accuracy_figure,
    sweep_curves_figure,
    sweep_loss_figure,
    sweep_matrix_figure,
)
from onelayer.figures.drawing import png_bytes
from onelayer.figures.matplotlib import draw
from onelayer.figures.plotly import chart
from onelayer.reporting.sections.sweep import sweep_figures, sweep_statement, trial_table
from onelayer.selection import SweepResult

VALUES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
ACCURACIES = [0.8, 0.85, 0.9, 0.89, 0.3]


def marks(figure):
    return {getattr(mark, "label", ""): mark for mark in figure.panel.marks}


@pytest.mark.parametrize("make", [sweep_accuracy_figure, sweep_loss_figure])
def test_choices_are_marked_at_their_values(one, make):
    found = marks(make(one, "l2"))
    assert found["chosen"].x.tolist() == [0.01]
    assert found["one-standard-error choice"].x.tolist() == [0.1]


@pytest.mark.parametrize("make", [sweep_accuracy_figure, sweep_loss_figure])
def test_both_renderers_have_the_scale_of_the_values(one, make):
    figure = make(one, "l2")
    assert draw(figure).axes[0].get_xscale() == "log"
    assert chart(figure)["layout"]["xaxis"]["type"] == "log"


def test_accuracy_has_each_value_with_its_error_in_both(one):
    figure = sweep_accuracy_figure(one, "l2")
    best = marks(figure)["accuracy ± standard error"]
    assert (best.x.tolist(), best.y.tolist()) == (VALUES, ACCURACIES)
    np.testing.assert_allclose(best.high - best.low, 0.02)
    drawn = draw(figure).axes[0].containers[0]
    assert drawn.lines[0].get_ydata().tolist() == ACCURACIES
    np.testing.assert_allclose([np.ptp(segment[:, 1]) for segment in drawn.lines[2][0].get_segments()], 0.02)
    trace = chart(figure)["data"][0]
    assert (trace["x"], trace["y"], trace["error_y"]["array"]) == (VALUES, ACCURACIES, [0.01] * 5)


def test_line_of_one_standard_error(one):
    (rule,) = [mark for mark in sweep_accuracy_figure(one, "l2").panel.marks if isinstance(mark, Rule)]
    assert rule.at == pytest.approx(0.89)


def test_best_of_the_other_parameter_is_drawn(two):
    best = marks(sweep_accuracy_figure(two, "learning_rate"))["best at each learning_rate, ± standard error"]
    assert best.y.tolist() == [0.9, 0.8]


def test_the_pointer_finds_what_a_trial_is(one):
    words = marks(sweep_accuracy_figure(one, "l2"))["chosen"].words
    assert words == ["l2 = 0.01\naccuracy 90.00% ± 1.00%\nloss 1.1\n10 epochs"]


def test_diverged_values_are_crosses_at_the_foot(two):
    (feet,) = [mark for mark in sweep_loss_figure(two, "l2").panel.marks if isinstance(mark, Feet)]
    assert feet.x.tolist() == VALUES
    assert marks(sweep_accuracy_figure(two, "learning_rate"))["some diverged"].x.tolist() == [2.0]


def test_single_choices_lie_evenly_without_a_line(make_sweep, make_trial):
    names = ["hinge", "softmax", "sigmoid", "logistic"]
    axes = [{"name": "loss", "values": names, "scale": "list"}]
    found = make_sweep(axes, [make_trial({"loss": name}, len(name) / 10) for name in names])
    figure = sweep_accuracy_figure(found, "loss")
    assert [text.get_text() for text in draw(figure).axes[0].get_xticklabels()] == names
    assert marks(figure)["accuracy ± standard error"].width == 0
    assert sweep_loss_figure(found, "loss") is None


def test_matrix_has_each_cell_and_frames_the_choices(two):
    figure = sweep_matrix_figure(two)
    np.testing.assert_allclose(figure.panel.values, [ACCURACIES, np.subtract(ACCURACIES, 0.1), [np.nan] * 5])
    assert [(frame.row, frame.column, frame.dash) for frame in figure.panel.frames] == [(0, 3, "dash"), (0, 2, "solid")]
    assert figure.panel.texts[0] == ["80.0", "85.0", "90.0", "89.0", "30.0"]
    assert figure.panel.texts[2] == ["×"] * 5
    assert draw(figure).axes[0].images[0].get_array().shape == (3, 5)


def test_cells_of_a_large_matrix_are_not_written_in(make_sweep, make_trial):
    values = np.linspace(0.1, 1, 60).tolist()
    axes = [{"name": name, "values": values, "scale": "lin"} for name in ("l2", "momentum")]
    found = make_sweep(axes, [make_trial({"l2": v, "momentum": v}, v / 2) for v in values])
    assert not any(text for row in sweep_matrix_figure(found).panel.texts for text in row)


def test_colours_are_those_of_models_that_learnt_something(make_sweep, make_trial):
    accuracies = [0.1, 0.88, 0.9, 0.89, 0.87]
    axes = [{"name": "l2", "values": VALUES, "scale": "log"}, {"name": "momentum", "values": [0.5], "scale": "list"}]
    trials = [make_trial({"l2": v, "momentum": 0.5}, a) for v, a in zip(VALUES, accuracies, strict=True)]
    assert sweep_matrix_figure(make_sweep(axes, trials)).panel.low == pytest.approx(2 * 0.88 - 0.9)


def test_only_so_many_dots_are_drawn(make_sweep, make_trial):
    values = np.linspace(0.001, 1, 5000).tolist()
    axes = [{"name": "l2", "values": values, "scale": "lin"}, {"name": "momentum", "values": [0.5], "scale": "list"}]
    found = make_sweep(axes, [make_trial({"l2": v, "momentum": 0.5}, 0.1 + v / 2) for v in values])
    assert len(marks(sweep_accuracy_figure(found, "l2"))["other trials"].x) <= 2000


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_drawings_are_on_the_themes_paper(two, theme):
    drawn = [draw(figure, theme) for figure in sweep_figures(two)]
    assert len(drawn) == 5
    assert {to_hex(one.get_facecolor()) for one in drawn} == {theme.paper}
    assert all(png_bytes(one)[:4] == b"\x89PNG" for one in drawn)


def test_trials_without_a_finite_loss_are_left_out_of_its_figure(make_sweep, make_trial):
    trials = [make_trial({"l2": v}, a) for v, a in zip(VALUES, ACCURACIES, strict=True)]
    for trial in trials[:2]:
        trial["validation_loss"] = None
    found = make_sweep([{"name": "l2", "values": VALUES, "scale": "log"}], trials)
    assert marks(sweep_loss_figure(found, "l2"))["loss"].x.tolist() == [0.01, 0.1, 1.0]


# Learning curves.

EPOCHS = [1.0, 2.0, 3.0]


def curve(last, epochs=EPOCHS):
    return {"epochs": epochs, "accuracy": [last - 0.1 * (len(epochs) - 1 - place) for place in range(len(epochs))]}


@pytest.fixture
def with_curves(make_sweep, make_trial):
    """Return a maker of sweeps over l2 in which the curve at ``chosen`` is the highest."""

    def make(values, curves, chosen=2, one_se=3):
        trials = [make_trial({"l2": value}, 0.9 if place == chosen else 0.8) for place, value in enumerate(values)]
        axes = [{"name": "l2", "values": list(values), "scale": "list"}]
        return make_sweep(axes, trials, chosen, one_se, curves=curves)

    return make


@pytest.fixture
def curved(with_curves):
    return with_curves([0.001, 0.01, 0.1, 1.0, 10.0], [curve(0.5 + place / 20) for place in range(5)])


def test_figure_has_each_curve_and_marks_the_choices(curved):
    found = sweep_curves_figure(curved).panel.marks
    assert [mark.label for mark in found] == ["other trials"] * 3 + ["one-standard-error choice", "chosen"]
    assert found[-1].y.tolist() == pytest.approx([0.4, 0.5, 0.6])
    assert (found[-1].color, found[-2].dash) == ("held-out", "dash")
    assert found[-2].y.tolist() == pytest.approx([0.45, 0.55, 0.65])


def test_each_kind_of_curve_is_named_once(curved):
    legend = draw(sweep_curves_figure(curved)).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["other trials", "one-standard-error choice", "chosen"]


def test_the_larger_the_value_the_darker_the_curve(curved):
    shades = [mark.opacity for mark in sweep_curves_figure(curved).panel.marks[:3]]
    assert shades == sorted(set(shades))
    assert (min(shades) > 0.2, max(shades) <= 1) == (True, True)


def test_values_without_an_order_have_one_shade(with_curves):
    found = with_curves(["hinge", "softmax", "sigmoid"], [curve(0.5)] * 3, chosen=0, one_se=0)
    assert {(mark.opacity, mark.color) for mark in sweep_curves_figure(found).panel.marks[:-1]} == {(0.5, "muted")}


def test_both_renderers_draw_the_same_curves(curved):
    figure = sweep_curves_figure(curved)
    lines, traces = draw(figure).axes[0].lines, chart(figure)["data"]
    for line, trace in zip(lines, traces, strict=True):
        assert trace["x"] == line.get_xdata().tolist()
        assert trace["y"] == pytest.approx(line.get_ydata().tolist())
        assert trace["opacity"] == line.get_alpha()
    assert traces[-1]["text"].startswith("l2 = 0.1<br>accuracy 90.00%")


def test_of_very_many_some_are_drawn_and_the_message_says_so(with_curves):
    n = 1000
    figure = sweep_curves_figure(with_curves(list(map(float, range(n))), [curve(0.5)] * n, chosen=501, one_se=503))
    drawn = len(figure.panel.marks)
    assert drawn <= 62
    assert figure.message == f"Over its epochs the chosen goes from 30.0% to 50.0%; {drawn} of 1,000 trials are drawn"


EMPTY = {"epochs": [], "accuracy": []}


@pytest.mark.parametrize("curves", [[], [curve(0.5, [1.0])] * 4, [curve(0.5), curve(0.5), EMPTY, curve(0.5)]])
def test_nothing_is_drawn_where_there_is_no_line(with_curves, curves):
    assert sweep_curves_figure(with_curves([0.1, 0.2, 0.3, 0.4], curves)) is None


def test_a_curve_of_one_point_is_a_dot(with_curves):
    figure = sweep_curves_figure(with_curves([0.1, 0.2, 0.3, 0.4], [curve(0.5, [1.0]), *[curve(0.6)] * 3]))
    assert figure.panel.marks[0].symbol == "dot"
    assert draw(figure).axes[0].lines[0].get_marker() == "o"


# Whatever a file holds.

TABLE = {
    "axes": [{"name": "l2", "values": VALUES, "scale": "log"}],
    "trials": [
        {
            "values": {"l2": value},
            "status": "finished",
            "epochs": 10,
            "validation_loss": 2 - accuracy,
            "validation_accuracy": accuracy,
            "accuracy_interval": (accuracy - 0.02, accuracy + 0.02),
            "standard_error": 0.01,
        }
        for value, accuracy in zip(VALUES, ACCURACIES, strict=True)
    ],
    "curves": [curve(0.5)] * 5,
    "n_folds": 1,
    "passes": 1,
    "seconds": 1.5,
}
TABLE |= {"chosen": TABLE["trials"][2], "one_se": TABLE["trials"][3]}

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def all_is_drawn(table):
    try:
        found = SweepResult.check(table)
    except OnelayerError:
        return
    assert trial_table(found).rows
    if not found.interrupted:
        assert sweep_statement(found)
        assert [(draw(figure), chart(figure)) for figure in sweep_figures(found)]


@settings(deadline=None, max_examples=60)
@given(key=st.sampled_from(sorted(TABLE)), value=JSON)
def test_any_table_is_shown_or_refused(key, value):
    all_is_drawn(TABLE | {key: value})


@settings(deadline=None, max_examples=40)
@given(values=st.lists(st.floats(), min_size=5, max_size=5), scale=st.sampled_from(["log", "lin", "list"]))
def test_any_values_are_shown_or_refused(values, scale):
    trials = [trial | {"values": {"l2": value}} for trial, value in zip(TABLE["trials"], values, strict=True)]
    axes = [{"name": "l2", "values": values, "scale": scale}]
    all_is_drawn(TABLE | {"axes": axes, "trials": trials, "chosen": trials[2], "one_se": trials[3]})
