"""Features made of features: side by side, and lifted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.kernel_approximation import RBFSampler
from sklearn.preprocessing import StandardScaler

from onelayer.errors import ConfigError, InputError
from onelayer.features import HOG, Concatenation, FourierFeatures, HueHistogram, Pixels
from onelayer.features.blocks import BLOCK_ROWS

SMALL = {"pixels_per_cell": (4, 3), "cells_per_block": (1, 2), "orientations": 5}


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (150, 9, 8, 3), dtype=np.uint8)


def test_rows_of_a_concatenation_are_those_of_its_features_side_by_side(images):
    both = Concatenation([HOG(**SMALL), HueHistogram(), Pixels()]).fit(images)
    expected = np.hstack([HOG(**SMALL).transform(images), HueHistogram().transform(images), images.reshape(150, -1)])
    np.testing.assert_array_equal(both.transform(images), expected)
    assert both.n_features_out == expected.shape[1]


def test_pixels_alone_stay_bytes(images):
    assert Concatenation([Pixels(), Pixels()]).fit_transform(images).dtype == np.uint8


def test_parameters_of_a_part_are_reached_by_its_label(images):
    both = Concatenation([HOG(**SMALL), HueHistogram()])
    both.set_params(**{"hog__orientations": 7, "hue-histogram": HueHistogram(bins=3)})
    assert both.get_params()["hog__orientations"] == 7
    assert clone(both).fit_transform(images).shape == (150, 2 * 1 * 7 * 2 + 3)


@pytest.mark.parametrize("features", [[], "hog", [HOG(), 3], [Concatenation([HOG()])], [FourierFeatures(HOG())]])
def test_what_is_no_list_of_single_features_is_refused(features):
    with pytest.raises(ConfigError, match="give a list of features, none of them made of others"):
        Concatenation(features).fit(np.zeros((1, 32, 32, 3), np.uint8))


def test_a_part_that_the_images_can_not_have_is_refused():
    with pytest.raises(InputError, match="a hue histogram needs the 3 of RGB"):
        Concatenation([Pixels(), HueHistogram()]).fit(np.zeros((1, 32, 32), np.uint8))


@pytest.mark.parametrize("n", [1, 7, BLOCK_ROWS, 150])
@pytest.mark.parametrize("below", [HOG(**SMALL), Pixels(), Concatenation([HueHistogram(), HOG(**SMALL)])])
def test_fourier_features_are_those_of_scikit_learn_on_standardised_rows(images, below, n):
    lifted = FourierFeatures(clone(below), components=33, gamma=0.7, random_state=5).fit(images)
    rows = clone(below).fit_transform(images).astype(np.float64)
    scaler = StandardScaler().fit(rows)
    sampler = RBFSampler(gamma=0.7 / rows.shape[1], n_components=33, random_state=5).fit(rows)
    expected = sampler.transform(scaler.transform(rows[:n]))
    found = lifted.transform(images[:n])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_the_product_of_fourier_features_is_nearly_the_kernel(images):
    components = 40_000
    rows = StandardScaler().fit_transform(HueHistogram().fit_transform(images).astype(np.float64))[:20]
    lifted = FourierFeatures(HueHistogram(), components=components, gamma=0.3).fit(images).transform(images[:20])
    kernel = np.exp(-0.3 / 16 * ((rows[:, np.newaxis] - rows) ** 2).sum(axis=-1))
    np.testing.assert_allclose(lifted @ lifted.T, kernel, rtol=0, atol=5 / np.sqrt(components))


def test_constant_features_below_have_no_effect(images):
    grey = np.repeat(images[..., :1], 3, axis=-1)  # has one hue
    lifted = FourierFeatures(Concatenation([HueHistogram(), Pixels()]), components=20).fit(grey)
    assert np.isfinite(lifted.transform(grey)).all()
    assert (lifted.scale_[1:16] == 0).all()
    coloured = grey.copy()
    coloured[..., 1] += 1
    assert not np.array_equal(coloured, grey)
    hues = FourierFeatures(HueHistogram(), components=20).fit(grey)
    np.testing.assert_array_equal(hues.transform(coloured), hues.transform(grey))


def test_bits_do_not_depend_on_the_number_of_threads(images, monkeypatch):
    lifted = FourierFeatures(Pixels(), components=300).fit(images)
    rows = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("onelayer.features.blocks.usable_threads", lambda n_jobs, threads=threads: threads)
        rows.append(lifted.transform(images))
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])


def test_a_lift_needs_features_below():
    with pytest.raises(ConfigError, match="give the features to be lifted"):
        FourierFeatures("hog").fit(np.zeros((1, 32, 32, 3), np.uint8))
