from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from onelayer.errors import InputError
from onelayer.evaluation import RunFigures
from onelayer.reporting.confusion import confusion_figure, row_rates
from onelayer.reporting.curves import Mark, accuracy_figure, block_statistics, loss_figure
from onelayer.reporting.data import ReportData
from onelayer.reporting.export import png_bytes, svg_bytes
from onelayer.reporting.pictures import class_pictures, curve_pictures, training_marks, weight_pictures
from onelayer.reporting.recalls import Recalls, recall_figure
from onelayer.reporting.theme import DARK, LIGHT, contrast
from onelayer.reporting.weights import weight_figure, weight_limit, weight_pixels

HOSTILE = ["</script><img onerror=…>", "[/red]", "$\\frac{$", "caf\udce9\x00\n", "猫", "--> ]]>"]


def line(figure: Figure, label: str) -> np.ndarray:
    (found,) = [drawn for drawn in figure.axes[0].lines if drawn.get_label() == label]
    return found.get_xydata()


def test_training_loss_is_averaged_over_ten_steps(history):
    points = line(loss_figure(history), "training, mean of 10 steps")
    np.testing.assert_allclose(points[:, 1], history["batch_loss"].reshape(4, 10).mean(axis=1))
    np.testing.assert_allclose(points[:, 0], [4.5, 14.5, 24.5, 34.5])


@pytest.mark.parametrize(("steps", "blocks"), [(10_000, 1000), (10_001, 501), (1_000_000, 1000)])
def test_long_runs_have_at_most_a_thousand_blocks(steps, blocks):
    figure = loss_figure({"step": np.arange(steps), "batch_loss": np.ones(steps)})
    assert len(figure.axes[0].lines[0].get_xdata()) == blocks


@pytest.mark.parametrize(("last", "scale"), [(1.0, "linear"), (0.01, "log"), (0.0, "linear"), (-1.0, "linear")])
def test_losses_over_decades_stand_on_a_logarithmic_scale(last, scale):
    losses = np.repeat([2.0, 0.5, last], 10)
    assert loss_figure({"step": np.arange(30), "batch_loss": losses}).axes[0].get_yscale() == scale


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
    points = line(loss_figure({"step": np.arange(12), "batch_loss": losses}), "training, mean of 10 steps")
    np.testing.assert_array_equal(points[:, 1], [2.0, np.nan])


@pytest.mark.parametrize(("key", "label"), [("train_accuracy", "training"), ("validation_accuracy", "validation")])
def test_accuracies_stand_at_their_validation_steps(history, key, label):
    points = line(accuracy_figure(history), label)
    np.testing.assert_array_equal(points, np.stack([history["validation_step"], history[key]], axis=1))


def test_the_majority_share_is_drawn_to_compare_with(history):
    points = line(accuracy_figure(history, majority_share=0.5), "majority class")
    np.testing.assert_array_equal(points[:, 1], 0.5)


def test_marks_are_drawn_at_their_step(history):
    points = line(loss_figure(history, [Mark(29, "best")]), "best")
    np.testing.assert_array_equal(points[:, 0], 29)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, Mark(29, "best validation loss")),
        ({"keep": "best"}, Mark(29, "weights kept")),
        ({"monitor": "validation_accuracy"}, Mark(19, "best validation accuracy")),
    ],
)
def test_the_best_validation_is_that_of_the_monitored_figure(make_data, config, expected):
    assert training_marks(make_data(config=config)) == [expected, Mark(39, "stopped early")]


def test_no_early_stopping_no_mark_of_it(make_data):
    assert training_marks(make_data(config={"monitor": 3}, metrics={"stopped_epoch": None})) == []


def test_confusion_cells_have_count_and_share():
    figure = confusion_figure(np.array([[9, 1], [0, 4]]), ["a", "b"])
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert cells == {(0, 0): "9\n90%", (1, 0): "1\n10%", (1, 1): "4\n100%"}


def test_confusion_is_coloured_by_the_share_of_the_true_class():
    counts = np.array([[6, 2], [5, 15]])
    np.testing.assert_array_equal(
        confusion_figure(counts, ["a", "b"]).axes[0].images[0].get_array(), [[0.75, 0.25], [0.25, 0.75]]
    )


@pytest.mark.parametrize("split", ["validation", "test"])
def test_words_name_the_rows_that_were_evaluated(make_data, split):
    confusion, recall = class_pictures(make_data(metrics={"evaluated_on": split}))
    assert f"34 of 40 {split} rows" in confusion.message
    assert f"each class's {split} rows" in recall.caption


def test_a_class_without_rows_has_no_rates():
    np.testing.assert_array_equal(row_rates(np.array([[0, 0], [1, 3]])), [[0, 0], [0.25, 0.75]])


def test_recall_intervals_are_drawn_to_their_ends():
    ends = np.array([[0.7, 0.97], [0.2, 0.8]])
    figure = recall_figure(Recalls(np.array([0.9, 0.5]), ends, np.array([30, 8]), 0.8), ["a", "b"])
    (bars,) = [lines for lines in figure.axes[0].collections if len(lines.get_segments()) == 2]
    np.testing.assert_allclose([segment[:, 0] for segment in bars.get_segments()], ends)


