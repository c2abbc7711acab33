"""Labels of every kind, and the shapes of what is learned from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from onelayer.errors import InputError
from onelayer.losses import LOSSES

MULTICLASS = [loss for loss in LOSSES if loss != "logistic"]
PROBABILISTIC = [name for name, loss in LOSSES.items() if loss.has_probabilities]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(np.array(["ant", "bee", "cat"]), id="text"),
        pytest.param(np.array(["ant", "bee", "cat"], object), id="text objects"),
        pytest.param(np.array([-7, 3, 2**40]), id="large integers"),
        pytest.param(np.array([0, 1, 2], np.uint8), id="bytes"),
        pytest.param(np.array([0.0, 1.0, 2.0]), id="whole floats"),
    ],
)
def test_labels_are_given_back_as_they_came(make, three_classes, names):
    X, y = three_classes
    clf, by_number = make().fit(X, names[y]), make().fit(X, y)
    np.testing.assert_array_equal(clf.classes_, names, strict=True)
    np.testing.assert_array_equal(clf.predict(X), names[by_number.predict(X)])
    assert clf.score(X, names[y]) == by_number.score(X, y)


LARGE = np.array([2**60 + 1, 2**60 + 2, 2**60 + 3])  # which are one and the same float
NAMES = np.array(["ant", "bee", "cat"])


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        (lambda y: pd.Series(LARGE[y], dtype="Int64"), LARGE),
        (lambda y: pd.Series(LARGE[y], dtype="int64[pyarrow]"), LARGE),
        (lambda y: pd.Series(LARGE[y]).astype("category"), LARGE),
        (lambda y: pl.Series(LARGE[y]), LARGE),
        (lambda y: LARGE[y].astype(">i8"), LARGE),
        (lambda y: pd.Series(NAMES[y], dtype="string"), NAMES),
        (lambda y: pd.Series(NAMES[y], dtype="string[pyarrow]"), NAMES),
        (lambda y: pd.Series(NAMES[y]).astype("category"), NAMES),
        (lambda y: pl.Series(NAMES[y]), NAMES),
        (lambda y: pl.Series(NAMES[y]).cast(pl.Categorical), NAMES),
        (lambda y: NAMES[y].astype(np.dtypes.StringDType()), NAMES),
        (lambda y: pa.array(NAMES[y]), NAMES),
        (lambda y: list(NAMES[y]), NAMES),
    ],
)
def test_columns_of_tables(make, three_classes, column, classes):
    X, y = three_classes
    labels = column(y)
    clf, by_number = make().fit(X, labels, X_val=X, y_val=labels), make().fit(X, y, X_val=X, y_val=y)
    assert clf.classes_.tolist() == classes.tolist()
    np.testing.assert_array_equal(clf.coef_, by_number.coef_)
    assert clf.score(X, labels) == by_number.score(X, y)
    assert clf.mean_loss(X, labels) == by_number.mean_loss(X, y)


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]", "bool"])
def test_columns_of_truth_values(make, two_classes, dtype):
    X, y = two_classes
    assert make().fit(X, pd.Series(y == 1, dtype=dtype)).classes_.tolist() == [False, True]


@pytest.mark.parametrize(
    "labels",
    [pd.Series([None, 1, 2] * 30, dtype="Int64"), pd.Series([None, "a", "b"] * 30), pl.Series([None, "a", "b"] * 30)],
    ids=["Int64", "text", "polars"],
)
def test_missing_labels_are_refused(make, three_classes, labels):
    with pytest.raises(InputError, match="y has missing labels: leave those rows out"):
        make().fit(three_classes[0], labels)


@pytest.mark.parametrize("loss", LOSSES)
def test_bool_labels(make, two_classes, loss):
    X, y = two_classes
    predicted = make(loss).fit(X, y == 1).predict(X)
    assert predicted.dtype == bool
    np.testing.assert_array_equal(predicted, make(loss).fit(X, y).predict(X) == 1)


def test_validation_labels_are_named_alike(make, three_classes):
    X, y = three_classes
    names = np.array(["ant", "bee", "cat"])
    by_name = make().fit(X, names[y], X_val=X[:9], y_val=list(names[y[:9]])).history_["validation_loss"]
    by_number = make().fit(X, y, X_val=X[:9], y_val=y[:9]).history_["validation_loss"]
    np.testing.assert_array_equal(by_name, by_number)


@pytest.mark.parametrize("loss", MULTICLASS)
def test_shapes_of_three_classes(make, three_classes, loss):
    X, y = three_classes
    clf = make(loss).fit(X, y)
    assert (clf.coef_.shape, clf.intercept_.shape, clf.decision_function(X).shape) == ((3, 5), (3,), (90, 3))


@pytest.mark.parametrize("loss", LOSSES)
def test_shapes_of_two_classes(make, two_classes, loss):
    X, y = two_classes
    clf = make(loss).fit(X, y)
    assert (clf.coef_.shape, clf.intercept_.shape, clf.decision_function(X).shape) == ((1, 5), (1,), (90,))


@pytest.mark.parametrize("loss", LOSSES)
def test_scores_of_two_classes_are_linear_in_raw_rows(make, two_classes, loss):
    X, y = two_classes
    clf = make(loss).fit(X, y)
    expected = X @ clf.coef_[0] + clf.intercept_[0]
    np.testing.assert_allclose(clf.decision_function(X), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", MULTICLASS)
def test_scores_of_three_classes_are_linear_in_raw_rows(make, three_classes, loss):
    X, y = three_classes
    clf = make(loss).fit(X, y)
    np.testing.assert_allclose(clf.decision_function(X), X @ clf.coef_.T + clf.intercept_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_positive_score_means_the_second_class(make, two_classes, loss):
    X, y = two_classes
    clf = make(loss).fit(X, np.array(["a", "b"])[y])
    np.testing.assert_array_equal(clf.predict(X) == "b", clf.decision_function(X) > 0)


@pytest.mark.parametrize("loss", MULTICLASS)
def test_largest_score_decides(make, three_classes, loss):
    X, y = three_classes
    clf = make(loss).fit(X, y)
    np.testing.assert_array_equal(clf.predict(X), clf.decision_function(X).argmax(axis=1))


@pytest.mark.parametrize("loss", PROBABILISTIC)
def test_probabilities_sum_to_one_and_agree_with_the_decision(make, two_classes, loss):
    X, y = two_classes
    clf = make(loss).fit(X, y)
    probabilities = clf.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), clf.predict(X))
    np.testing.assert_allclose(np.exp(clf.predict_log_proba(X)), probabilities, rtol=1e-14)


def test_softmax_of_two_classes_is_not_the_logistic_model(make, two_classes):
    X, y = two_classes
    parameters = {"l2": 0.5, "learning_rate": 0.5, "max_epochs": 300, "batch_size": 90}
    softmax, logistic = (make(loss, **parameters).fit(X, y) for loss in ("softmax", "logistic"))
    # The penalty acts on both weight vectors of softmax: ½·l2·(‖u‖² + ‖−u‖²) with w = 2u is half of that on w itself.
    halved = make("logistic", **parameters | {"l2": 0.25}).fit(X, y)
    assert np.abs(softmax.coef_ - logistic.coef_).max() > 0.01
    np.testing.assert_allclose(softmax.coef_, halved.coef_, rtol=1e-6)


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if not loss.has_probabilities])
@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba"])
def test_hinges_have_no_probabilities(make, two_classes, loss, method):
    assert not hasattr(make(loss).fit(*two_classes), method)


def test_impossible_probability_has_logarithm_minus_infinity(make):
    X, y = np.array([[-1.0], [1.0]] * 8), np.array([0, 1] * 8)
    clf = make("logistic").fit(X, y)
    assert clf.predict_log_proba([[1e9]]).tolist() == [[-np.inf, 0.0]]


@pytest.mark.parametrize("loss", LOSSES)
def test_mean_loss_is_the_training_loss_of_the_history(make, two_classes, loss):
    X, y = two_classes
    weights = np.linspace(0, 1, len(y))
    clf = make(loss, keep="last").fit(X, y, weights, X_val=X[:9], y_val=y[:9])
    assert clf.mean_loss(X, y, weights) == pytest.approx(clf.history_["train_loss"][-1], rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_parameters_and_objective_go_together(make, two_classes, loss):
    X, y = two_classes
    clf = make(loss).fit(X, y)
    scores = clf.objective_.model.scores(clf.parameters_, X)
    np.testing.assert_array_equal(clf.objective_.loss.decision(scores), clf.predict(X))
