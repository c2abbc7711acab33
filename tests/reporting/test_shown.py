from __future__ import annotations

import numpy as np
import pytest

from onelayer.reporting.shown import affordable_images, thumbnails


@pytest.mark.parametrize(
    ("shape", "small"),
    [((64, 64, 3), (64, 64, 3)), ((128, 64, 1), (64, 32, 1)), ((1, 1000, 3), (1, 64, 3)), ((9, 9, 4), (9, 9, 3))],
)
def test_sides_are_at_most_64_pixels(shape, small):
    assert thumbnails(np.zeros((2, *shape), np.uint8), (0, 255)).shape == (2, *small)


def test_small_bytes_stay_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 9, 3)).astype(np.uint8)
    np.testing.assert_array_equal(thumbnails(images, (0, 255)), images)


def test_a_pixel_is_the_mean_of_those_it_stands_for():
    images = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 1)).astype(np.uint8)
    means = images.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(thumbnails(images, (0, 255))[0, ..., 0], means, atol=1)


def test_a_range_without_extent_is_black():
    assert thumbnails(np.full((1, 2, 2, 1), 7.0), (7.0, 7.0)).max() == 0


def test_ten_classes_of_cifar10_have_twelve_images_a_cell():
    assert affordable_images((32, 32, 3)) >= 12 * 10 * 10