def test_of_many_classes_those_with_the_lowest_recall_are_shown():
    recalls = np.linspace(1, 0, 40)
    ends = np.stack([recalls, recalls], axis=1)
    figure = recall_figure(Recalls(recalls, ends, np.ones(40, int), 0.5), [f"c{i}" for i in range(40)])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [f"c{i} (1)" for i in range(39, 9, -1)]


def test_all_weights_share_one_symmetric_scale():
    images = np.random.default_rng(0).normal(size=(3, 20, 20, 1)) * np.array([1, 2, 3])[:, None, None, None]
    limits = {image.get_clim() for image in weight_figure(images, ["a", "b", "c"]).axes[0].images}
    assert limits == {(-weight_limit(images), weight_limit(images))}


def test_colour_weights_are_grey_at_zero_and_full_at_the_limit():
    images = np.zeros((1, 2, 2, 3))
    images[0, 0, 0] = [1, -1, 0]
    drawn = weight_figure(images, ["a"]).axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn[0, 0], [255, 0, 128])
    np.testing.assert_array_equal(drawn[1, 1], 128)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_weights_have_the_colours_of_the_scale(theme):
    image = np.linspace(-1.2, 1.2, 5000).reshape(1, -1, 1)
    expected = theme.diverging(np.clip(0.5 + image[..., 0] / 2, 0, 1), bytes=True)[..., :3]
    np.testing.assert_array_equal(weight_pixels(image, 1.0, theme), expected)


def test_a_single_extreme_weight_does_not_set_the_scale():
    images = np.ones(1000)
    images[0] = 1e6
    assert weight_limit(images) == 1


@pytest.mark.parametrize("shape", [(2, 4, 4), (2, 4, 4, 2)])
def test_weights_of_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="weight pictures need shape"):
        weight_figure(np.zeros(shape), ["a", "b"])


def test_two_classes_have_one_weight_picture():
    (picture,) = weight_pictures(
        ReportData("T", {}, RunFigures(), {}, ["two", "three"], weight_images=np.ones((1, 4, 4, 1)))
    )
    assert picture.message == "Weights of three against two as 4 × 4 pixels, on a scale of ±1"
    assert [text.get_text() for text in picture.draw(LIGHT).axes[0].texts] == ["three against two"]


@pytest.fixture
def hostile_pictures(make_data):
    data = make_data(class_names=HOSTILE, metrics={"evaluation": {"confusion": np.eye(6, dtype=int).tolist()}},
        weight_images=np.ones((6, 4, 4, 3)))  # fmt: skip
    return [*class_pictures(data), *weight_pictures(data)]


@pytest.mark.parametrize("save", [png_bytes, svg_bytes])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_hostile_names_are_drawn(hostile_pictures, save, place):
    assert save(hostile_pictures[place].draw(LIGHT))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_hostile_names_make_no_elements_in_svg(hostile_pictures, place):
    text = svg_bytes(hostile_pictures[place].draw(LIGHT)).decode()
    assert not re.search(r"<(script|img|image [^>]*href=\"http)", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("save", [png_bytes, svg_bytes])
def test_equal_figures_give_equal_bytes(make_data, save):
    first, second = (
        [
            save(picture.draw(LIGHT))
            for picture in [*curve_pictures(data), *class_pictures(data), *weight_pictures(data)]
        ]
        for data in (make_data(), make_data())
    )
    assert first == second


def test_svg_has_no_date(history):
    assert b"dc:date" not in svg_bytes(loss_figure(history))


def test_drawing_leaves_the_settings_of_matplotlib_alone(make_data):
    before = dict(mpl.rcParams)
    for picture in curve_pictures(make_data()):
        svg_bytes(picture.draw(DARK))
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "least"), [("ink", 7), ("muted", 4.5), ("train", 3), ("held_out", 3)])
def test_colours_stand_out_from_the_paper(theme, name, least):
    assert contrast(to_rgb(getattr(theme, name)), to_rgb(theme.paper)) >= least


@pytest.mark.parametrize("k", [2, 10, 15, 45])
def test_long_names_are_not_cut_off(k):
    figure = confusion_figure(np.eye(k, dtype=int), ["a name that is rather long"] * k)
    pixels = np.asarray(Image.open(io.BytesIO(png_bytes(figure))).convert("L"))
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    assert all((edge == 255).all() for edge in edges)


NUMBERS = st.floats(allow_subnormal=False) | st.sampled_from([0.0, 1e308, -1e308, 1e-308])


@pytest.mark.slow
@settings(deadline=None, max_examples=40, phases=[Phase.generate])  # shrinking draws for minutes
@given(hnp.arrays(float, st.integers(0, 25), elements=NUMBERS), hnp.arrays(float, 3, elements=NUMBERS))
def test_whatever_the_losses_are_they_are_drawn(losses, validation_losses):
    history = {
        "step": np.arange(len(losses)),
        "epoch": np.arange(len(losses)) // 10,
        "batch_loss": losses,
        "validation_step": np.arange(3),
        "validation_loss": validation_losses,
        "validation_accuracy": validation_losses,
    }
    for picture in curve_pictures(ReportData("T", {}, RunFigures(stopped_epoch=2), history, ["a", "b"])):
        assert picture.message.isprintable()
        assert png_bytes(picture.draw(LIGHT))
