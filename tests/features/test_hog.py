"""HOG equals scikit-image's on random shapes, parameters and real images."""

from __future__ import annotations

import io
import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.feature import hog as reference_hog

from onelayer.errors import ConfigError, InputError
from onelayer.features import HOG
from onelayer.features.hog import BlockNorm, _orientation_bins, hog_features
from onelayer.features.naming import make_features

NORMS = BlockNorm.__args__


def reference(images, *, channel="mean", **parameters):
    grey = images.mean(axis=-1)
    if channel == "mean":
        return np.stack([reference_hog(image, **parameters) for image in grey])
    return np.stack([reference_hog(image, channel_axis=-1, **parameters) for image in images])


@st.composite
def cases(draw):
    cell = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    block = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    height, width = (c * b + draw(st.integers(0, 20)) for c, b in zip(cell, block, strict=True))
    shape = (draw(st.integers(1, 3)), height, width, draw(st.sampled_from([1, 2, 3, 4])))
    return shape, {
        # Edges at 45° and 135° (multiples of 4) are left to a test of their own: see there.
        "orientations": draw(st.integers(1, 20).filter(lambda k: k % 4)),
        "pixels_per_cell": cell,
        "cells_per_block": block,
        "block_norm": draw(st.sampled_from(NORMS)),
        "transform_sqrt": draw(st.booleans()),
        "channel": draw(st.sampled_from(["mean", "strongest"])),
    }


@given(case=cases(), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=150)
def test_equals_scikit_image_on_random_images(case, seed):
    shape, parameters = case
    images = np.random.default_rng(seed).random(shape)
    np.testing.assert_allclose(hog_features(images, **parameters), reference(images, **parameters), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("transform_sqrt", [False, True])
@pytest.mark.parametrize("channel", ["mean", "strongest"])
def test_single_precision_equals_scikit_image_in_double(dtype, transform_sqrt, channel):
    images = np.random.default_rng(3).integers(0, 256, (20, 33, 40, 3)).astype(dtype)
    features = hog_features(images, transform_sqrt=transform_sqrt, channel=channel)
    assert features.dtype == np.float32
    expected = reference(images.astype(np.float64), transform_sqrt=transform_sqrt, channel=channel)
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("orientations", [4, 8, 12])
def test_grey_images_with_edges_at_45_degrees_equal_scikit_image(orientations):
    # In the mean of integer channels such ties hang on the rounding of thirds, so only one channel can be compared.
    images = np.random.default_rng(4).integers(0, 8, (20, 32, 32, 1), dtype=np.uint8)
    expected = reference(images, orientations=orientations)
    np.testing.assert_allclose(hog_features(images, orientations=orientations), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("channel", ["mean", "strongest"])
def test_equals_scikit_image_on_photographs(data_dir, channel):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = next((data_dir / "cifar10").glob("**/*test*.parquet"))
    rows = next(parquet.ParquetFile(file).iter_batches(200, columns=["img"])).to_pylist()
    images = np.stack([np.asarray(Image.open(io.BytesIO(row["img"]["bytes"])).convert("RGB")) for row in rows])
    np.testing.assert_allclose(hog_features(images, channel=channel), reference(images, channel=channel), atol=1e-6)


@pytest.mark.parametrize("orientations", range(1, 25))
def test_every_integer_gradient_has_the_bin_of_its_angle(orientations):
    row, column = np.meshgrid(np.arange(-255.0, 256), np.arange(-255.0, 256))
    angle = np.rad2deg(np.arctan2(row, column)) % 180
    expected = np.floor(angle * orientations / 180 + 1e-9)
    for dtype in (np.float32, np.float64):
        bins = _orientation_bins(row.astype(dtype), column.astype(dtype), orientations)
        np.testing.assert_array_equal(bins, expected)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 33, 21), (1, 32, 32, 3), (5, 19, 40, 3)])
