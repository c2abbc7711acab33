"""The published figures of the tdt4265 reports, through the public classifier.

The protocol, from the course's starter code: digits as bytes mapped to [−1, 1], weights from 0, batches of 128 without
the last incomplete one, five validations an epoch from the first step on, and a stop when ten validations in a row were
not better than the best. Losses are without penalty.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from onelayer import OneLayerClassifier, load_dataset

FIGURES = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
PROTOCOL = {
    "scaling": "symmetric",
    "batch_size": 128,
    "drop_last": True,
    "max_epochs": 500,
    "l2": 0.0,
    "penalize_bias": True,
    "validations_per_epoch": 5,
    "early_stopping": True,
    "patience": 10,
    "keep": "last",
    "dtype": "float64",
    "random_state": 0,
}


@pytest.fixture(scope="module")
def mnist(data_dir):
    """The first 20,000 training images, and all test images for validation."""
    train, _, test = load_dataset("mnist", data_dir=data_dir, validation_fraction=0, download=False)
    return train.X[:20_000], train.y[:20_000], {"X_val": test.X, "y_val": test.y}


@pytest.fixture(scope="module")
def two_against_three(mnist):
    def only(X, y):
        kept = (y == 2) | (y == 3)
        return X[kept], (y[kept] == 2).astype(int)

    X_val, y_val = only(*mnist[2].values())
    return *only(*mnist[:2]), {"X_val": X_val, "y_val": y_val}


def test_sizes_of_the_binary_problem(two_against_three):
    assert (len(two_against_three[0]), len(two_against_three[2]["X_val"])) == (4005, 2042)


@pytest.mark.parametrize(
    ("shuffle", "stopped_epoch", "figures"),
    [
        (False, 33, (0.07088705555893647, 0.06577187753329566, 0.9757802746566792, 0.9794319294809011)),
        ("numpy-legacy", 16, (0.07924553698509086, 0.07166134981545134, 0.9735330836454432, 0.9764936336924583)),
    ],
)
def test_binary(two_against_three, shuffle, stopped_epoch, figures):
    X, y, validation = two_against_three
    clf = OneLayerClassifier("logistic", learning_rate=0.05, shuffle=shuffle, **PROTOCOL).fit(X, y, **validation)
    last = [clf.history_[key][-1] for key in FIGURES]
    assert clf.stopped_epoch_ == stopped_epoch
    assert last[:2] == pytest.approx(figures[:2], abs=1e-9, rel=0)
    assert tuple(last[2:]) == figures[2:]


def test_binary_weights_are_those_of_the_last_figures(two_against_three):
    X, y, validation = two_against_three
    clf = OneLayerClassifier("logistic", learning_rate=0.05, shuffle=False, **PROTOCOL).fit(X, y, **validation)
    assert log_loss(y, clf.predict_proba(X)) == pytest.approx(clf.history_["train_loss"][-1], abs=1e-9, rel=0)
    assert clf.score(*validation.values()) == clf.history_["validation_accuracy"][-1]


def softmax(mnist, l2):
    X, y, validation = mnist
    parameters = PROTOCOL | {"max_epochs": 50, "l2": l2}
    return OneLayerClassifier("softmax", learning_rate=0.01, shuffle="numpy-legacy", **parameters).fit(
        X, y, **validation
    )


@pytest.mark.slow
def test_softmax(mnist):
    X, y, validation = mnist
    X_val, y_val = validation.values()
    clf = softmax(mnist, l2=0.0)
    assert (clf.stopped_epoch_, clf.n_iter_, clf.n_steps_) == (None, 50, 50 * 156)
    assert log_loss(y, clf.predict_proba(X)) == pytest.approx(0.28003358753504926, abs=1e-9, rel=0)
    assert log_loss(y_val, clf.predict_proba(X_val)) == pytest.approx(0.29902402393704086, abs=1e-9, rel=0)
    assert (clf.score(X, y), clf.score(X_val, y_val)) == (0.9225, 0.9157)


@pytest.mark.slow
@pytest.mark.parametrize("l2_of_lambda", [2, 1], ids=["2λw", "λw"])
def test_norm_falls_with_the_penalty(mnist, l2_of_lambda):
    """One report updates with 2λw, the other with λw; both count the bias in ‖w‖²."""
    strengths = (0.002, 0.02, 0.2, 2.0)
    norms = [softmax(mnist, l2_of_lambda * strength).history_["weight_norm_squared"][-1] for strength in strengths]
    assert np.all(np.isfinite(norms))
    assert np.all(np.diff(norms) < 0)
