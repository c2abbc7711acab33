"""The dd2424 and uvic reports on CIFAR-10, within a point of what their protocols give.

The CIFAR-10 images that tests find may be JPEG-coded, so that no figure can be exact.
"""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import HOG, OneLayerClassifier, load_dataset

pytestmark = pytest.mark.slow

POINT = 0.01


@pytest.fixture(scope="module")
def cifar(data_dir):
    train, _, test = load_dataset("cifar10", data_dir=data_dir, validation_fraction=0, download=False)
    return train, test


def test_dd2424_best_setting(cifar):
    """Softmax, halved rates from the first epoch on, images that flip back and forth; the last 1,000 images are left
    out."""
    train, test = cifar
    clf = OneLayerClassifier(
        "softmax",
        learning_rate=0.01,
        schedule="step",
        decay_rate=0.5,
        decay_epochs=10,
        decay_at_start=True,
        batch_size=50,
        max_epochs=50,
        l2=0.2,
        init="normal",
        init_scale=0.1,
        scaling="standardize",
        flip_probability=0.2,
        flip_mode="accumulating",
        dtype="float32",
        random_state=0,
    )
    clf.fit(train.X[:-1000], train.y[:-1000])
    assert clf.score(test.X, test.y) == pytest.approx(0.4107, abs=POINT)


@pytest.fixture(scope="module")
def hog(cifar):
    """Features and labels of four training folds, the fold to validate on, and the test images."""
    train, test = cifar
    features = HOG().fit(train.X[:1])
    rows, order = features.transform(train.X), np.random.RandomState(0).permutation(train.n)
    held, kept = order[:10_000], order[10_000:]
    validation = {"X_val": rows[held], "y_val": train.y[held]}
    return rows[kept], train.y[kept], validation, features.transform(test.X), test.y


@pytest.mark.parametrize(("loss", "validated", "tested"), [("hinge", 0.476, 0.468), ("softmax", 0.434, 0.425)])
def test_uvic(hog, loss, validated, tested):
    X, y, validation, X_test, y_test = hog
    clf = OneLayerClassifier(
        loss,
        learning_rate=1e-4,
        batch_size=100,
        max_epochs=100,
        l2=2.0,
        init="uniform",
        init_scale=0.001,
        scaling="standardize",
        monitor="validation_accuracy",
        keep="best",
        dtype="float32",
        random_state=0,
    )
    clf.fit(X, y, **validation)
    assert clf.history_["validation_accuracy"].max() == pytest.approx(validated, abs=POINT)
    assert clf.score(X_test, y_test) == pytest.approx(tested, abs=POINT)
