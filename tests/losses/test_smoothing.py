from __future__ import annotations

import array_api_strict
import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.losses import get_loss, smoothed_labels


@pytest.mark.parametrize(("outputs", "n_classes"), [(1, 2), (2, 2), (5, 5)])
def test_the_own_class_keeps_one_minus_epsilon_and_all_share_the_rest(outputs, n_classes):
    labels = np.random.default_rng(0).integers(0, n_classes, (6, 3))
    expected = (0.9 * np.eye(n_classes)[labels] + 0.1 / n_classes)[..., -outputs:]
    np.testing.assert_allclose(smoothed_labels(labels, outputs, 0.1), expected, rtol=1e-15)


@pytest.mark.parametrize("name", ["logistic", "softmax", "sigmoid"])
def test_no_smoothing_costs_what_the_labels_cost(name):
    loss = get_loss(name)
    scores = np.random.default_rng(0).normal(size=(9, loss.outputs(2)))
    labels = np.arange(9) % 2
    np.testing.assert_array_equal(
        loss.values(scores, smoothed_labels(labels, scores.shape[1], 0.0)), loss.values(scores, labels)
    )


def test_smoothed_logistic_equals_smoothed_softmax():
    scores, labels = np.random.default_rng(0).normal(size=(9, 1)), np.arange(9) % 2
    pair = np.concatenate([np.zeros_like(scores), scores], axis=1)
    np.testing.assert_allclose(
        get_loss("logistic").values(scores, smoothed_labels(labels, 1, 0.3)),
        get_loss("softmax").values(pair, smoothed_labels(labels, 2, 0.3)),
        rtol=1e-13,
    )


def test_dtype_is_that_asked_for():
    assert smoothed_labels(np.array([0]), 3, 0.1, np.float32).dtype == np.float32


def test_runs_on_the_bare_array_standard():
    smoothed = smoothed_labels(array_api_strict.asarray([0, 2]), 3, 0.3)
    np.testing.assert_allclose(np.from_dlpack(smoothed), [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, float("nan")])
def test_strength_out_of_range_is_refused(smoothing):
    with pytest.raises(ConfigError, match="label_smoothing must be at least 0 and below 1"):
        smoothed_labels(np.array([0]), 3, smoothing)
