"""scikit-learn's tools around the classifier."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onelayer.losses import LOSSES

SCORED = [loss for loss in LOSSES if loss != "logistic"]


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_pipeline_of_a_scaler_equals_own_scaling(make, three_classes):
    X, y = three_classes
    own = make(scaling="standardize").fit(X, y)
    piped = make_pipeline(StandardScaler(), make(scaling="none")).fit(X, y)
    np.testing.assert_allclose(piped.decision_function(X), own.decision_function(X), rtol=1e-10, atol=1e-12)


def test_grid_search_finds_the_better_rate(make, three_classes):
    search = GridSearchCV(make(), {"learning_rate": [1e-9, 0.3], "l2": [0.0]}, cv=3).fit(*three_classes)
    assert search.best_params_ == {"learning_rate": 0.3, "l2": 0.0}
    assert search.best_score_ > 0.6


@pytest.mark.slow
def test_grid_search_in_processes_equals_that_in_turn(make, three_classes):
    grid = {"learning_rate": [0.01, 0.3]}
    scores = [GridSearchCV(make(), grid, cv=2, n_jobs=n).fit(*three_classes).cv_results_ for n in (1, 2)]
    np.testing.assert_array_equal(scores[0]["mean_test_score"], scores[1]["mean_test_score"])


def test_cross_val_predict_equals_fitting_by_hand(make, three_classes):
    X, y = three_classes
    folds = [(np.arange(45, 90), np.arange(45)), (np.arange(45), np.arange(45, 90))]
    predicted = cross_val_predict(make(), X, y, cv=folds, method="predict_proba")
    for train, test in folds:
        expected = make().fit(X[train], y[train]).predict_proba(X[test])
        np.testing.assert_array_equal(predicted[test], expected)


def test_binary_loss_serves_one_against_the_rest(make, three_classes):
    X, y = three_classes
    assert OneVsRestClassifier(make("logistic", learning_rate=0.5, max_epochs=20)).fit(X, y).score(X, y) > 0.7


def test_cross_validated_negative_log_loss(make, three_classes):
    scores = cross_val_score(make(learning_rate=0.3), *three_classes, cv=3, scoring="neg_log_loss")
    assert np.all((scores > -np.log(3)) & (scores < 0))


@pytest.mark.parametrize("loss", SCORED)
def test_pickled_copy_predicts_the_same(make, three_classes, loss):
    X, y = three_classes
    clf = make(loss).fit(X, y)
    again = pickle.loads(pickle.dumps(clf))  # noqa: S301 (our own bytes)
    np.testing.assert_array_equal(again.decision_function(X), clf.decision_function(X))


def test_pickled_copy_learns_on_the_same(make, three_classes):
    clf = make(momentum=0.9).fit(*three_classes)
    again = pickle.loads(pickle.dumps(clf))  # noqa: S301 (our own bytes)
    np.testing.assert_array_equal(again.partial_fit(*three_classes).coef_, clf.partial_fit(*three_classes).coef_)


def test_clone_of_a_fitted_one_is_not_fitted(make, three_classes):
    assert not hasattr(clone(make().fit(*three_classes)), "coef_")


@pytest.mark.usefixtures("routing")
def test_pipeline_routes_weights_and_validation(make, three_classes):
    X, y = three_classes
    weights = np.linspace(0, 2, len(y))
    asked = make().set_fit_request(sample_weight=True, X_val=True, y_val=True)
    unweighted = StandardScaler().set_fit_request(sample_weight=False)
    piped = make_pipeline(unweighted, asked, transform_input=["X_val"])
    piped.fit(X, y, sample_weight=weights, X_val=X[:20], y_val=y[:20])
    scaled = StandardScaler().fit(X)
    expected = make().fit(scaled.transform(X), y, weights, X_val=scaled.transform(X[:20]), y_val=y[:20])
    np.testing.assert_array_equal(piped[-1].coef_, expected.coef_)
    np.testing.assert_array_equal(piped[-1].history_["validation_loss"], expected.history_["validation_loss"])


@pytest.mark.usefixtures("routing")
def test_grid_search_routes_weights(make, three_classes):
    X, y = three_classes
    weights = np.where(y == 0, 0.0, 1.0)
    asked = make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(asked, {"l2": [0.1]}, cv=2).fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(search.best_estimator_.coef_, make(l2=0.1).fit(X, y, sample_weight=weights).coef_)


@pytest.mark.usefixtures("routing")
def test_weights_that_were_not_asked_for_are_refused(make, three_classes):
    X, y = three_classes
    with pytest.raises(ValueError, match="sample_weight"):
        make_pipeline(StandardScaler(), make()).fit(X, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])
def test_what_can_be_routed(make, method):
    requests = getattr(make().get_metadata_routing(), method).requests
    expected = {
        "fit": {"sample_weight", "X_val", "y_val", "sample_weight_val"},
        "partial_fit": {"classes", "sample_weight"},
        "score": {"sample_weight"},
    }
    assert set(requests) == expected[method]


@pytest.fixture
def frame(three_classes):
    X, y = three_classes
    return pd.DataFrame(X, columns=[f"pixel {i}" for i in range(5)]), pd.Series(y)


def test_frames_equal_their_arrays(make, three_classes, frame):
    X, y = frame
    clf = make().fit(X, y)
    np.testing.assert_array_equal(clf.decision_function(X), make().fit(*three_classes).decision_function(X.to_numpy()))


def test_feature_names_are_kept_and_checked(make, frame):
    X, y = frame
    clf = make().fit(X, y, X_val=X, y_val=y)
    assert clf.feature_names_in_.tolist() == list(X.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(X.rename(columns={"pixel 0": "other"}))


def test_arrays_for_a_model_of_frames_are_warned_of(make, frame):
    X, y = frame
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        make().fit(X, y).predict(X.to_numpy())
