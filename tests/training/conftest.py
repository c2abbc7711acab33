"""A small problem of images to train on."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.training import Problem

SHAPE = (2, 3, 1)
D, K = 6, 3


def make_part(n, seed, dtype):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, n)
    rows = rng.normal(size=(n, D)) + 2 * np.eye(K, D)[labels]
    return LabelledRows(
        ArrayRows(rows, dtype=dtype, scale=np.linspace(0.5, 1.5, D).astype(dtype), image_shape=SHAPE), labels
    )


@pytest.fixture
def make_problem():
    """Return a problem of 23 training and 9 validation rows in a dtype."""

    def make(dtype=np.float64, *, validated=True, l2=0.01):
        training = make_part(23, 0, dtype)
        validation = make_part(9, 1, dtype) if validated else None
        return Problem(Objective(LOSSES["softmax"], L2(l2)), training, training.labels, validation)

    return make


@pytest.fixture
def make_start():
    """Return new parameters in a dtype, all zero."""

    def make(dtype=np.float64):
        return LinearParameters(np.zeros((K, D), dtype), np.zeros(K, dtype))

    return make
