"""Small problems to fit."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import OneLayerClassifier


def blobs(n_classes, n=90, d=5, seed=0):
    """Overlapping classes, in turn, with features of different size."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    centres = rng.normal(size=(n_classes, d))
    return (rng.normal(size=(n, d)) + centres[y]) * np.linspace(0.5, 3, d) + 1, y


@pytest.fixture
def three_classes():
    """X (90, 5) float64 and y of three classes."""
    return blobs(3)


@pytest.fixture
def two_classes():
    """X (90, 5) float64 and y of two classes."""
    return blobs(2)


@pytest.fixture
def images():
    """Images (60, 4, 3, 2) of bytes and labels of three classes."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.integers(0, 120, (60, 4, 3, 2)) + 60 * rng.integers(0, 2, (3, 4, 3, 2))[y]
    return X.astype(np.uint8), y


@pytest.fixture
def make():
    """Return a quick classifier with these parameters."""

    def make(loss="softmax", **parameters):
        return OneLayerClassifier(loss, **{"max_epochs": 3, "batch_size": 16, "random_state": 0} | parameters)

    return make
