from __future__ import annotations

import numpy as np
import pytest

from onelayer.figures import (
    Band,
    Rule,
    TrainingMark,
    accuracy_figure,
    compared_figure,
    loss_figure,
    trend_figure,
)
from onelayer.figures.curves import COMPARED, block_statistics
from onelayer.figures.matplotlib import draw
from onelayer.figures.plotly import chart
from onelayer.figures.scales import log_ticks


def series(figure, label):
    (found,) = [mark for mark in figure.panel.marks if getattr(mark, "label", "") == label]
    return found


def test_training_loss_is_averaged_over_ten_steps(history):
    found = series(loss_figure(history), "training, mean of 10 steps")
    np.testing.assert_allclose(found.y, history["batch_loss"].reshape(4, 10).mean(axis=1))
    np.testing.assert_allclose(found.x, [4.5, 14.5, 24.5, 34.5])


def test_the_band_reaches_a_deviation_up_and_down(history):
    (band,) = [mark for mark in loss_figure(history).panel.marks if isinstance(mark, Band)]
    blocks = history["batch_loss"].reshape(4, 10)
    np.testing.assert_allclose((band.high - band.low) / 2, blocks.std(axis=1))


@pytest.mark.parametrize(("steps", "blocks"), [(10_000, 1000), (10_001, 501), (1_000_000, 1000)])
def test_long_runs_have_at_most_a_thousand_blocks(steps, blocks):
    figure = loss_figure({"step": np.arange(steps), "batch_loss": np.ones(steps)})
    assert len(figure.panel.marks[1].x) == blocks


@pytest.mark.parametrize(("last", "is_log"), [(1.0, False), (0.01, True), (0.0, False), (-1.0, False)])
def test_losses_over_decades_stand_on_a_logarithmic_scale(last, is_log):
    figure = loss_figure({"step": np.arange(30), "batch_loss": np.repeat([2.0, 0.5, last], 10)})
    assert figure.panel.y.log == is_log
    assert draw(figure).axes[0].get_yscale() == ("log" if is_log else "linear")
    assert chart(figure)["layout"]["yaxis"].get("type") == ("log" if is_log else None)


def test_ticks_of_a_drawing_are_those_of_the_chart():
    figure = loss_figure({"step": np.arange(30), "batch_loss": np.repeat([2.0, 0.5, 0.01], 10)})
    drawn = [text.get_text() for text in draw(figure).axes[0].get_yticklabels()]
    assert drawn
    assert set(drawn) <= set(chart(figure)["layout"]["yaxis"]["ticktext"])


@pytest.mark.parametrize(("low", "high"), [(0.2, 3.0), (1e-3, 1e3), (1e-12, 1e12), (1e-30, 1e30), (1.0, 1.0)])
def test_there_are_not_too_many_ticks(low, high):
    ticks = log_ticks(low, high)
    assert 1 <= len(ticks) <= 12
    assert ticks[0][0] <= low


@pytest.mark.parametrize("n", [0, 1, 9, 10, 11, 25])
def test_block_statistics_are_those_of_each_block(n):
    values = np.random.default_rng(n).normal(size=n)
    blocks = [values[start : start + 10] for start in range(0, n, 10)]
    _, means, deviations = block_statistics(np.arange(n), values, 10)
    np.testing.assert_allclose(means, [block.mean() for block in blocks])
    np.testing.assert_allclose(deviations, [block.std() for block in blocks], atol=1e-15)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e308])
def test_a_block_with_a_loss_that_is_not_finite_is_left_out(bad):
    losses = np.array([1.0, 3.0] * 5 + [2.0, bad])
    figure = loss_figure({"step": np.arange(12), "batch_loss": losses})
    np.testing.assert_array_equal(series(figure, "training, mean of 10 steps").y, [2.0, np.nan])


@pytest.mark.parametrize(("key", "label"), [("train_accuracy", "training"), ("validation_accuracy", "validation")])
def test_accuracies_stand_at_their_validation_steps(history, key, label):
    found = series(accuracy_figure(history), label)
    np.testing.assert_array_equal(found.x, history["validation_step"])
    np.testing.assert_array_equal(found.y, history[key])


@pytest.mark.parametrize(("share", "is_drawn"), [(0.5, True), (0.25, True), (0.05, False), (None, False)])
def test_the_majority_share_is_drawn_unless_it_would_flatten_the_rest(history, share, is_drawn):
    figure = accuracy_figure(history, majority_share=share)
    rules = [mark.at for mark in figure.panel.marks if isinstance(mark, Rule)]
    assert rules == ([share] if is_drawn else [])
    assert ("dotted line" in figure.caption) == is_drawn


def test_marks_are_drawn_at_their_step_and_told_in_the_caption(history):
    figure = loss_figure(history, [TrainingMark(29, "best", "A note.")])
    assert series(figure, "best") == Rule("x", 29, "best")
    assert figure.caption.endswith(" A note.")


def test_steps_of_a_drawing_say_how_many_an_epoch_has(history):
    assert draw(loss_figure(history)).axes[0].get_xlabel() == "step (10 an epoch)"
    assert chart(loss_figure(history))["stepsPerEpoch"] == 10


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 4.0], "Squared norm of the weights goes from 1 to 4"),
        ([1.0, 1e-9], "Squared norm of the weights goes from 1 to almost 0"),
        ([2.0, 2.0], "Squared norm of the weights stays at 2"),
    ],
)
def test_trends_say_where_they_go(values, message):
    history = {"validation_step": np.arange(2), "weight_norm_squared": np.array(values)}
    assert trend_figure(history, "weight-norm").message == message


def test_nothing_to_draw_no_figure(history):
    assert loss_figure({}) is accuracy_figure({}) is trend_figure({}, "weight-norm") is None
    assert trend_figure({"learning_rate": np.array([1.0, np.nan]), "step": np.arange(2)}, "learning-rate") is None
    assert compared_figure([("a", {}), ("b", {"epoch": np.zeros(3)})], "validation-loss") is None


def test_a_run_without_the_column_has_no_line(history):
    assert len(compared_figure([("a", {}), ("b", history)], "validation-loss").panel.marks) == 1


@pytest.mark.parametrize("name", COMPARED)
def test_compared_runs_are_counted_in_epochs_and_keep_their_colour(history, name):
    whole = {**history, "weight_norm_squared": np.arange(4.0)}
    figure = compared_figure([("a", whole), ("none", {}), ("b", whole)], name)
    assert [mark.color for mark in figure.panel.marks] == ["run-0", "run-2"]
    assert figure.panel.marks[0].x[-1] == pytest.approx(3.55 if name == "batch-loss" else 4.0)


def test_runs_beyond_the_colours_are_told_apart_by_their_dashes(history):
    figure = compared_figure([(str(place), history) for place in range(15)], "validation-loss")
    assert len({(mark.color, mark.dash) for mark in figure.panel.marks}) == 15
