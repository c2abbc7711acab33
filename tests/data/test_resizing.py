from __future__ import annotations

import numpy as np
import pytest
from fuzzing import pixels
from PIL import Image, ImageOps

from onelayer.data.resizing import common_side, resized

SIZES = [(40, 40), (90, 30), (31, 77), (8, 8), (5, 200), (64, 64), (1, 1)]


@pytest.mark.parametrize("size", [(16, 16), (20, 10), (7, 33)])
@pytest.mark.parametrize("found", SIZES)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_crop_is_pillows_fit(found: tuple[int, int], size: tuple[int, int], mode: str) -> None:
    image = Image.fromarray(pixels(*found, 3)).convert(mode)
    expected = ImageOps.fit(image, size[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(resized(image, size, "crop"), expected)


@pytest.mark.parametrize("size", [(16, 16), (20, 10), (7, 33)])
@pytest.mark.parametrize("found", SIZES)
def test_a_padded_picture_is_whole_in_the_middle_of_black(found: tuple[int, int], size: tuple[int, int]) -> None:
    image = Image.new("L", found[::-1], 200)
    framed = np.asarray(resized(image, size, "pad"))
    rows, columns = (np.flatnonzero(framed.any(axis=axis)) for axis in (1, 0))
    inner = (len(rows), len(columns))
    scale = min(size[0] / found[0], size[1] / found[1])
    assert framed.shape == size
    assert (framed[np.ix_(rows, columns)] == 200).all()
    assert inner == tuple(max(1, round(side * scale)) for side in found)
    assert abs(rows[0] - (size[0] - 1 - rows[-1])) <= 1
    assert abs(columns[0] - (size[1] - 1 - columns[-1])) <= 1


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
def test_a_picture_of_that_size_stays_as_it_is(mode: str) -> None:
    image = Image.fromarray(pixels(9, 7, 3))
    assert resized(image, (9, 7), mode) is image


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("found", [(60, 40), (24, 16), (9, 6)])
def test_in_the_same_proportions_all_ways_agree(found: tuple[int, int], mode: str) -> None:
    image = Image.fromarray(pixels(*found, 3))
    stretched = image.resize((8, 12), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(resized(image, (12, 8), mode), stretched)


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(480, 640)] * 3, 64),
        ([(28, 28)] * 5 + [(30, 30)] * 2, 28),
        ([(1, 1)] + [(100, 90)] * 2, 64),
        ([(5000, 4000)] + [(20, 25)] * 2, 20),
        ([(20, 30), (41, 60)], 30),
    ],
)
def test_the_common_side_is_the_median_of_shorter_sides_up_to_64(sizes: list[tuple[int, int]], side: int) -> None:
    assert common_side(sizes, 64) == side
