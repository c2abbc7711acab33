"""Hues equal scikit-image's, and their histograms NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2hsv

from onelayer.errors import ConfigError, InputError
from onelayer.features import HueHistogram
from onelayer.features.colour import hue, hue_histograms


@given(arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.just(3))))
@settings(deadline=None)
def test_hue_equals_scikit_image(images):
    np.testing.assert_allclose(hue(images), rgb2hsv(images)[..., 0], rtol=0, atol=1e-12)


def numpy_histograms(images, bins):
    pixels = images.shape[1] * images.shape[2]
    return np.float32([np.histogram(image_hue, bins, (0, 1))[0] / pixels for image_hue in hue(images)])


@pytest.mark.parametrize(
    "bins", [1, 2, 16, 64]
)  # powers of two: the hues of integers that lie on their edges are exact
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_histogram_of_integers_equals_numpy(bins, dtype):
    images = np.random.default_rng(0).integers(0, 256, (90, 30, 31, 3)).astype(dtype)
    np.testing.assert_array_equal(hue_histograms(images, bins=bins), numpy_histograms(images, bins))


@pytest.mark.parametrize("bins", [3, 10, 37])
def test_histogram_of_floats_equals_numpy(bins):
    images = np.random.default_rng(0).random((90, 30, 31, 3))
    np.testing.assert_array_equal(hue_histograms(images, bins=bins), numpy_histograms(images, bins))


def test_every_histogram_sums_to_one():
    images = np.random.default_rng(1).random((50, 9, 7, 3))
    np.testing.assert_allclose(hue_histograms(images).sum(axis=1), 1, rtol=1e-6)


def test_brightness_makes_no_difference():
    images = np.random.default_rng(2).integers(0, 128, (5, 9, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(hue_histograms(images), hue_histograms(images * np.uint8(2)))


def test_grey_pixels_count_as_red():
    np.testing.assert_array_equal(hue_histograms(np.full((1, 2, 2, 3), 9, np.uint8), bins=4), [[1, 0, 0, 0]])


def test_output_is_single_precision():
    assert HueHistogram().fit_transform(np.zeros((2, 4, 3, 3))).dtype == np.float32


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_images_without_three_channels_are_refused(channels):
    with pytest.raises(InputError, match=f"have {channels} channels; a hue histogram needs the 3 of RGB"):
        HueHistogram().fit(np.zeros((2, 4, 3, channels)))


@pytest.mark.parametrize("bins", [0, -1, 1.5, True, "16", 65_537])
def test_unusable_numbers_of_bins_are_refused(bins):
    with pytest.raises(ConfigError, match="bins is"):
        HueHistogram(bins=bins).fit(np.zeros((2, 4, 3, 3)))
