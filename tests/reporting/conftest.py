from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from onelayer.evaluation import Decisions, RunFigures, evaluate
from onelayer.reporting.data import ReportData
from onelayer.reporting.predictions import Predictions, ShownImages

Y_TRUE = np.repeat([0, 1, 2], [10, 10, 20])
Y_PRED = np.array([0] * 9 + [1] + [1] * 10 + [2] * 15 + [0] * 5)


@pytest.fixture(scope="session")
def predictions() -> Predictions:
    """Forty rows of three classes, decided as :func:`make_data` counts them, an image kept of every other."""
    rng = np.random.default_rng(0)
    values = rng.dirichlet(np.ones(3), 40).astype(np.float32)
    order = np.argsort(-values, axis=1)
    # The class decided for has the largest value.
    values = np.take_along_axis(values, order, axis=1)
    places = (np.arange(3) - Y_PRED[:, None]) % 3
    values = np.take_along_axis(values, places, axis=1)
    rows = np.arange(0, 40, 2)
    images = rng.integers(0, 256, (20, 4, 5, 3)).astype(np.uint8)
    means = rng.integers(0, 256, (3, 4, 5, 3)).astype(np.uint8)
    shown = ShownImages(rows, images, images[:6], np.repeat(np.arange(3), 2), means, np.arange(3))
    return Predictions(Decisions.of(Y_TRUE, Y_PRED, values, are_probabilities=True), shown)


@pytest.fixture(scope="session")
def make_data(history) -> Callable[..., ReportData]:
    """Return a maker of whole reports on three classes, any part of which can be given."""

    def make(class_names=("cat", "dog", "owl"), evaluation_options=None, metrics=None, **parts) -> ReportData:
        evaluation = evaluate(Y_TRUE, Y_PRED, class_names=class_names, **(evaluation_options or {}))
        split = {
            "loss": 0.25,
            "accuracy": evaluation.accuracy,
            "accuracy_interval": list(evaluation.accuracy_interval),
            "n": evaluation.n,
        }
        whole = {
            "dataset": "animals",
            "loss": "softmax",
            "epochs": 4,
            "stopped_epoch": 3,
            "steps": 40,
            "seconds": 1.5,
            "train": split | {"accuracy": 0.975},
            "test": split,
            "evaluation": evaluation.to_dict(),
        }
        defaults = {
            "title": "Animals",
            "config": {"loss": "softmax", "keep": "best", "monitor": "validation_loss"},
            "history": history,
            "weight_images": np.linspace(-1, 1, 3 * 4 * 5).reshape(3, 4, 5, 1),
            "environment": {"engine": "numpy", "versions": {"numpy": "2.4"}},
            "majority_share": 0.5,
        }
        return ReportData(
            class_names=class_names, figures=RunFigures.check(whole | (metrics or {})), **(defaults | parts)
        )

    return make
