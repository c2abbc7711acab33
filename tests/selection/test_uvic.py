"""The uvic report's protocol, cross-validated: HOG of CIFAR-10, a linear SVM and logistic regression, five folds.

On a part of the images, against the same protocol written out in plain NumPy.
"""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import HOG, OneLayerClassifier, load_dataset
from onelayer.estimators.sweeping import sweep_classifier
from onelayer.selection import Fold, shuffled_folds
from onelayer.streams import stream

pytestmark = pytest.mark.slow

ROWS, K, RATE, PENALTY, BATCH, EPOCHS = 4_000, 10, 1e-4, 1.0, 100, 100


@pytest.fixture(scope="module")
def hog(data_dir):
    train, *_ = load_dataset("cifar10", data_dir=data_dir, validation_fraction=0, download=False)
    images = train.X[:ROWS]
    return HOG(block_norm="L1").fit(images[:1]).transform(images).astype(np.float64), train.y[:ROWS].astype(np.intp)


@pytest.fixture(scope="module")
def folds():
    return shuffled_folds(ROWS, 5, seed=0)


@pytest.fixture(scope="module")
def result(hog, folds):
    clf = OneLayerClassifier(
        learning_rate=RATE,
        batch_size=BATCH,
        max_epochs=EPOCHS,
        l2=2 * PENALTY,
        init="uniform",
        init_scale=0.001,
        scaling="standardize",
        monitor="validation_accuracy",
        keep="best",
        random_state=0,
    )
    return sweep_classifier(clf, *hog, {"loss": ["hinge", "softmax"]}, folds=folds)


def residual(loss: str, scores: np.ndarray, y: np.ndarray) -> np.ndarray:
    own = np.eye(K)[y]
    if loss == "softmax":
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True) - own
    margins = scores - scores[np.arange(len(y)), y][:, None] + 1
    violated = (margins > 0) & (own == 0)
    return violated - own * violated.sum(axis=1, keepdims=True)


def best_accuracy(loss: str, X: np.ndarray, y: np.ndarray, fold: Fold) -> float:
    """The best validation accuracy by the protocol: W ← W − η(∂L/∂W + 2λW)."""
    mean, deviation = X[fold.training].mean(axis=0), X[fold.training].std(axis=0)
    X = (X - mean) / deviation
    rng, best = stream(0, "init"), 0.0
    weights, bias = rng.uniform(-0.001, 0.001, (K, X.shape[1])), rng.uniform(-0.001, 0.001, K)
    for epoch in range(EPOCHS):
        order = fold.training[stream(0, "shuffle", epoch).permutation(len(fold.training))]
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            gradient = residual(loss, X[rows] @ weights.T + bias, y[rows]) / len(rows)
            weights -= RATE * (gradient.T @ X[rows] + 2 * PENALTY * weights)
            bias -= RATE * gradient.sum(axis=0)
        scores = X[fold.held_out] @ weights.T + bias
        best = max(best, float(np.mean(scores.argmax(axis=1) == y[fold.held_out])))
    return best


@pytest.mark.parametrize("trial", [0, 1], ids=["hinge", "softmax"])
def test_each_fold_has_the_accuracy_of_the_protocol(trial, hog, folds, result):
    found = result.trials[trial]
    expected = [best_accuracy(found.values["loss"], *hog, fold) for fold in folds]
    assert [fold.accuracy for fold in found.folds] == pytest.approx(expected)
    assert found.validation_accuracy == pytest.approx(np.mean(expected))


def test_svm_beats_logistic_regression_at_these_settings(result):
    svm, logistic = result.trials
    assert result.chosen is svm
    assert svm.validation_accuracy - logistic.validation_accuracy > 2 * svm.standard_error
