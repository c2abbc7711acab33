from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from onelayer.errors import InputError, OnelayerError
from onelayer.reporting.export import png_bytes
from onelayer.reporting.page import render_report
from onelayer.reporting.sweep import sweep_accuracy_figure, sweep_heat_map, sweep_loss_figure
from onelayer.reporting.sweep_pictures import sweep_pictures, sweep_statement, trial_rows
from onelayer.reporting.theme import DARK, LIGHT
from onelayer.selection import FoldFigures, Grid, SweepResult
from onelayer.selection.result import best_trial, simplest_trial, summarize
from onelayer.training import TrainingParameters


def table(grid: Grid, accuracy: Callable[..., float | None], n_folds: int = 1) -> dict:
    """A sweep's table as sweep.json has it; an accuracy of None means that the model diverged."""
    trials = []
    for values in grid.values():
        share = accuracy(**values)
        status = "finished" if share is not None else "diverged"
        loss = None if share is None else 2 - share
        trials.append(summarize(values, [FoldFigures(status, 10, 9, loss, share, 400)] * n_folds))
    simplest = simplest_trial(trials, grid.trials(TrainingParameters()))
    return SweepResult(grid.axes, tuple(trials), best_trial(trials), simplest, n_folds, 1, 1.5).to_dict()


ONE = Grid.parse(["l2=1e-4:1:log:5"])
TWO = Grid.parse(["l2=1e-4:1:log:5", "learning_rate=0.1,0.2,1e9"])


def of_l2(l2: float, learning_rate: float = 0.1) -> float | None:
    """Highest at 0.01; 0.1 is within a standard error of it."""
    if learning_rate == 1e9:
        return None if l2 == 1 else 0.1
    return {1e-4: 0.8, 1e-3: 0.85, 1e-2: 0.9, 1e-1: 0.89, 1.0: 0.3}[l2] - learning_rate / 10 + 0.01


@pytest.fixture(scope="module")
def one():
    return SweepResult.check(table(ONE, of_l2))


@pytest.fixture(scope="module")
def two():
    return SweepResult.check(table(TWO, of_l2, n_folds=3))


def line(figure, label: str):
    lines = {one.get_label(): one for one in figure.axes[0].lines}
    return list(lines[label].get_xdata()), list(lines[label].get_ydata())


@pytest.mark.parametrize("draw", [sweep_accuracy_figure, sweep_loss_figure])
def test_choices_are_marked_at_their_values(one, draw):
    figure = draw(one, "l2")
    assert line(figure, "chosen")[0] == [0.01]
    assert line(figure, "one-standard-error choice")[0] == [0.1]
    assert figure.axes[0].get_xscale() == "log"


def test_accuracy_has_each_value_with_its_error(one):
    bars = sweep_accuracy_figure(one, "l2").axes[0].containers[0]
    assert bars.lines[0].get_ydata().tolist() == pytest.approx([0.8, 0.85, 0.9, 0.89, 0.3])
    lengths = [np.ptp(segment[:, 1]) / 2 for segment in bars.lines[2][0].get_segments()]
    assert lengths == pytest.approx([trial.standard_error for trial in one.trials])


def test_line_of_one_standard_error(one):
    below = line(sweep_accuracy_figure(one, "l2"), "one standard error below the best")[1]
    assert below == pytest.approx([0.9 - np.sqrt(0.9 * 0.1 / 400)] * 2)


def test_best_of_the_other_parameter_is_drawn(two):
    bars = sweep_accuracy_figure(two, "learning_rate").axes[0].containers[0]
    assert bars.lines[0].get_ydata().tolist() == pytest.approx([0.9, 0.89, 0.1])


def test_diverged_values_are_crosses(two):
    assert line(sweep_loss_figure(two, "l2"), "some diverged")[0] == [1.0]


def test_single_choices_lie_evenly_without_a_line():
    found = SweepResult.check(table(Grid.parse(["loss=hinge,softmax,sigmoid"]), lambda loss: len(loss) / 10))
    axes = sweep_accuracy_figure(found, "loss").axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["hinge", "softmax", "sigmoid"]
    assert axes.containers[0].lines[0].get_linestyle() == "None"


