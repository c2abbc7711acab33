"""``partial_fit``: an epoch at a time."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import load_model
from onelayer.errors import ConfigError, DivergenceError, InputError
from onelayer.losses import LOSSES

CLASSES = [0, 1, 2]


def partially(clf, X, y, times, **first):
    clf.partial_fit(X, y, CLASSES, **first)
    for _ in range(times - 1):
        clf.partial_fit(X, y)
    return clf


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"momentum": 0.9},
        {"shuffle": "numpy-legacy"},
        {"schedule": "cosine"},
        {"schedule": "step", "decay_epochs": 2},
        {"init": "normal"},
        {"label_smoothing": 0.1},
        {"class_weight": {0: 3.0}},
        {"drop_last": True},
        {"dtype": "float32"},
    ],
    ids=str,
)
def test_as_often_as_epochs_equals_fit(make, three_classes, parameters):
    X, y = three_classes
    whole = make(max_epochs=4, **parameters).fit(X, y)
    parts = partially(make(max_epochs=4, **parameters), X, y, 4)
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    assert (parts.n_iter_, parts.n_steps_) == (whole.n_iter_, whole.n_steps_) == (4, parts.n_steps_)
    for key, values in whole.history_.items():
        np.testing.assert_array_equal(parts.history_[key], values)


@pytest.mark.parametrize("flip_mode", ["independent", "accumulating"])
def test_flips_go_on_too(make, images, flip_mode):
    X, y = images
    flipping = {"max_epochs": 4, "flip_probability": 0.3, "flip_mode": flip_mode}
    np.testing.assert_array_equal(partially(make(**flipping), X, y, 4).coef_, make(**flipping).fit(X, y).coef_)


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "logistic"])
def test_goes_on_after_fit(make, three_classes, loss):
    X, y = three_classes
    went_on = make(loss, max_epochs=3, momentum=0.5).fit(X, y).partial_fit(X, y)
    np.testing.assert_array_equal(went_on.coef_, make(loss, max_epochs=4, momentum=0.5).fit(X, y).coef_)


def test_goes_on_from_the_best_weights_of_fit(make, three_classes):
    X, y = three_classes
    clf = make(learning_rate=3.0, max_epochs=30, early_stopping=True, patience=3).fit(X, y)
    best = clf.coef_
    clf.set_params(learning_rate=1e-300, l2=0.0).partial_fit(X, y)
    np.testing.assert_allclose(clf.coef_, best, rtol=1e-12)


def test_learns_after_fit_with_validation(make, three_classes):
    X, y = three_classes
    clf = make().fit(X, y, X_val=X[:9], y_val=y[:9])
    before = clf.coef_.copy()
    assert np.abs(clf.partial_fit(X, y).coef_ - before).max() > 1e-3


def test_rows_come_in_parts(make, three_classes):
    X, y = three_classes
    clf = make(scaling="none").partial_fit(X[:30], y[:30], CLASSES).partial_fit(X[30:45], y[30:45])
    assert clf.history_["epoch"].tolist() == [0, 0, 1]
    by_hand = make(scaling="none", max_epochs=1).fit(X[:30], y[:30])
    np.testing.assert_array_equal(clf.history_["batch_loss"][:2], by_hand.history_["batch_loss"])


def test_classes_that_never_came_can_be_predicted(make, three_classes):
    X, y = three_classes
    two = y < 2
    clf = make().partial_fit(X[two], y[two], CLASSES)
    assert (clf.classes_.tolist(), clf.predict_proba(X).shape) == (CLASSES, (90, 3))


def test_scaling_is_learned_from_the_first_rows(make, three_classes):
    X, y = three_classes
    clf = make().partial_fit(X, y, CLASSES)
    before = clf.decision_function(X)
    clf.set_params(learning_rate=1e-300, l2=0.0).partial_fit(100 * X + 50, y)
    np.testing.assert_allclose(clf.decision_function(X), before, rtol=1e-12)


def test_weights(make, three_classes):
    X, y = three_classes
    weights = np.linspace(0, 2, 90)
    parts = partially(make(max_epochs=1), X, y, 1, sample_weight=weights)
    np.testing.assert_array_equal(parts.coef_, make(max_epochs=1).fit(X, y, weights).coef_)


def test_changed_parameters_count_from_the_next_call(make, three_classes):
    clf = partially(make(), *three_classes, 1).set_params(learning_rate=0.5).partial_fit(*three_classes)
    assert clf.history_["learning_rate"][[0, -1]].tolist() == [0.01, 0.5]


def test_momentum_may_begin_later(make, three_classes):
    X, y = three_classes
    with_momentum, without = (partially(make(), X, y, 1) for _ in range(2))
    with_momentum.set_params(momentum=0.9).partial_fit(X, y)
    assert np.abs(with_momentum.coef_ - without.partial_fit(X, y).coef_).max() > 1e-3


def test_failed_call_leaves_the_model_as_it_was(make, three_classes):
    X, y = three_classes
    clf, other = partially(make(), X, y, 2), partially(make(), X, y, 2)
    before = clf.coef_.copy()
    with pytest.raises(DivergenceError):
        clf.set_params(learning_rate=1e308).partial_fit(X, y)
    np.testing.assert_array_equal(clf.coef_, before)
    clf.set_params(learning_rate=0.01).partial_fit(X, y)
    np.testing.assert_array_equal(clf.coef_, other.partial_fit(X, y).coef_)


@pytest.mark.parametrize("classes", [[2, 1, 0], np.array(CLASSES), (0, 1, 2)], ids=str)
def test_same_classes_may_be_given_again(make, three_classes, classes):
    partially(make(), *three_classes, 1).partial_fit(*three_classes, classes)


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        (None, InputError, "the first call of partial_fit needs classes"),
        ([0, 1], InputError, "y has label 2, which is not among the classes 0, 1"),
        ([0], InputError, "all labels are of one class, 0"),
        ([], InputError, "all labels are of one class:"),
    ],
    ids=str,
)
def test_first_call_needs_all_classes(make, three_classes, classes, error, message):
    with pytest.raises(error, match=message):
        make().partial_fit(*three_classes, classes)


def test_other_classes_are_refused(make, three_classes):
    with pytest.raises(InputError, match="is not the same as on last call to partial_fit"):
        partially(make(), *three_classes, 1).partial_fit(*three_classes, [0, 1])


def test_balanced_weights_need_all_labels(make, three_classes):
    with pytest.raises(ConfigError, match="class_weight='balanced' needs all labels at once: give partial_fit"):
        make(class_weight="balanced").partial_fit(*three_classes, CLASSES)


def test_loaded_model_does_not_know_its_scaling(make, three_classes, tmp_path):
    make().fit(*three_classes).save(tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="partial_fit can't go on from it: use fit with warm_start=True"):
        loaded.partial_fit(*three_classes)
    loaded.set_params(warm_start=True, learning_rate=1e-300, l2=0.0).fit(*three_classes)
    np.testing.assert_allclose(loaded.coef_, make().fit(*three_classes).coef_, rtol=1e-12)


def test_loss_can_not_change(make, three_classes):
    with pytest.raises(ConfigError, match="partial_fit can't change loss='softmax' to 'hinge': use fit"):
        partially(make(), *three_classes, 1).set_params(loss="hinge").partial_fit(*three_classes)
