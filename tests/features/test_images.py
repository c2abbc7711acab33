"""Every feature refuses the same things in the same words, and takes everything else as it is."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import ConfigError, InputError, InputTypeError
from onelayer.features.images import as_image_shape, as_images


@pytest.mark.parametrize(
    ("shape", "expected"), [((4, 8, 6), (4, 8, 6, 1)), ((4, 8, 6, 3), (4, 8, 6, 3)), ((4, 144), (4, 8, 6, 3))]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_are_a_view_of_the_input(shape, expected, dtype):
    X = np.zeros(shape, dtype)
    images = as_images(X, (8, 6, 3) if len(shape) == 2 else None)
    assert (images.shape, images.dtype) == (expected, dtype)
    assert np.shares_memory(images, X)


@pytest.mark.parametrize(
    ("X", "image_shape", "words"),
    [
        (np.zeros((0, 8, 8)), None, "hold no pixel"),
        (np.zeros((3, 0, 8)), None, "hold no pixel"),
        (np.zeros((3, 8, 8, 0)), None, "hold no pixel"),
        (np.zeros(8), None, "have shape"),
        (np.zeros((1, 2, 8, 8, 3)), None, "have shape"),
        (np.zeros((3, 64)), None, "set image_shape"),
        (np.zeros((3, 65)), (8, 8), "65 columns.*64"),
        (np.zeros((3, 8, 8)), (8, 9), "8×8×1, but 8×9×1"),
        ([np.zeros((8, 8)), np.zeros((8, 9))], None, "same size"),
    ],
)
def test_unusable_shapes_are_refused(X, image_shape, words):
    with pytest.raises(InputError, match=words):
        as_images(X, image_shape)


@pytest.mark.parametrize("dtype", [object, bool, complex, "U3", "M8[s]"])
def test_what_is_no_number_is_refused(dtype):
    with pytest.raises(InputTypeError, match="use uint8, float32 or float64"):
        as_images(np.zeros((2, 3, 3), dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e20, -2e12])
def test_an_unusable_value_is_named_with_its_image(value, dtype):
    images = np.zeros((700, 40, 40), dtype)  # more values than are checked at once
    images[680, 3, 4] = value
    with pytest.raises(InputError, match=r"image 680 has a pixel of value"):
        as_images(images)


@pytest.mark.parametrize("image_shape", ["88", 8, (8,), (8, 8, 3, 1), (8, 0), (8, 8.5), [8, None]])
def test_an_unusable_image_shape_is_refused(image_shape):
    with pytest.raises(ConfigError, match="image_shape is"):
        as_image_shape(image_shape)
