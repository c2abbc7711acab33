"""Drawings for files: names of any kind, equal bytes, colours, and nothing cut off."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from onelayer.errors import InputError
from onelayer.evaluation import Confusion
from onelayer.figures import (
    DARK,
    LIGHT,
    Axis,
    Band,
    Bars,
    Feet,
    Figure,
    Mosaic,
    Plot,
    Rule,
    Series,
    TrainingMark,
    accuracy_figure,
    confusion_figure,
    loss_figure,
    recall_figure,
    weights_figure,
)
from onelayer.figures.drawing import png_bytes, svg_bytes
from onelayer.figures.images import weight_limit, weight_palette, weight_pixels
from onelayer.figures.matplotlib import draw
from onelayer.figures.plotly import chart
from onelayer.figures.theme import contrast, palette, rgb

HOSTILE = ["</script><img onerror=…>", "[/red]", "$\\frac{$", "caf\udce9\x00\n", "猫", "--> ]]>"]
COUNTS = Confusion.of_matrix([[9, 1, 0], [0, 10, 0], [5, 0, 15]])


@pytest.fixture(scope="module")
def figures(history):
    weights = np.linspace(-1, 1, 3 * 4 * 5).reshape(3, 4, 5, 1)
    return [
        loss_figure(history, [TrainingMark(29, "kept")]),
        accuracy_figure(history, majority_share=0.5),
        confusion_figure(COUNTS, ["cat", "dog", "owl"]),
        recall_figure(COUNTS, ["cat", "dog", "owl"]),
        weights_figure(weights, ["cat", "dog", "owl"]),
    ]


@pytest.fixture(scope="module")
def hostile():
    confusion = Confusion.of_matrix(np.eye(6, dtype=int))
    pictures = np.ones((6, 4, 4, 3))
    mosaic = Mosaic(np.zeros((6, 4, 4, 3), np.uint8), [name.replace("\udce9", "") for name in HOSTILE], 3)
    return [
        confusion_figure(confusion, HOSTILE),
        recall_figure(confusion, HOSTILE),
        weights_figure(pictures, HOSTILE),
        Figure("mosaic", "", "", mosaic),
    ]


def test_every_mark_is_drawn_once_and_named_once():
    x = np.arange(3.0)
    marks = [
        Series(x, x, "line"),
        Series(x, x, "line"),
        Series(x, x, "dots", width=0, symbol="dot"),
        Series(x, x, "sized", symbol="dot", size=np.arange(3) + 2.0),
        Band(x, x - 1, x + 1),
        Rule("x", 1.0, "rule"),
        Rule("y", 1.0),
        Feet(x, "feet"),
    ]
    axes = draw(Figure("f", "", "", Plot(marks, Axis("across"), Axis("up")))).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["line", "dots", "sized", "rule", "feet"]
    assert len(axes.lines) == 7
    assert len(axes.collections) == 2  # the band, and dots of several sizes


def test_bars_begin_where_others_end():
    bars = [Bars(np.arange(2), np.array([5, 3])), Bars(np.arange(2), np.array([2, 1]), np.array([5, 3]))]
    figure = Figure("f", "", "", Plot(bars))
    patches = draw(figure).axes[0].patches
    assert [(bar.get_x(), bar.get_width()) for bar in patches] == [(0, 5), (0, 3), (5, 2), (3, 1)]
    assert [trace.get("base") for trace in chart(figure)["data"]] == [None, [5, 3]]


def test_all_weights_have_the_colours_of_one_symmetric_scale():
    images = np.random.default_rng(0).normal(size=(3, 20, 20, 1)) * np.array([1, 2, 3])[:, None, None, None]
    figure = weights_figure(images, ["a", "b", "c"])
    assert figure.panel.limit == weight_limit(images)
    for image, drawn in zip(images, draw(figure).axes[0].images[:3], strict=True):
        np.testing.assert_array_equal(drawn.get_array(), weight_pixels(image, weight_limit(images)))


def test_the_scale_of_weights_is_drawn_beside_them():
    axes = draw(weights_figure(np.full((1, 4, 4, 1), 0.5), ["a"])).axes[0]
    assert axes.images[-1].get_clim() == (-0.5, 0.5)
    assert len(axes.child_axes) == 1


def test_colour_weights_are_grey_at_zero_and_full_at_the_limit():
    images = np.zeros((1, 2, 2, 3))
    images[0, 0, 0] = [1, -1, 0]
    drawn = draw(weights_figure(images, ["a"])).axes[0].images[0].get_array()
    np.testing.assert_array_equal(drawn[0, 0], [255, 0, 128])
    np.testing.assert_array_equal(drawn[1, 1], 128)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_weights_go_from_the_lowest_colour_through_the_paper_to_the_highest(theme):
    found = weight_pixels(np.array([[[-2.0], [-1.0], [0.0], [1.0], [2.0]]]), 1.0, theme)[0] / 255
    ends = [rgb(color) for color in (theme.negative, theme.paper, theme.positive)]
    np.testing.assert_allclose(found[[0, 1, 3, 4]], [ends[0], ends[0], ends[2], ends[2]], atol=1 / 255)
    np.testing.assert_allclose(found[2], ends[1], atol=2 / 255)


@pytest.mark.parametrize("colors", [("#000000", "#ffffff"), ("#ff0000", "#00ff00", "#0000ff")])
def test_shades_are_those_of_matplotlib(colors):
    expected = mpl.colors.LinearSegmentedColormap.from_list("", colors)(np.arange(256))[:, :3]
    np.testing.assert_allclose(palette(*colors), expected, atol=1e-12)


def test_the_palette_of_weights_is_its_shades():
    np.testing.assert_array_equal(weight_palette(DARK), np.rint(DARK.diverging * 255))


def test_a_single_extreme_weight_does_not_set_the_scale():
    images = np.ones(1000)
    images[0] = 1e6
    assert weight_limit(images) == 1


@pytest.mark.parametrize("shape", [(2, 4, 4), (2, 4, 4, 2)])
def test_weights_of_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="weight pictures need shape"):
        weights_figure(np.zeros(shape), ["a", "b"])


def test_pictures_stand_in_their_places():
    images = np.arange(1, 4, dtype=np.uint8)[:, None, None, None] * np.ones((3, 8, 8, 1), np.uint8)
    mosaic = Mosaic(images, ["a", "", "c"], 2, places=np.array([0, 1, 3]))
    axes = draw(Figure("m", "", "", mosaic)).axes[0]
    canvas = axes.images[0].get_array()
    left = canvas[:, : canvas.shape[1] // 2]
    assert set(canvas[left.shape[0] // 2 :, : left.shape[1]][..., 3].ravel().tolist()) == {0}  # place 2 is empty
    assert set(canvas[..., 0][canvas[..., 3] > 0].tolist()) == {1, 2, 3}
    assert [text.get_text() for text in axes.texts] == ["a", "c"]


@pytest.mark.parametrize("save", [png_bytes, svg_bytes])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_hostile_names_are_drawn(hostile, save, place):
    assert save(draw(hostile[place]))


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_hostile_names_make_no_elements_in_svg(hostile, place):
    text = svg_bytes(draw(hostile[place])).decode()
    assert not re.search(r"<(script|img|image [^>]*href=\"http)", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))


def test_texts_are_no_formulas():
    bad = "$\\frac{$"
    mark = Series(np.arange(2.0), np.arange(2.0), bad)
    axis = Axis(bad, ticks=[(0.0, bad)])
    assert png_bytes(draw(Figure("f", "", "", Plot([mark, Rule("x", 0.5, bad), Feet(np.zeros(1), bad)], axis, axis))))


@pytest.mark.parametrize("save", [png_bytes, svg_bytes])
def test_equal_figures_give_equal_bytes(figures, save):
    first, second = ([save(draw(figure)) for figure in figures] for _ in range(2))
    assert first == second


def test_svg_has_no_date(figures):
    assert b"dc:date" not in svg_bytes(draw(figures[0]))


def test_drawing_leaves_the_settings_of_matplotlib_alone(figures):
    before = dict(mpl.rcParams)
    for figure in figures:
        svg_bytes(draw(figure, DARK))
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "least"), [("ink", 7), ("muted", 4.5), ("train", 3), ("held-out", 3), ("third", 3)])
def test_colours_stand_out_from_the_paper(theme, name, least):
    assert contrast(rgb(theme.color(name)), rgb(theme.paper)) >= least


@pytest.mark.parametrize("k", [2, 10, 15, 45])
def test_long_names_are_not_cut_off(k):
    confusion = Confusion.of_matrix(np.eye(k, dtype=int))
    drawn = draw(confusion_figure(confusion, ["a name that is rather long"] * k))
    pixels = np.asarray(Image.open(io.BytesIO(png_bytes(drawn))).convert("L"))
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
    for figure in (loss_figure(history, [TrainingMark(2, "stopped")]), accuracy_figure(history)):
        if figure is not None:
            assert figure.message.isprintable()
            assert png_bytes(draw(figure))
            assert chart(figure)["data"]
