"""What all features promise to scikit-learn and to model files."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import estimator_checks, get_tags

from onelayer.errors import ConfigError, InputError
from onelayer.features import FEATURES, HOG, Pixels
from onelayer.features.composed import Composed
from onelayer.features.naming import describe_features, make_features, make_lift, restore_features

PARAMETERS = {
    "hog": {"orientations": 6, "pixels_per_cell": [4, 5], "cells_per_block": [2, 1], "channel": "strongest"},
    "hue-histogram": {"bins": 5},
    "colour-grid": {"bins": 3, "grid": [2, 3], "value_range": [0, 255]},
}
SEVERAL = "hog+hue-histogram+pixels"
LIFTED = "a lift"


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (12, 16, 15, 3), dtype=np.uint8)


@pytest.fixture(params=[*FEATURES, SEVERAL, LIFTED])
def features(request):
    if request.param == LIFTED:
        return make_lift("fourier:30", make_features("hue-histogram"), random_state=3)
    if request.param == SEVERAL:
        return make_features(SEVERAL, hog=PARAMETERS["hog"])
    return make_features(request.param, **PARAMETERS.get(request.param, {}))


def test_names_parameters_and_arrays_make_the_same_feature_again(features, images):
    features.fit(images)
    table = json.loads(json.dumps(describe_features(features)))
    again = restore_features(table, features.image_shape_, features.state_arrays())
    np.testing.assert_array_equal(again.transform(images[:5]), features.transform(images[:5]), strict=True)
    assert describe_features(again) == table


def test_arrays_are_there_exactly_where_something_is_learned(features, images):
    assert bool(features.fit(images).state_arrays()) == features.learns


def test_arrays_that_are_not_the_features_own_are_refused(features, images):
    features.fit(images)
    arrays = features.state_arrays()
    with pytest.raises(InputError, match="needs the arrays"):
        clone(features).restore(features.image_shape_, arrays | {"another": np.zeros(3)})
    for name, array in arrays.items():
        for wrong in (array[:-1], array.astype(np.int64), np.full_like(array, np.nan)):
            with pytest.raises(InputError, match="must hold finite floats of shape"):
                clone(features).restore(features.image_shape_, arrays | {name: wrong})
        with pytest.raises(InputError, match="needs the arrays"):
            clone(features).restore(features.image_shape_, {other: arrays[other] for other in arrays if other != name})


def test_no_image_depends_on_those_beside_it(features, images):
    features.fit(images)
    many = np.concatenate([images] * 12)  # more than one block, and a ragged one
    one_by_one = np.concatenate([features.transform(image[np.newaxis]) for image in images])
    np.testing.assert_array_equal(features.transform(many), np.concatenate([one_by_one] * 12))


def test_parameters_default_to_json_values(features):
    if not isinstance(features, Composed):
        assert json.loads(json.dumps(type(features)().get_params()))


@pytest.mark.parametrize("copied", [clone, lambda features: pickle.loads(pickle.dumps(features))])  # noqa: S301
def test_copies_compute_the_same(features, images, copied):
    features.fit(images)
    copy = copied(features)
    if not hasattr(copy, "image_shape_"):  # a clone is not fitted
        copy.fit(images)
    np.testing.assert_array_equal(copy.transform(images), features.transform(images))


def test_rows_with_an_image_shape_are_images(features, images):
    rows = images.reshape(len(images), -1)
    by_row = clone(features).set_params(image_shape=[16, 15, 3]).fit(rows)
    np.testing.assert_array_equal(by_row.transform(rows), features.fit_transform(images))


def test_fit_records_the_shape(features, images):
    features.fit(images)
    assert (features.image_shape_, features.n_features_in_) == ((16, 15, 3), 720)


def test_images_of_another_shape_than_fitted_are_refused(features, images):
    features.fit(images)
    with pytest.raises(InputError, match="images are 15×16×3, but 16×15×3 was expected"):
        features.transform(images.transpose(0, 2, 1, 3))


def test_as_many_names_as_features(features, images):
    rows = features.fit_transform(images)
    names = features.get_feature_names_out()
    assert rows.shape == (12, features.n_features_out) == (12, len(set(names)))


def test_names_need_a_shape(features):
    with pytest.raises(NotFittedError):
        features.get_feature_names_out()


def test_pandas_output_has_the_names(features, images):
    pytest.importorskip("pandas")
    frame = features.set_output(transform="pandas").fit_transform(images)
    assert list(frame.columns) == list(features.get_feature_names_out())


def test_tags_say_what_goes_in(features):
    tags = get_tags(features)
    assert (tags.input_tags.three_d_array, tags.input_tags.two_d_array) == (True, False)
    assert tags.requires_fit == features.learns


def test_preserved_dtypes_are_preserved(features, images):
    features.fit(images)
    for dtype in get_tags(features).transformer_tags.preserves_dtype:
        assert features.transform(images.astype(dtype)).dtype == dtype


def test_pixels_are_a_view(images):
    assert np.shares_memory(Pixels().fit_transform(images), images)


def test_pixels_of_images_in_another_order_are_right(images):
    mirrored = images[:, :, ::-1]
    np.testing.assert_array_equal(Pixels().transform(mirrored)[:, :3], images[:, 0, -1])


def test_pipeline_learns_to_tell_stripes_apart():
    rng = np.random.default_rng(1)
    stripes = np.tile(np.arange(24) // 2 % 2 * 100.0, (24, 1))
    images = np.stack([stripes, stripes.T] * 20) + rng.normal(0, 10, (40, 24, 24))
    y = np.tile([0, 1], 20)
    pipeline = make_pipeline(HOG(), StandardScaler(), LinearSVC(random_state=0)).fit(images[:20], y[:20])
    assert pipeline.score(images[20:], y[20:]) == 1
    assert pipeline.n_features_in_ == 24 * 24


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("hogg", {}, r"no features called 'hogg'; use pixels, .*, hog, .*; did you mean 'hog'\?"),
        ("", {}, "no features called ''"),
        ("hog+", {}, "no features called ''"),
        ("pixels+hogg", {}, r"no features called 'hogg'.*did you mean 'hog'\?"),
        ("+".join(["hog"] * 65), {}, "65 features; at most 64"),
        ("hog+pixels", {"hogg": {}}, r"'hogg'; of hog\+pixels it has a table for each of hog, pixels; did you mean"),
        ("hog+pixels", {"orientations": 3}, "a table for each of hog, pixels"),
        ("hog+pixels", {"hog": 3}, "parameters of hog are 3; give a table"),
        ("hog+hog", {"hog-2": {"orientation": 3}}, "hog-2 has no parameter 'orientation'"),
        ("\x1b[31m", {}, r"called '\\x1b\[31m'"),
        ("hog", {"orientation": 3}, r"hog has no parameter 'orientation'.*did you mean 'orientations'\?"),
        ("hog", {"orientations": 0}, "orientations is 0"),
        ("pixels", {"bins": 3}, "pixels has no parameter 'bins'; it has image_shape"),
    ],
)
def test_unknown_names_and_parameters_are_refused(name, parameters, words):
    with pytest.raises(ConfigError, match=words):
        make_features(name, **parameters)


@pytest.mark.parametrize(
    "check",  # those of scikit-learn's common tests that bring no data, which would be rows of any width
    [
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
)
def test_scikit_learn_checks(features, check):
    if isinstance(features, Composed) and check is estimator_checks.check_parameters_default_constructible:
        pytest.skip("there is no default for what it is made of")
    check(type(features).__name__, clone(features))
