"""Validation rows, given or held out, and stopping by them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from onelayer.losses import LOSSES
from onelayer.training.history import STEP_KEYS, VALIDATION_KEYS

OVERFIT = {"learning_rate": 2.0, "max_epochs": 200, "early_stopping": True, "patience": 5}


@pytest.fixture
def split(three_classes):
    X, y = three_classes
    return X[:60], y[:60], {"X_val": X[60:], "y_val": y[60:]}


def test_validation_rows_change_no_weight(make, split):
    X, y, validation = split
    validated = make(keep="last").fit(X, y, **validation)
    np.testing.assert_array_equal(validated.coef_, make().fit(X, y).coef_)


def test_last_figures_are_those_of_the_last_weights(make, split):
    X, y, validation = split
    clf = make(keep="last").fit(X, y, **validation)
    X_val, y_val = validation.values()
    assert clf.history_["validation_loss"][-1] == pytest.approx(log_loss(y_val, clf.predict_proba(X_val)), rel=1e-9)
    assert clf.history_["train_loss"][-1] == pytest.approx(log_loss(y, clf.predict_proba(X)), rel=1e-9)
    assert clf.history_["validation_accuracy"][-1] == clf.score(X_val, y_val)
    assert clf.history_["train_accuracy"][-1] == clf.score(X, y)


def test_figures_are_weighted(make, split):
    X, y, validation = split
    X_val, y_val = validation.values()
    weights, weights_val = np.linspace(0, 1, 60), np.linspace(2, 0, 30)
    clf = make(keep="last").fit(X, y, weights, **validation, sample_weight_val=weights_val)
    history = clf.history_
    assert history["train_accuracy"][-1] == pytest.approx(clf.score(X, y, weights))
    assert history["validation_accuracy"][-1] == pytest.approx(clf.score(X_val, y_val, weights_val))
    expected = log_loss(y_val, clf.predict_proba(X_val), sample_weight=weights_val)
    assert history["validation_loss"][-1] == pytest.approx(expected, rel=1e-9)


def test_history_has_a_value_for_every_step_and_validation(make, split):
    X, y, validation = split
    history = make(batch_size=10, validations_per_epoch=3).fit(X, y, **validation).history_
    assert {key: len(history[key]) for key in history} == dict.fromkeys(STEP_KEYS, 18) | dict.fromkeys(
        VALIDATION_KEYS, 9
    )
    assert history["validation_step"].tolist() == list(range(0, 18, 2))


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "logistic"])
def test_best_weights_are_kept(make, split, loss):
    X, y, validation = split
    clf = make(loss, learning_rate=0.5, max_epochs=20).fit(X, y, **validation)
    assert clf.mean_loss(*validation.values()) == pytest.approx(clf.history_["validation_loss"].min(), rel=1e-9)


def test_weights_of_best_accuracy_are_kept(make, split):
    X, y, validation = split
    clf = make(monitor="validation_accuracy", learning_rate=0.5, max_epochs=20).fit(X, y, **validation)
    assert clf.score(*validation.values()) == clf.history_["validation_accuracy"].max()


def test_stopped_epoch(make, split):
    X, y, validation = split
    clf = make(**OVERFIT).fit(X, y, **validation)
    losses = clf.history_["validation_loss"]
    assert len(losses) - 1 - losses.argmin() == 5
    assert clf.stopped_epoch_ == clf.n_iter_ - 1 == len(losses) - 1 < 199


def test_own_split_is_stratified_and_seeded(make, three_classes, monkeypatch):
    X, y = three_classes
    clf = make(early_stopping=True, validation_fraction=0.2, keep="last").fit(X, y)
    steps = clf.n_steps_ / clf.n_iter_
    assert steps == -(-72 // 16)  # 18 of 90 rows held out
    assert clf.classes_.tolist() == [0, 1, 2]
    again = make(early_stopping=True, validation_fraction=0.2, keep="last").fit(X, y)
    np.testing.assert_array_equal(again.history_["validation_loss"], clf.history_["validation_loss"])


BLIND = {"early_stopping": True, "validation_fraction": 0.1, "fit_intercept": False, "scaling": "none"}


def test_own_split_holds_out_rows_of_each_class(make):
    y = np.repeat([0, 1, 2], [100, 50, 20])
    history = make(**BLIND).fit(np.zeros((170, 1)), y).history_
    # With nothing to see all scores are 0, and the first class is decided on: the accuracies are its shares.
    assert history["validation_accuracy"][0] == 10 / 17
    assert history["train_accuracy"][0] == 90 / 153


def test_held_out_rows_are_not_trained_on(make, three_classes):
    X, y = three_classes
    clf = make(early_stopping=True, scaling="none", shuffle=False, batch_size=1000, max_epochs=1).fit(X, y)
    assert clf.history_["train_loss"].shape == (1,)
    assert clf.coef_.shape == (3, 5)
    assert clf.n_steps_ == 1
    whole = make(scaling="none", shuffle=False, batch_size=1000, max_epochs=1).fit(X, y)
    assert np.abs(clf.coef_ - whole.coef_).max() > 1e-4


def test_given_rows_take_the_place_of_a_split(make, split):
    X, y, validation = split
    clf = make(early_stopping=True, keep="last").fit(X, y, **validation)
    np.testing.assert_array_equal(clf.coef_, make().fit(X, y).coef_)


def test_weights_are_split_with_their_rows(make):
    y = np.repeat([0, 1, 2], [100, 50, 20])
    history = make(**BLIND).fit(np.zeros((170, 1)), y, np.array([1.0, 0.5, 0.0])[y]).history_
    assert history["validation_accuracy"][0] == pytest.approx(10 / 12.5)
    assert history["train_accuracy"][0] == pytest.approx(90 / 112.5)


def test_images_are_held_out_as_rows(make, images):
    X, y = images
    stopping = {"early_stopping": True, "validation_fraction": 0.25}
    of_images, of_rows = make(**stopping).fit(X, y), make(**stopping).fit(X.reshape(60, -1), y)
    np.testing.assert_array_equal(of_images.coef_, of_rows.coef_)
