"""Images whose channels come first, in every method that takes images: the same model as with channels last."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from onelayer import HOG, HueHistogram, OneLayerClassifier, Pixels, sweep_classifier
from onelayer.errors import DataWarning, InputError

RNG = np.random.default_rng(0)
Y = np.arange(48) % 2
LAST = RNG.integers(0, 120, (48, 24, 26, 3), dtype=np.uint8)
LAST[Y == 1, :, :13] += 90
FIRST = np.ascontiguousarray(LAST.transpose(0, 3, 1, 2))


def classifier(**parameters):
    return OneLayerClassifier(max_epochs=3, flip_probability=0.5, random_state=0, **parameters)


@pytest.fixture
def fitted():
    with pytest.warns(DataWarning, match=r"24×26 pixels of 3 channels, which come first"):
        return classifier().fit(FIRST, Y), classifier().fit(LAST, Y)


def test_fitting_gives_the_same_model(fitted):
    first, last = fitted
    assert first.image_shape_ == last.image_shape_ == (24, 26, 3)
    np.testing.assert_array_equal(first.coef_, last.coef_)
    np.testing.assert_array_equal(first.weight_images(), last.weight_images())


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_methods_give_the_same_on_either(fitted, method):
    _, model = fitted
    with pytest.warns(DataWarning, match="axes are moved"):
        found = getattr(model, method)(FIRST)
    np.testing.assert_array_equal(found, getattr(model, method)(LAST))


@pytest.mark.parametrize("method", ["score", "mean_loss"])
@pytest.mark.filterwarnings("ignore::onelayer.errors.DataWarning")
def test_figures_are_the_same_on_either(fitted, method):
    _, model = fitted
    assert getattr(model, method)(FIRST, Y) == getattr(model, method)(LAST, Y)


@pytest.mark.filterwarnings("ignore::onelayer.errors.DataWarning")
def test_validation_partial_fit_and_sweep_take_either():
    mixed = classifier().fit(LAST, Y, X_val=FIRST, y_val=Y)
    plain = classifier().fit(LAST, Y, X_val=LAST, y_val=Y)
    np.testing.assert_array_equal(mixed.history_["validation_loss"], plain.history_["validation_loss"])
    partial = [classifier().partial_fit(X, Y, classes=[0, 1]).coef_ for X in (FIRST, LAST)]
    np.testing.assert_array_equal(*partial)
    swept = [sweep_classifier(classifier(), X, Y, {"l2": [0.0, 0.1]}, folds=3) for X in (FIRST, LAST)]
    losses = [[trial.validation_loss for trial in result.trials] for result in swept]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("features", [Pixels(), HOG(), HueHistogram()], ids=["pixels", "hog", "hue"])
def test_features_are_the_same_of_either(features):
    expected = features.fit_transform(LAST)
    with pytest.warns(DataWarning, match="axes are moved"):
        np.testing.assert_array_equal(features.transform(FIRST), expected)
    with pytest.warns(DataWarning, match="axes are moved"):
        assert type(features)().fit(FIRST).image_shape_ == (24, 26, 3)


@pytest.mark.parametrize("fit", [classifier().fit, Pixels().fit, HOG().fit])
def test_what_is_ambiguous_is_refused(fit):
    with pytest.raises(InputError, match=r"may be 3×40 pixels of 9 channels or 40×9 pixels of 3 channels: set"):
        fit(np.zeros((48, 3, 40, 9), np.uint8), Y)


def test_with_a_declared_shape_nothing_is_ambiguous():
    X = RNG.integers(0, 256, (48, 3, 4, 5), dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert classifier(image_shape=(3, 4, 5)).fit(X, Y).image_shape_ == (3, 4, 5)
    with pytest.warns(DataWarning, match="axes are moved"):
        assert classifier(image_shape=(4, 5, 3)).fit(X, Y).image_shape_ == (4, 5, 3)


def test_a_declared_shape_that_looks_like_channels_first_is_doubted():
    with pytest.warns(DataWarning, match=r"image_shape=\(3, 24, 26\) is .* give \(24, 26, 3\)"):
        classifier(image_shape=(3, 24, 26)).fit(FIRST.reshape(48, -1), Y)


def test_rows_without_a_shape_are_nobodys_images():
    model = classifier().set_params(flip_probability=0.0).fit(FIRST.reshape(48, -1), Y)
    np.testing.assert_array_equal(model.predict(FIRST), model.predict(FIRST.reshape(48, -1)))
