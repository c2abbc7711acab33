"""NumPy's and pandas' numbers, truth values, text and arrays are as good as Python's in every parameter."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from onelayer import HOG, ImageModel, OneLayerClassifier, check_gradients, load_dataset, load_model, sweep_classifier
from onelayer.conversion import plain_value
from onelayer.training.parameters import TrainingParameters

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 6)), np.arange(60) % 3
IMAGES = RNG.integers(0, 255, (60, 8, 8, 3), dtype=np.uint8)

KINDS = {
    float: [np.float16, np.float32, np.float64, np.longdouble, lambda value: np.array(value, np.float32), pd.Series],
    int: [np.int8, np.uint8, np.int64, np.uint64, np.array],
    bool: [np.bool_, np.array],
    str: [np.str_, np.array],
}
# Another value than the default's, of those that other parameters allow.
GIVEN = {
    "loss": "hinge",
    "solver": "sgd",
    "learning_rate": 0.5,
    "schedule": "cosine",
    "decay_rate": 0.25,
    "decay_epochs": 3,
    "decay_at_start": True,
    "warmup_epochs": 2,
    "momentum": 0.5,
    "batch_size": 16,
    "drop_last": True,
    "shuffle": "numpy-legacy",
    "max_epochs": 2,
    "l2": 0.5,
    "fit_intercept": False,
    "penalize_bias": True,
    "init": "normal",
    "init_scale": 0.5,
    "scaling": "unit",
    "flip_probability": 0.25,
    "flip_mode": "accumulating",
    "image_shape": (2, 3),
    "label_smoothing": 0.25,
    "class_weight": "balanced",
    "early_stopping": True,
    "patience": 2,
    "monitor": "validation_accuracy",
    "keep": "last",
    "validation_fraction": 0.25,
    "validations_per_epoch": 2,
    "dtype": "float64",
    "n_jobs": 1,
    "random_state": 3,
    "warm_start": True,
    "verbose": 1,
}


def test_every_parameter_is_tried():
    assert set(TrainingParameters.model_fields) == set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_parameters_of_training(name):
    value = GIVEN[name]
    expected = TrainingParameters.check({name: value})
    kinds = [np.array, np.int64, list, pd.Series] if name == "image_shape" else KINDS[type(value)]
    for kind in kinds:
        given = value if kind is pd.Series and name != "image_shape" else kind(value)
        found = TrainingParameters.check({name: given})
        assert found == expected
        assert type(getattr(found, name)) is type(value)


def test_classifier_of_numpy_values_is_the_same_and_can_be_saved(tmp_path):
    plain = {"loss": "sigmoid", "learning_rate": 0.25, "batch_size": 16, "max_epochs": 2, "early_stopping": True}
    plain |= {"random_state": 3, "n_jobs": 1, "image_shape": (2, 3), "class_weight": {0: 0.5, 2: 2.0}}
    given = {
        "loss": np.str_("sigmoid"),
        "learning_rate": np.float32(0.25),
        "batch_size": np.uint8(16),
        "max_epochs": np.int64(2),
        "early_stopping": np.bool_(True),
        "random_state": np.uint32(3),
        "n_jobs": np.int8(1),
        "image_shape": np.array([2, 3]),
        "class_weight": {np.int64(0): np.float16(0.5), 2: 2},
    }
    expected, found = (OneLayerClassifier(**parameters).fit(X, Y) for parameters in (plain, given))
    np.testing.assert_array_equal(found.coef_, expected.coef_)
    for clf in (expected, found):
        clf.save(tmp_path / f"{clf is found}")
    assert (tmp_path / "True").read_bytes() == (tmp_path / "False").read_bytes()
    assert load_model(tmp_path / "True").get_params() == expected.get_params()


@pytest.mark.parametrize(
    "names",
    [
        np.array(["1", "2", "10"]),
        np.array(["1", "2", "10"], object),
        np.array(["1", "2", "10"], np.dtypes.StringDType()),
        np.array([1, 2, 10], np.uint8),
        np.array([1.0, 2.0, 10.0]),
        np.array(["ant", "bee", "cat"]),
    ],
    ids=lambda names: str(names.dtype),
)
def test_class_weight_names_labels_as_they_are(names):
    """Weighting a class equals weighting its rows; text that says a number is text."""
    labels, factor = names[Y], {0: 1.0, 1: 2.0, 2: 5.0}
    weights = {name: factor[place] for place, name in enumerate(names.tolist())}
    by_class = OneLayerClassifier(class_weight=weights, scaling="none", random_state=0, max_epochs=2).fit(X, labels)
    by_row = OneLayerClassifier(scaling="none", random_state=0, max_epochs=2).fit(X, labels, [factor[y] for y in Y])
    np.testing.assert_array_equal(by_class.coef_, by_row.coef_)
    keyed = {name: weights[plain] for name, plain in zip(names, weights, strict=True)}  # by NumPy's scalars
    again = OneLayerClassifier(class_weight=keyed, scaling="none", random_state=0, max_epochs=2).fit(X, labels)
    np.testing.assert_array_equal(again.coef_, by_class.coef_)


def test_classes_that_are_not_named_have_weight_one():
    named, default = ({0: 1.0, 1: 3.0, 2: 1.0}, {1: 3.0})
    coefs = [OneLayerClassifier(class_weight=one, random_state=0).fit(X, Y).coef_ for one in (named, default)]
    np.testing.assert_array_equal(*coefs)


@pytest.mark.parametrize(
    "parameters",
    [
        {"orientations": np.int64(4)},
        {"pixels_per_cell": np.array([2, 4])},
        {"cells_per_block": (np.int64(2), np.uint8(1))},
        {"block_norm": np.str_("L1")},
        {"transform_sqrt": np.bool_(True)},
        {"channel": np.str_("strongest")},
    ],
    ids=str,
)
def test_features_can_be_saved(parameters, tmp_path):
    features = HOG(**{"pixels_per_cell": (4, 4), "cells_per_block": (1, 1)} | parameters)
    clf = OneLayerClassifier(random_state=0, max_epochs=1).fit(features.fit_transform(IMAGES), Y)
    model = ImageModel(
        clf, np.array(["a", "b", "c"]), np.array([8, 8, 3]), features=features, value_range=np.array([0, 255])
    )
    model.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), model.predict_proba(IMAGES))
    assert (loaded.class_names, loaded.image_shape, loaded.value_range) == (("a", "b", "c"), (8, 8, 3), (0, 255))


def test_grids():
    clf = OneLayerClassifier(random_state=np.int64(0), max_epochs=1)
    numpy_grid = {
        "l2": np.logspace(-3, 0, 3),
        "loss": np.array(["softmax", "hinge"]),
        "keep": [np.str_("last")],
    }
    plain_grid = {"l2": [0.001, 0.03162277660168379, 1.0], "loss": ["softmax", "hinge"], "keep": ["last"]}
    of_numpy, of_plain = (
        sweep_classifier(clf, X, Y, grid, folds=folds).to_dict()
        for grid, folds in ((numpy_grid, np.int64(3)), (plain_grid, 3))
    )
    assert json.dumps(of_numpy["trials"]) == json.dumps(of_plain["trials"])


@pytest.mark.parametrize(
    "parameters",
    [
        {"loss": np.str_("hinge"), "n": np.int64(9), "d": np.uint8(3), "k": np.int8(4)},
        {"l2": np.float32(0.5), "penalize_bias": np.bool_(False), "label_smoothing": np.float16(0.25)},
        {"bound": np.float32(2**-20), "max_entries": np.array(7), "random_state": np.uint64(2)},
    ],
    ids=str,
)
def test_gradient_checks(parameters):
    report = check_gradients(**parameters)
    assert report == check_gradients(**{name: value.item() for name, value in parameters.items()})
    assert json.loads(json.dumps(report.to_dict()))["passed"] is True


def test_data_sets():
    given = load_dataset(np.str_("digits"), validation_fraction=np.float32(0.25), random_state=np.int64(3))
    plain = load_dataset("digits", validation_fraction=0.25, random_state=3)
    assert [part.fingerprint for part in given] == [part.fingerprint for part in plain]


def test_plain_values_of_nested_ones():
    given = {"a": [np.int64(1), (np.float32(0.5), np.bool_(True))], np.str_("b"): np.array([["x"]]), "c": None}
    assert repr(plain_value(given)) == "{'a': (1, (0.5, True)), 'b': (('x',),), 'c': None}"
