"""The dd2424 and uvic reports on CIFAR-10: what their protocols give on the official pixels."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import HOG, OneLayerClassifier, load_dataset

pytestmark = pytest.mark.slow

ROUNDING = 0.002  # 20 of 10,000 images: instruction sets add in different orders, over 50 to 100 epochs


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
    assert clf.score(test.X, test.y) == pytest.approx(0.4114, abs=ROUNDING)


@pytest.fixture(scope="module", params=["L1", "L2-Hys"])
def hog(request, cifar):
    """Block norm, features and labels of four training folds, the fold to validate on, and the test images."""
    train, test = cifar
    features = HOG(block_norm=request.param).fit(train.X[:1])
    rows, order = features.transform(train.X), np.random.RandomState(0).permutation(train.n)
    held, kept = order[:10_000], order[10_000:]
    validation = {"X_val": rows[held], "y_val": train.y[held]}
    return request.param, rows[kept], train.y[kept], validation, features.transform(test.X), test.y


# Validation and test accuracy. The report has 46.58 and 46.47 for the SVM, 42.60 and 42.45 for logistic regression:
# those of L1, which was scikit-image's default then.
UVIC = {
    ("L1", "hinge"): (0.4675, 0.4654),
    ("L1", "softmax"): (0.4274, 0.4247),
    ("L2-Hys", "hinge"): (0.4948, 0.4797),
    ("L2-Hys", "softmax"): (0.4465, 0.4376),
}


@pytest.mark.parametrize("loss", ["hinge", "softmax"])
def test_uvic(hog, loss):
    block_norm, X, y, validation, X_test, y_test = hog
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
    found = clf.history_["validation_accuracy"].max(), clf.score(X_test, y_test)
    assert found == pytest.approx(UVIC[block_norm, loss], abs=ROUNDING)
