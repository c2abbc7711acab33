"""Bad input gets one or two lines that say what to do, not a traceback of another library."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from onelayer import OneLayerClassifier, OnelayerError
from onelayer.errors import ConfigError, DivergenceError, InputError

X = np.random.default_rng(0).normal(size=(30, 6))
Y = np.arange(30) % 3


def with_one(value):
    odd = X.copy()
    odd[1, 2] = value
    return odd


def fit(X=X, y=Y, sample_weight=None, *, parameters=None, **validation):
    return OneLayerClassifier(**parameters or {}).fit(X, y, sample_weight, **validation)


def lines(error):
    return str(error).strip().count("\n") + 1


# What onelayer says itself.
OWN = {
    "five axes": ({"X": np.zeros((3, 2, 2, 2, 2)), "y": [0, 1, 0]}, InputError, "must be rows (n, d) or images"),
    "complex": ({"X": X + 1j}, InputError, "Complex data not supported: give the real and imaginary parts of X"),
    "too large to square": ({"X": X * 1e200}, InputError, "too large or too close to 0 for scaling='standardize'"),
    "too small to square": ({"X": X * 1e-200}, InputError, "too large or too close to 0 for scaling='standardize'"),
    "too small for float32": (
        {"X": (X * 1e-30).astype("f4"), "parameters": {"dtype": "float32"}},
        InputError,
        "in float32: use dtype='float64', or rescale X",
    ),
    "no labels": ({"y": None}, InputError, "requires y to be passed"),
    "one class": (
        {"y": np.zeros(30)},
        InputError,
        "all labels are of one class, 0.0: a classifier needs at least two",
    ),
    "one class of text": ({"y": ["[/red]"] * 30}, InputError, "all labels are of one class, '[/red]'"),
    "three classes": ({"parameters": {"loss": "logistic"}}, InputError, "y has 3 classes (The type of the target"),
    "class weights zero": (
        {"parameters": {"class_weight": {0: 0, 1: 0, 2: 0}}},
        InputError,
        "at least one has to count",
    ),
    "weight of an unknown class": (
        {"parameters": {"class_weight": {0: 1.0, 7: 2.0}}},
        ConfigError,
        "class_weight has 7, which is none of the labels 0, 1, 2",
    ),
    "unknown loss": ({"parameters": {"loss": "sofmax"}}, ConfigError, "did you mean 'softmax'?"),
    "negative rate": (
        {"parameters": {"learning_rate": -1.0}},
        ConfigError,
        "learning_rate=-1.0: input should be greater",
    ),
    "no batch": (
        {"parameters": {"batch_size": 0}},
        ConfigError,
        "batch_size=0: input should be greater than or equal to 1",
    ),
    "text for a number": ({"parameters": {"l2": "0.1"}}, ConfigError, "l2='0.1': input should be a valid number"),
    "number for a flag": (
        {"parameters": {"drop_last": 1}},
        ConfigError,
        "drop_last=1: input should be a valid boolean",
    ),
    "batch too large": (
        {"parameters": {"batch_size": 31, "drop_last": True}},
        ConfigError,
        "batch_size=31 with drop_last leaves no batch of 30 rows: use a smaller batch_size",
    ),
    "smoothed hinge": (
        {"parameters": {"loss": "hinge", "label_smoothing": 0.1}},
        ConfigError,
        "label_smoothing needs a loss on probabilities, which 'hinge' is not: set label_smoothing=0",
    ),
    "image shape too small": (
        {"parameters": {"image_shape": (2, 2)}},
        InputError,
        "image_shape=(2, 2, 1) has 4 values, but rows have 6 features",
    ),
    "image shape of others": (
        {"X": X.reshape(30, 2, 3), "parameters": {"image_shape": (3, 2)}},
        InputError,
        "images have shape (2, 3), but image_shape=(3, 2)",
    ),
    "flips of rows": (
        {"parameters": {"flip_probability": 0.1}},
        InputError,
        "flip_probability needs images: give X as (n, h, w) or (n, h, w, c), or set image_shape",
    ),
    "validation rows alone": (
        {"X_val": X},
        InputError,
        "validation rows need their labels too: give y_val with X_val",
    ),
    "validation labels alone": ({"y_val": Y}, InputError, "without X_val: give the validation rows too"),
    "validation weights alone": ({"sample_weight_val": Y}, InputError, "without X_val: give the validation rows too"),
    "unknown validation label": (
        {"X_val": X, "y_val": Y + 1},
        InputError,
        "y_val has label 3, which is not among the classes 0, 1, 2",
    ),
    "validation labels as text": (
        {"X_val": X, "y_val": Y.astype(str)},
        InputError,
        "y_val has label '0', which is not among the classes 0, 1, 2",
    ),
    "validation labels as numbers": (
        {"y": Y.astype(str).astype(object), "X_val": X, "y_val": Y},
        InputError,
        "y_val has label 0, which is not among the classes '0', '1', '2'",
    ),
    "validation images of another shape": (
        {"X": X.reshape(30, 2, 3), "X_val": X.reshape(30, 3, 2), "y_val": Y},
        InputError,
        "images have shape (3, 2), but image_shape=(2, 3, 1)",
    ),
    "too few rows to hold out": (
        {"X": X[:4], "y": Y[:4], "parameters": {"early_stopping": True}},
        InputError,
        "can't hold out validation_fraction=0.1 of the rows for early stopping",
    ),
    "held out rows without weight": (
        {"sample_weight": np.eye(30)[0], "parameters": {"early_stopping": True, "random_state": 0}},
        InputError,
        "all validation sample weights are 0: at least one row has to count",
    ),
    "divergence": (
        {"parameters": {"loss": "squared_hinge", "learning_rate": 1e6}},
        DivergenceError,
        "try a learning rate of 1e+05 or less",
    ),
}


@pytest.mark.parametrize("case", OWN)
def test_own_words(case):
    arguments, kind, message = OWN[case]
    with pytest.raises(kind, match=re.escape(message)) as raised:
        fit(**arguments)
    assert lines(raised.value) == 1
    assert isinstance(raised.value, OnelayerError)
    assert str(raised.value).isprintable()


# Where scikit-learn's own validation speaks first.
THEIRS = {
    "NaN": ({"X": with_one(np.nan)}, "Input X contains NaN"),
    "infinity": ({"X": with_one(-np.inf)}, "Input X contains infinity"),
    "NaN in float32": ({"X": with_one(np.nan).astype("f4")}, "Input X contains NaN"),
    "NaN in images": ({"X": with_one(np.nan).reshape(30, 2, 3)}, "Input X contains NaN"),
    "text": ({"X": np.array([["a", "b"]] * 3, object), "y": [0, 1, 0]}, "could not convert string to float"),
    "no rows": ({"X": np.empty((0, 6)), "y": []}, "0 sample(s)"),
    "no images": ({"X": np.empty((0, 2, 3)), "y": []}, "0 sample(s)"),
    "no features": ({"X": np.empty((30, 0))}, "0 feature(s)"),
    "ragged": ({"X": [[1, 2], [3]], "y": [0, 1]}, "inhomogeneous"),
    "fewer labels": ({"y": Y[:10]}, "inconsistent numbers of samples: [30, 10]"),
    "labels in a table": ({"y": np.column_stack([Y, Y])}, "y should be a 1d array"),
    "labels between": ({"y": X[:, 0]}, "Unknown label type: continuous"),
    "labels of all kinds": ({"y": np.array([1, "a", None] * 10, object)}, "Unknown label type"),
    "undefined labels": ({"y": np.where(Y == 0, np.nan, Y)}, "Input y contains NaN"),
    "infinite labels": ({"y": np.where(Y == 0, np.inf, Y)}, "Input y contains infinity"),
    "weights zero": ({"sample_weight": np.zeros(30)}, "at least one non-zero"),
    "negative weights": ({"sample_weight": -np.ones(30)}, "Negative values"),
    "undefined weights": ({"sample_weight": np.full(30, np.nan)}, "Input sample_weight contains NaN"),
    "fewer weights": ({"sample_weight": np.ones(3)}, "expected (30,)"),
    "validation NaN": ({"X_val": with_one(np.nan), "y_val": Y}, "Input X contains NaN"),
    "fewer validation features": ({"X_val": X[:, :3], "y_val": Y}, "X has 3 features"),
    "fewer validation labels": ({"X_val": X, "y_val": Y[:2]}, "inconsistent numbers of samples: [30, 2]"),
    "no validation rows": ({"X_val": X[:0], "y_val": Y[:0]}, "0 sample(s)"),
    "validation weights zero": ({"X_val": X, "y_val": Y, "sample_weight_val": np.zeros(30)}, "at least one non-zero"),
    "unknown random state": (
        {"parameters": {"random_state": "a"}},
        "random_state='a': input should be a valid integer",
    ),
}


@pytest.mark.parametrize("case", THEIRS)
def test_words_of_scikit_learn(case):
    arguments, message = THEIRS[case]
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        fit(**arguments)
    assert lines(raised.value) <= 2


def test_sparse_rows_are_refused():
    with pytest.raises(TypeError, match="dense data is required"):
        fit(csr_array(X))


@pytest.mark.parametrize("rows", [X[0], np.float64(3)], ids=["a row", "a number"])
def test_less_than_a_table_is_refused(rows):
    with pytest.raises(ValueError, match="Expected 2D array"):
        fit(rows)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "weight_images", "save"])
def test_nothing_can_be_asked_before_fit(method, tmp_path):
    arguments = {"weight_images": (), "save": (tmp_path / "model.safetensors",)}.get(method, (X,))
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(OneLayerClassifier(), method)(*arguments)


@pytest.mark.parametrize("rows", [X[:, :2], with_one(np.nan), X[:0]], ids=["features", "NaN", "empty"])
def test_rows_to_predict_are_checked(rows):
    with pytest.raises(ValueError, match=r"X has 2 features|contains NaN|0 sample"):
        fit().predict(rows)


@pytest.mark.parametrize("change", [{"y": Y + 1}, {"X": X[:, :2]}], ids=["classes", "features"])
def test_warm_start_needs_the_same_problem(change):
    clf = OneLayerClassifier(warm_start=True).fit(X, Y)
    with pytest.raises(InputError, match="warm_start needs the classes and features of the earlier fit"):
        clf.fit(**{"X": X, "y": Y} | change)


def test_many_classes_are_not_all_named():
    with pytest.raises(InputError, match=r"which is not among the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …$"):
        fit(y=np.arange(30) % 15, X_val=X, y_val=np.full(30, 99))
