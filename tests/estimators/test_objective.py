"""The objective of a fitted model is the J that was minimised, as a function of parameters on raw features."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import OneLayerClassifier, check_gradients, load_model
from onelayer.rows import ArrayRows

X = np.random.default_rng(0).normal(3, 2, (200, 5))
X[:, 4] = 7.0  # a feature that is constant has no weight, and no part in the penalty
Y = np.random.default_rng(1).integers(0, 3, 200)


def fitted(scaling, **extra):
    parameters = {"l2": 0.1, "random_state": 0, "max_epochs": 5, "keep": "last", **extra}
    return OneLayerClassifier(scaling=scaling, **parameters).fit(X, Y, X_val=X, y_val=Y)


def objective(clf):
    return float(clf.objective_.value(clf.parameters_, ArrayRows(X, dtype=np.float64), Y))


@pytest.mark.parametrize("penalize_bias", [False, True])
@pytest.mark.parametrize("scaling", ["none", "unit", "symmetric", "standardize"])
def test_it_is_that_of_the_history(scaling, penalize_bias):
    clf = fitted(scaling, penalize_bias=penalize_bias)
    assert objective(clf) == pytest.approx(clf.history_["train_objective"][-1], rel=1e-12)


def test_later_parameters_do_not_change_it():
    clf = fitted("unit")
    before = objective(clf)
    clf.set_params(l2=10, penalize_bias=True, loss="hinge")
    assert objective(clf) == before


@pytest.mark.parametrize("scaling", ["none", "unit", "symmetric", "standardize"])
def test_a_model_file_keeps_it(scaling, tmp_path):
    clf = fitted(scaling, penalize_bias=True)
    clf.set_params(l2=10)
    clf.save(tmp_path / "model.safetensors")
    assert objective(load_model(tmp_path / "model.safetensors")) == objective(clf)


@pytest.mark.parametrize("scaling", ["unit", "standardize"])
def test_its_gradient_is_checked_on_raw_features(scaling):
    report = check_gradients(fitted(scaling, penalize_bias=True), X, Y)
    assert report.passed
    assert set(report.entries) == {"loss", "penalty", "hessian"}


def test_the_parameters_minimise_it():
    clf = fitted("symmetric", max_epochs=3000, batch_size=200, learning_rate=0.5)
    gradient = clf.objective_.gradient(clf.parameters_, ArrayRows(X, dtype=np.float64), Y)
    assert max(np.abs(part).max() for part in gradient) < 1e-6