def test_heat_map_has_each_cell_and_frames_the_choices(two):
    figure = sweep_heat_map(two)
    shown = figure.axes[0].images[0].get_array()
    assert shown.shape == (3, 5)
    assert shown[0].tolist() == pytest.approx([0.8, 0.85, 0.9, 0.89, 0.3])
    assert figure.axes[0].texts[-1].get_text() == "×"
    frames = [
        (round(p.get_x() + p.get_width() / 2), round(p.get_y() + p.get_height() / 2)) for p in figure.axes[0].patches
    ]
    chosen, one_se = ((TWO.axes[0].values.index(t.values["l2"]), 0) for t in (two.chosen, two.one_se))
    assert frames == [one_se, chosen]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_figures_are_on_the_themes_paper(two, theme):
    figures = [picture.draw(theme) for picture in sweep_pictures(two)]
    assert len(figures) == 5
    assert {to_hex(figure.get_facecolor()) for figure in figures} == {theme.paper}
    assert all(png_bytes(figure)[:4] == b"\x89PNG" for figure in figures)


def test_trials_without_a_finite_loss_are_left_out_of_its_figure():
    found = table(ONE, of_l2)
    for trial in found["trials"][:2]:
        trial["validation_loss"] = None
    pictures = {picture.name: picture for picture in sweep_pictures(SweepResult.check(found))}
    assert line(pictures["sweep-loss-l2"].draw(LIGHT), "loss")[0] == [0.01, 0.1, 1.0]


def test_statement_says_how_many_were_tried_and_that_the_best_of_many_is_too_high(two):
    lines = sweep_statement(two)
    assert "15 combinations on each of 3 folds (45 models) were tried, in 1 pass over the data" in lines[0]
    assert "1 diverged" in lines[0]
    assert "l2 = 0.01, learning_rate = 0.1" in lines[1]
    assert "the best of 15, this figure is on average too high; the test rows had no part in the choice" in lines[1]


def test_statement_where_the_chosen_is_the_simplest():
    found = SweepResult.check(table(Grid.parse(["l2=0.1,0.2"]), lambda l2: l2))
    assert sweep_statement(found)[2] == "Nothing simpler is within one standard error of it."


def test_table_has_the_best_first_and_marks_the_choices(one):
    heading, rows = trial_rows(one)
    assert heading[:2] == ["l2", "Accuracy"]
    assert [row[1] for row in rows] == ["90.00%", "89.00%", "85.00%", "80.00%", "30.00%"]
    assert [row[-1] for row in rows] == ["chosen", "one standard error", "", "", ""]


def test_report_of_a_swept_run_shows_the_sweep(make_data, one):
    page = render_report(make_data(sweep=one))
    assert page.count(">What was tried</h2>") == 1
    assert "5 combinations were tried" in page
    assert page.count("<td>chosen<") == page.count("<td>one standard error<") == 1


def test_report_of_another_run_does_not(make_data):
    assert "What was tried" not in render_report(make_data())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axes": []}, "sweep: axes"),
        ({"trials": []}, "sweep: trials"),
        ({"seconds": -1}, "sweep: seconds"),
        ({"chosen": None}, "must both be there"),
        ({"axes": [{"name": "../l2", "values": [1], "scale": "lin"}]}, "sweep: axes.0.name"),
        ({"axes": [{"name": "l2", "values": [0.0, 1], "scale": "log"}]}, "must be above 0"),
        ({"axes": [{"name": "l2", "values": ["a"], "scale": "lin"}]}, "must be numbers"),
        ({"trials": table(ONE, of_l2)["trials"][:2]}, "is not among the trials"),
        ({"axes": [{"name": "l2", "values": [7.0], "scale": "lin"}]}, "not those of the axes"),
        (
            {
                "one_se": {"values": {"l2": 0.01}, "status": "diverged", "epochs": 1}
                | dict.fromkeys(("validation_loss", "validation_accuracy", "accuracy_interval", "standard_error"))
            },
            "has no accuracy",
        ),
    ],
)
def test_damaged_tables_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        SweepResult.check(table(ONE, of_l2) | change)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None, max_examples=60)
@given(key=st.sampled_from(sorted(table(ONE, of_l2))), value=JSON)
def test_any_table_is_shown_or_refused(key, value):
    try:
        found = SweepResult.check(table(ONE, of_l2) | {key: value})
    except OnelayerError:
        return
    assert sweep_statement(found)
    assert trial_rows(found)
    assert [picture.draw(LIGHT) for picture in sweep_pictures(found)]
