"""Whitened pixels equal their definition in plain float64."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from onelayer.errors import ConfigError, InputError
from onelayer.features import WhitenedPixels
from onelayer.features.whitened import zca


def definition(train, rows, regularization):
    train, rows = train.astype(np.float64), rows.astype(np.float64)
    covariance = np.cov(train.T, ddof=0).reshape(train.shape[1], train.shape[1])
    shifted = covariance + regularization * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return (rows - train.mean(axis=0)) @ scipy.linalg.inv(scipy.linalg.sqrtm(shifted)).real


def smooth_images(n, height, width, channels, seed=0):
    """Images whose neighbouring pixels are alike, as in photographs."""
    noise = np.random.default_rng(seed).normal(size=(n, height, width, channels))
    for axis in (1, 2):
        noise = noise + np.roll(noise, 1, axis) + np.roll(noise, -1, axis)
    return np.clip(128 + 20 * noise, 0, 255)


@pytest.mark.parametrize("shape", [(400, 5, 5, 1), (300, 4, 3, 3), (50, 7, 5, 3), (2, 5, 6, 1)])
@pytest.mark.parametrize("regularization", [1.0, 0.1, 1e-3])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_equals_the_definition(shape, regularization, dtype):
    images = smooth_images(*shape).astype(dtype)
    features = WhitenedPixels(regularization=regularization).fit(images)
    rows = images.reshape(len(images), -1)
    expected = definition(rows, rows[:3], regularization)
    found = features.transform(images[:3])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4 * np.abs(expected).max())


def test_training_rows_are_white_where_nothing_is_added():
    images = smooth_images(2000, 4, 4, 1)
    rows = WhitenedPixels(regularization=1e-9).fit_transform(images).astype(np.float64)
    np.testing.assert_allclose(np.cov(rows.T, ddof=0), np.eye(16), rtol=0, atol=1e-4)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-4)


def test_the_matrix_is_symmetric_and_positive():
    matrix = zca(smooth_images(200, 4, 4, 3).reshape(200, -1), 0.1)[1]
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_brightness_scale_makes_no_difference():
    images = smooth_images(200, 4, 4, 1)
    one, other = (WhitenedPixels().fit_transform(images * gain + 7) for gain in (1, 100))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


def test_pixels_that_are_constant_in_training_never_have_an_effect():
    for constant in (9, 0.1):
        images = smooth_images(100, 4, 4, 1)
        images[:, 0] = constant
        features = WhitenedPixels().fit(images)
        other = images.copy()
        other[:, 0] += 1
        np.testing.assert_array_equal(features.transform(other)[:, :4], np.zeros((100, 4)))
        np.testing.assert_array_equal(features.transform(other), features.transform(images))


@pytest.mark.parametrize("n", [1, 5])
def test_images_that_are_all_alike_have_no_features(n):
    rows = WhitenedPixels().fit_transform(np.full((n, 4, 4, 3), 77, np.uint8))
    np.testing.assert_array_equal(rows, np.zeros((n, 48)))


def test_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    images = smooth_images(3000, 6, 6, 3).astype(np.uint8)
    found = []
    for threads in (1, 2, 5):
        for module in ("blocks", "whitened"):
            monkeypatch.setattr(f"onelayer.features.{module}.usable_threads", lambda n_jobs, threads=threads: threads)
        found.append(WhitenedPixels().fit_transform(images))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "zca", None, True])
def test_an_unusable_regularization_is_refused(value):
    with pytest.raises(ConfigError, match=r"regularization is .*; use a finite number greater than 0"):
        WhitenedPixels(regularization=value).fit(np.zeros((3, 4, 4), np.uint8))


def test_images_of_too_many_pixels_are_refused():
    with pytest.raises(InputError, match=r"images of 4,107 pixels need a matrix of 4,107 × 4,107.*at most 4,096"):
        WhitenedPixels().fit(np.zeros((3, 37, 37, 3), np.uint8))
