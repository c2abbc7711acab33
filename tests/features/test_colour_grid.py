"""Colour grids equal NumPy's histograms of each cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import ConfigError, InputError
from onelayer.features import ColourGrid
from onelayer.features.colour_grid import colour_histograms


def numpy_histograms(images, bins, grid, square_root, value_range):
    """Cell by cell, image by image, by np.histogramdd."""
    _, height, width, channels = images.shape
    clipped = np.clip(images.astype(np.float64), *value_range)
    rows = []
    for image in clipped:
        cells = []
        for r in range(grid[0]):
            for c in range(grid[1]):
                inside = [y for y in range(height) if y * grid[0] // height == r]
                across = [x for x in range(width) if x * grid[1] // width == c]
                pixels = image[np.ix_(inside, across)].reshape(-1, channels)
                counts, _ = np.histogramdd(pixels, bins=[bins] * channels, range=[value_range] * channels)
                cells.append(counts.ravel() / len(pixels))
        rows.append(np.concatenate(cells))
    shares = np.array(rows)
    return np.sqrt(shares) if square_root else shares


@st.composite
def cases(draw):
    grid = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    shape = (
        draw(st.integers(1, 3)),
        grid[0] + draw(st.integers(0, 9)),
        grid[1] + draw(st.integers(0, 9)),
        draw(st.integers(1, 4)),
    )
    return shape, {"bins": draw(st.integers(1, 5)), "grid": grid, "square_root": draw(st.booleans())}


@given(case=cases(), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=100)
def test_equals_numpy_on_random_floats(case, seed):
    shape, parameters = case
    images = np.random.default_rng(seed).normal(0.5, 0.5, shape)  # some darker than black, some brighter than white
    expected = numpy_histograms(images, **parameters, value_range=(0.0, 1.0))
    np.testing.assert_allclose(
        colour_histograms(images, **parameters, value_range=(0.0, 1.0)), expected, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("bins", [1, 2, 4, 8])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("value_range", [(0.0, 255.0), (0.0, 16.0)])
def test_equals_numpy_on_bytes(bins, channels, value_range):
    images = np.random.default_rng(0).integers(0, 256, (5, 9, 7, channels), dtype=np.uint8)
    images[0], images[1] = 0, 255  # black and white
    found = colour_histograms(images, bins=bins, value_range=value_range)
    expected = numpy_histograms(images, bins, (2, 2), True, value_range)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    floats = colour_histograms(images.astype(np.float32), bins=bins, value_range=value_range)
    np.testing.assert_array_equal(found, floats)


@pytest.mark.parametrize("value", range(256))
def test_bytes_in_four_bins_are_told_apart_by_their_upper_two_bits(value):
    row = colour_histograms(np.full((1, 1, 1, 1), value, np.uint8), grid=(1, 1))
    assert row.argmax() == value >> 6


def test_shares_of_a_cell_sum_to_one():
    images = np.random.default_rng(1).integers(0, 256, (200, 11, 13, 3), dtype=np.uint8)
    squares = ColourGrid(grid=(3, 2)).fit_transform(images) ** 2
    np.testing.assert_allclose(squares.reshape(200, 6, 64).sum(axis=-1), 1, rtol=1e-5)


def test_order_and_names():
    image = np.zeros((1, 2, 2, 3), np.uint8)
    image[0, 0, 1] = (0, 255, 70)  # upper right cell: bin 0 of red, 3 of green, 1 of blue
    features = ColourGrid().fit(image)
    row = features.transform(image)[0]
    names = features.get_feature_names_out()
    assert set(names[row > 0]) == {
        "cell0_0_colour0_0_0",
        "cell0_1_colour0_3_1",
        "cell1_0_colour0_0_0",
        "cell1_1_colour0_0_0",
    }


def test_the_range_of_the_data_set_is_taken_over_and_one_that_was_given_stays():
    features, given_ = ColourGrid(), ColourGrid(value_range=(0, 1))
    for one in (features, given_):
        one.assume_value_range((0.0, 16.0))
    assert (features.value_range, given_.value_range) == ((0.0, 16.0), (0, 1))


def test_images_of_another_type_than_bytes_need_a_range():
    with pytest.raises(InputError, match="what is black and what is white in images of float32"):
        ColourGrid().transform(np.zeros((1, 4, 4), np.float32))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"bins": 0}, "bins is 0"),
        ({"bins": 2.0}, "bins is 2.0"),
        ({"bins": 300}, "bins is 300; use a whole number from 1 to 256"),
        ({"grid": 2}, "grid is 2"),
        ({"grid": (2, 0)}, r"grid is \(2, 0\)"),
        ({"grid": (2, 2, 2)}, "two positive whole numbers, rows and columns"),
        ({"square_root": 1}, "square_root is 1"),
        ({"value_range": 3}, "value_range is 3"),
        ({"value_range": (1, 1)}, "two numbers in order"),
        ({"value_range": (0, float("inf"))}, "two numbers in order"),
        ({"value_range": ("a", "b")}, "two numbers in order"),
        ({"value_range": (0, 1, 2)}, "two numbers in order"),
    ],
)
def test_unusable_parameters_are_refused(parameters, words):
    with pytest.raises(ConfigError, match=words):
        ColourGrid(**parameters).fit(np.zeros((1, 32, 32), np.uint8))


@pytest.mark.parametrize(
    ("shape", "parameters", "words"),
    [
        ((1, 1, 5), {}, r"images of 1×5 pixels can't be cut into 2×2 cells"),
        ((1, 8, 8, 3), {"bins": 256}, "more than 1,048,576 features; use fewer bins"),
        ((1, 8, 8, 300), {"bins": 2}, "2 bins of each of 300 channels in 2×2 cells are more than"),
    ],
)
def test_images_that_do_not_fit_are_refused(shape, parameters, words):
    with pytest.raises(InputError, match=words):
        ColourGrid(**parameters).fit(np.zeros(shape, np.uint8))
