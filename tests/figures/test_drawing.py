from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image

from onelayer.figures.drawing import Drawing, Print, both_bytes, png_bytes, svg_bytes

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
CORNERS = np.array([[RED, GREEN], [BLUE, BLACK]], np.uint8)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.fixture
def figure():
    """Lines, a band, markers, bars, texts and a patch with a clip of its own."""
    figure = Figure(figsize=(5, 4))
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    x = np.linspace(0, 10, 40)
    axes.fill_between(x, np.sin(x) - 0.2, np.sin(x) + 0.2, alpha=0.3)
    axes.plot(x, np.sin(x), "--o", label="sine")
    axes.plot([-50, 50], [0, 0])
    axes.bar([2, 4], [0.5, 0.7])
    axes.scatter([1, 2, 3], [0, 0.5, 1], s=[10, 50, 90])
    bars = axes.barh([-0.5], [9], height=0.6, color="green")
    bars[0].set_clip_path(Circle((5, -0.5), 2, transform=axes.transData))
    axes.set(xlim=(0, 10), xlabel="across", ylabel="up", title="all of it")
    axes.legend()
    return figure


def test_a_print_looks_as_matplotlib_draws_it(figure):
    drawing = Drawing(figure)
    left, _, _, top = drawing.extent.extents / 72
    found, whole = io.BytesIO(), io.BytesIO()
    Print(drawing, 0, "white").savefig(found, dpi=144)
    figure.savefig(whole, dpi=144)
    ours, theirs = pixels(found.getvalue()), pixels(whole.getvalue())
    first, start = len(theirs) - round(top * 144), round(left * 144)
    differences = np.abs(ours - theirs[first : first + ours.shape[0], start : start + ours.shape[1]])
    assert differences.mean() < 3  # edges and letters lie between other dots
    assert np.median(differences) == 0


@pytest.mark.parametrize("interpolation", ["none", "nearest"])
@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_images_stand_upright(interpolation, origin):
    figure = Figure(figsize=(2, 2))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(CORNERS if origin == "upper" else CORNERS[::-1], interpolation=interpolation, origin=origin)
    drawn = pixels(png_bytes(figure))
    height, width = drawn.shape[:2]
    found = drawn[[[height // 4], [height * 3 // 4]], [width // 4, width * 3 // 4]]
    np.testing.assert_array_equal(found, CORNERS)


def test_svg_has_images_as_they_are():
    figure = Figure(figsize=(2, 2))
    figure.add_axes((0, 0, 1, 1)).imshow(CORNERS, interpolation="none")
    (content,) = re.findall(rb'base64,\s*([^"]+)"', svg_bytes(figure))
    np.testing.assert_array_equal(pixels(base64.b64decode(content)), CORNERS)


def test_what_is_clipped_takes_no_room():
    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes((0.25, 0.25, 0.5, 0.5))
    axes.plot([-10, 10], [-10, 10], color="red", linewidth=5)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    np.testing.assert_allclose(Drawing(figure).extent.size, 144, atol=1)


def test_texts_take_the_room_of_their_letters():
    figure = Figure(figsize=(4, 4))
    figure.text(3, 3, "H" * 20, fontsize=20)  # far beyond the figure
    assert 20 * 10 < Drawing(figure).extent.width < 20 * 20
    drawn = pixels(png_bytes(figure))
    assert (drawn < 128).any()
    assert (drawn[[0, -1]] == 255).all()
    assert (drawn[:, [0, -1]] == 255).all()


def test_a_colour_scale_goes_from_its_lowest_colour_to_its_highest():
    figure = Figure(figsize=(2, 4))
    axes = figure.add_axes((0, 0, 1, 1))
    image = axes.imshow([[0, 1]], cmap="gray")
    image.set_visible(False)
    axes.set_axis_off()
    bar = figure.colorbar(image, cax=axes.inset_axes((0, 0, 1, 1)), ticks=[])
    bar.outline.set_visible(False)
    column = pixels(png_bytes(figure))[20:-20, 100, 0]
    assert (np.diff(column) <= 0).all()
    assert column[0] > 235
    assert column[-1] < 20


def test_a_figure_of_nothing_is_its_paper():
    assert pixels(png_bytes(Figure(figsize=(1, 1), facecolor="red"))).shape == (167, 167, 3)


def test_a_layout_makes_room_for_all_texts():
    figure = Figure(figsize=(6, 5), dpi=72, layout="constrained")
    for axes in figure.subplots(2, 2).ravel():
        axes.set(xlabel="across", ylabel="up", title="a part", yscale="log", ylim=(20, 90))
    drawing = Drawing(figure)
    texts = [text for axes in figure.axes for text in (axes.title, axes.xaxis.label, axes.yaxis.label)]
    boxes = [text.get_window_extent(drawing) for text in texts]
    boxes += [axes.get_window_extent(drawing) for axes in figure.axes]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_a_figure_can_be_drawn_again(figure):
    size, dpi = figure.get_size_inches().tolist(), figure.dpi
    assert both_bytes(figure) == (png_bytes(figure), svg_bytes(figure))
    assert (figure.get_size_inches().tolist(), figure.dpi) == (size, dpi)
