"""Trained to the end, every model is the one that other optimisers find."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

L2 = 0.05
TO_THE_END = {"batch_size": 90, "momentum": 0.9, "l2": L2, "scaling": "standardize", "shuffle": False}


@pytest.mark.parametrize(("loss", "data"), [("softmax", "three_classes"), ("logistic", "two_classes")])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_logistic_regression_of_scikit_learn(make, request, loss, data, weighted, fit_intercept):
    X, y = request.getfixturevalue(data)
    weights = np.random.default_rng(0).uniform(0.1, 2, len(y)) if weighted else np.ones(len(y))
    clf = make(loss, **TO_THE_END, learning_rate=0.5, max_epochs=600, fit_intercept=fit_intercept)
    clf.fit(X, y, weights)
    scaler = StandardScaler().fit(X, sample_weight=weights)
    reference = LogisticRegression(C=1 / (L2 * weights.sum()), tol=1e-12, max_iter=10_000, fit_intercept=fit_intercept)
    reference.fit(scaler.transform(X), y, weights)
    np.testing.assert_allclose(clf.coef_ * scaler.scale_, reference.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        clf.intercept_ + clf.coef_ @ scaler.mean_, np.broadcast_to(reference.intercept_, len(clf.intercept_)), atol=1e-6
    )
    np.testing.assert_allclose(clf.predict_proba(X), reference.predict_proba(scaler.transform(X)), atol=1e-6)


def sigmoid_objective(scores, one_hot):
    return np.mean(np.logaddexp(0, scores) - one_hot * scores, axis=1)


def squared_hinge_objective(scores, one_hot):
    return np.sum(np.maximum(0, 1 - (2 * one_hot - 1) * scores) ** 2, axis=1)


@pytest.mark.parametrize(
    ("loss", "values", "learning_rate"),
    [("sigmoid", sigmoid_objective, 1.0), ("squared_hinge", squared_hinge_objective, 0.02)],
)
@pytest.mark.parametrize("penalize_bias", [False, True])
def test_minimum_of_the_plain_objective(make, three_classes, loss, values, learning_rate, penalize_bias):
    X, y = three_classes
    scaled, one_hot = StandardScaler().fit_transform(X), np.eye(3)[y]
    augmented = np.column_stack([scaled, np.ones(len(y))])

    def objective(flat):
        weights = flat.reshape(3, 6)
        norm = (weights**2).sum() if penalize_bias else (weights[:, :5] ** 2).sum()
        return values(augmented @ weights.T, one_hot).mean() + L2 / 2 * norm

    found = minimize(objective, np.zeros(18), method="BFGS", options={"gtol": 1e-9}).x.reshape(3, 6)
    clf = make(loss, **TO_THE_END, learning_rate=learning_rate, max_epochs=1500, penalize_bias=penalize_bias).fit(X, y)
    np.testing.assert_allclose(clf.decision_function(X), augmented @ found.T, atol=1e-5)


def test_hinge_of_two_classes_is_the_support_vector_machine(make, two_classes):
    X, y = two_classes
    cooling = {"schedule": "exponential", "decay_rate": 0.1, "decay_epochs": 1000, "max_epochs": 4000}
    clf = make("hinge", **TO_THE_END | {"momentum": 0.0}, learning_rate=0.5, **cooling).fit(X, y)
    scaler = StandardScaler().fit(X)
    # ‖u‖² + ‖−u‖² = ‖w‖²/2 for w = 2u: the penalty on both weight vectors is half of that on their difference.
    reference = SVC(kernel="linear", C=2 / (L2 * len(y)), tol=1e-8).fit(scaler.transform(X), y)
    np.testing.assert_allclose(clf.coef_ * scaler.scale_, reference.coef_, atol=2e-3)
    np.testing.assert_allclose(clf.decision_function(X), reference.decision_function(scaler.transform(X)), atol=5e-3)
