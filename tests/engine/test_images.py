from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from onelayer import engine
from onelayer.errors import OnelayerError
from onelayer.features.hog import hog_features


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("channel", ["mean", "strongest"])
@pytest.mark.parametrize("block_norm", ["L1", "L1-sqrt", "L2", "L2-Hys"])
@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        ((3, 32, 32, 3), {}),
        ((40, 28, 28, 1), {"orientations": 8, "pixels_per_cell": (4, 7), "cells_per_block": (2, 1)}),
        ((2, 19, 37, 2), {"orientations": 1, "pixels_per_cell": (5, 3), "transform_sqrt": True}),
        ((1, 1, 1, 3), {"pixels_per_cell": (1, 1), "cells_per_block": (1, 1)}),
        ((2, 9, 51, 3), {"orientations": 180, "pixels_per_cell": (3, 6), "cells_per_block": (1, 4)}),
        ((2, 24, 21, 3), {"orientations": 10, "pixels_per_cell": (8, 12), "cells_per_block": (2, 1)}),
        ((5, 17, 23, 4), {"orientations": 13, "pixels_per_cell": (1, 2), "cells_per_block": (4, 2)}),
    ],
)
def test_equals_the_definition(
    instruction_set: str, shape: Any, parameters: dict[str, Any], block_norm: Any, channel: Any, dtype: Any
) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    got = engine.hog(images, block_norm=block_norm, channel=channel, n_threads=2, **parameters)
    want = hog_features(images, block_norm=block_norm, channel=channel, **parameters)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 if dtype != np.float64 else 1e-12)


@pytest.mark.parametrize("channel", ["mean", "strongest"])
def test_gradients_on_the_edge_between_two_bins_and_along_the_axes(instruction_set: str, channel: Any) -> None:
    # Pixels of −1, −0, 0 and 1 have gradients of 0°, 45°, 90° and 135°, of either sign, and none at all.
    images = np.random.default_rng(1).choice(np.array([-1, -0.0, 0, 1], np.float32), (50, 16, 16, 2))
    for orientations in (1, 2, 4, 8, 12):
        parameters: dict[str, Any] = {"orientations": orientations, "pixels_per_cell": (4, 4), "channel": channel}
        got, want = engine.hog(images, **parameters), hog_features(images, **parameters)
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e15])
def test_pixels_of_all_magnitudes(instruction_set: str, scale: float) -> None:
    images = np.random.default_rng(3).random((5, 32, 32, 1), np.float32) * np.float32(scale)
    np.testing.assert_allclose(engine.hog(images), hog_features(images), rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [1e25, 1e35])
@pytest.mark.parametrize("channel", ["mean", "strongest"])
def test_images_without_gradients_are_zeros_beside_others_that_are_too_large_to_square(
    instruction_set: str, scale: float, channel: Any
) -> None:
    images = np.zeros((2, 32, 32, 2), np.float32)
    images[0] = np.random.default_rng(4).random((32, 32, 2), np.float32) * np.float32(scale)
    got = engine.hog(images, channel=channel)
    assert not got[1].any()
    assert np.array_equal(got[1], hog_features(images[1:], channel=channel)[0])


def test_is_bit_identical_whatever_the_number_of_threads(instruction_set: str) -> None:
    images = np.random.default_rng(2).integers(0, 256, (100, 32, 32, 3), dtype=np.uint8)
    one, two, three = (engine.hog(images, n_threads=threads) for threads in (1, 2, 3))
    assert np.array_equal(one, two)
    assert np.array_equal(one, three)


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.zeros((1, 8, 8))},
        {"images": np.zeros((1, 8, 8, 1), int)},
        {"images": np.zeros((1, 8, 8, 1))},
        {"orientations": 0},
        {"block_norm": "L3"},
    ],
    ids=["three dimensions", "integers", "smaller than a block", "no orientations", "an unknown norm"],
)
def test_bad_input_is_refused(needs_engine: None, change: dict[str, Any]) -> None:
    with pytest.raises(OnelayerError):
        engine.hog(**({"images": np.zeros((1, 32, 32, 3))} | change))
