"""Problems that every loss is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from onelayer.losses import LOSSES, Loss


@dataclass(frozen=True)
class Problem:
    """A loss with random scores (n, k) and labels (n,) that fit it."""

    loss: Loss
    n_classes: int
    scores: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]

    @property
    def k(self) -> int:
        return self.scores.shape[-1]

    def scores_of_models(self, m: int) -> np.ndarray[Any, Any]:
        return np.random.default_rng(7).normal(0, 2, (len(self.labels), m, self.k))


def make_problem(loss: Loss) -> Problem:
    n_classes = 2 if loss.name == "logistic" else 5
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 2, (40, loss.outputs(n_classes)))
    return Problem(loss, n_classes, scores, rng.integers(0, n_classes, 40))


def ids(loss: Loss) -> str:
    return loss.name


@pytest.fixture(params=LOSSES.values(), ids=ids)
def problem(request: pytest.FixtureRequest) -> Problem:
    """A problem of every loss."""
    return make_problem(request.param)


@pytest.fixture(params=[loss for loss in LOSSES.values() if loss.has_curvature], ids=ids)
def curved(request: pytest.FixtureRequest) -> Problem:
    """A problem of every loss with a Hessian."""
    return make_problem(request.param)


@pytest.fixture(params=[loss for loss in LOSSES.values() if loss.takes_probabilities], ids=ids)
def soft(request: pytest.FixtureRequest) -> Problem:
    """A problem of every loss whose targets may be probabilities."""
    return make_problem(request.param)


@pytest.fixture(params=[loss for loss in LOSSES.values() if loss.has_probabilities], ids=ids)
def probabilistic(request: pytest.FixtureRequest) -> Problem:
    """A problem of every loss whose scores mean probabilities."""
    return make_problem(request.param)


@pytest.fixture(params=[loss for loss in LOSSES.values() if not loss.has_probabilities], ids=ids)
def without_probabilities(request: pytest.FixtureRequest) -> Problem:
    """A problem of every other loss."""
    return make_problem(request.param)