@pytest.mark.parametrize("kind", ["random", "constant"])
def test_fine_features_equal_scikit_image(shape, kind):
    fine = make_features("hog-fine")
    images = np.random.default_rng(8).integers(0, 256, shape).astype(np.uint8)
    if kind == "constant":
        images[:] = images[:, :1, :1]
    features = fine.fit_transform(images)
    colour = images[..., np.newaxis] if images.ndim == 3 else images
    expected = reference(colour.astype(np.float64), pixels_per_cell=(4, 4), cells_per_block=(2, 2))
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-5)
    if shape[1:3] == (32, 32):
        assert features.shape[1] == 1764


@pytest.mark.parametrize("side", range(1, 13))
@pytest.mark.parametrize("channel", ["mean", "strongest"])
def test_every_cell_size_equals_scikit_image_by_whatever_computes_it(side, channel):
    images = np.random.default_rng(9).integers(0, 256, (2, 37, 29, 3)).astype(np.uint8)
    parameters = {"pixels_per_cell": (side, 13 - side), "cells_per_block": (2, 2), "channel": channel}
    expected = reference(images.astype(np.float64), **parameters)
    np.testing.assert_allclose(HOG(**parameters).fit_transform(images), expected, rtol=0, atol=1e-5)


def test_no_image_depends_on_those_beside_it():
    images = np.random.default_rng(5).integers(0, 256, (150, 32, 32, 3), dtype=np.uint8)
    one_by_one = np.concatenate([hog_features(image[np.newaxis]) for image in images])
    np.testing.assert_array_equal(hog_features(images), one_by_one)


@pytest.mark.parametrize("norm", NORMS)
def test_an_even_image_has_no_features(norm):
    assert not hog_features(np.full((2, 24, 24, 3), 77, np.uint8), block_norm=norm).any()


@pytest.mark.parametrize("channel", ["mean", "strongest"])
def test_memory_does_not_grow_with_the_number_of_images(channel):
    images = np.random.default_rng(7).random((2000, 32, 32, 3), dtype=np.float32)
    tracemalloc.start()
    features = hog_features(images, channel=channel)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - features.nbytes < 8e6


def test_input_is_left_as_it_was():
    images = np.random.default_rng(6).random((3, 24, 24, 3))
    before = images.copy()
    for transform_sqrt, channel in itertools.product([False, True], ["mean", "strongest"]):
        hog_features(images, transform_sqrt=transform_sqrt, channel=channel, cells_per_block=(1, 1))
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"orientations": 0}, "orientations is 0"),
        ({"orientations": 181}, "orientations is 181"),
        ({"orientations": 9.0}, "orientations is 9.0"),
        ({"orientations": True}, "orientations is True"),
        ({"pixels_per_cell": 8}, "pixels_per_cell is 8"),
        ({"pixels_per_cell": (8, 0)}, "pixels_per_cell is"),
        ({"cells_per_block": (3, 3, 3)}, "cells_per_block is"),
        ({"block_norm": "L2-hys"}, "did you mean 'L2-Hys'"),
        ({"channel": "strong"}, "did you mean 'strongest'"),
        ({"channel": ["mean"]}, "channel is"),
        ({"transform_sqrt": 1}, "transform_sqrt is 1"),
    ],
)
def test_unusable_parameters_are_refused(parameters, words):
    with pytest.raises(ConfigError, match=words):
        HOG(**parameters).fit(np.zeros((1, 32, 32)))


def test_images_smaller_than_a_block_are_refused():
    with pytest.raises(InputError, match="23×40 pixels are smaller than one block of 24×24"):
        HOG().transform(np.zeros((1, 23, 40)))


def test_square_roots_of_negative_pixels_are_refused():
    with pytest.raises(InputError, match="negative pixels"):
        HOG(transform_sqrt=True).fit(np.full((1, 24, 24), -1.0))


def test_names_say_where_a_feature_comes_from():
    features = HOG().fit(np.zeros((1, 32, 40, 3)))
    assert features.n_features_out == features.transform(np.zeros((1, 32, 40, 3))).shape[1]
    assert features.get_feature_names_out()[81 + 9 + 2] == "block0_1_cell0_1_orientation2"
