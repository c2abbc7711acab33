"""Fitting goes on from a checkpoint to the same model."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import ModelFileError
from onelayer.estimators.fitting import fit_classifier
from onelayer.training.listeners import Listener


class Keep(Listener):
    """Keeps a copy of the state after an epoch."""

    def __init__(self, epoch):
        self.epoch, self.checkpoint = epoch, None

    def on_epoch_end(self, state):
        if state.epoch == self.epoch:
            arrays, values = state.to_checkpoint()
            self.checkpoint = {name: array.copy() for name, array in arrays.items()}, values
        return False


@pytest.fixture
def interrupted(make, images):
    """A classifier fitted whole, and its checkpoint after the third of six epochs."""
    X, y = images
    keep = Keep(3)
    parameters = {"max_epochs": 6, "momentum": 0.9, "flip_probability": 0.3, "flip_mode": "accumulating"}
    clf = fit_classifier(make(**parameters), X, y, X_val=X[:20], y_val=y[:20], listeners=[keep])
    return clf, parameters, keep.checkpoint


def test_goes_on_to_the_same_model(make, images, interrupted):
    X, y = images
    whole, parameters, checkpoint = interrupted
    resumed = fit_classifier(make(**parameters), X, y, X_val=X[:20], y_val=y[:20], checkpoint=checkpoint)
    np.testing.assert_array_equal(resumed.coef_, whole.coef_)
    np.testing.assert_array_equal(resumed.intercept_, whole.intercept_)
    for key, values in whole.history_.items():
        np.testing.assert_array_equal(resumed.history_[key], values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": "float64"}, "the checkpoint has float32 weights of shape (3, 24), this training float64 ones"),
        ({"loss": "logistic"}, "the checkpoint has float32 weights of shape (3, 24), this training float32 ones"),
    ],
    ids=["type", "shape"],
)
def test_checkpoint_of_another_training_is_refused(make, images, interrupted, change, message):
    X, y = images
    kept = y < 2
    _, parameters, checkpoint = interrupted
    with pytest.raises(ModelFileError) as raised:
        fit_classifier(make(**parameters | change), X[kept], y[kept], checkpoint=checkpoint)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": None}, "is damaged .*: delete it to start over"),
        ({"monitor_best": "x"}, "is damaged .*hexadecimal.*: delete it to start over"),
    ],
    ids=["epoch", "best"],
)
def test_garbled_checkpoint_is_refused(make, images, interrupted, values, message):
    _, parameters, (arrays, plain) = interrupted
    with pytest.raises(ModelFileError, match=message):
        fit_classifier(make(**parameters), *images, checkpoint=(arrays, plain | values))


def test_incomplete_checkpoint_is_refused(make, images, interrupted):
    _, parameters, (arrays, plain) = interrupted
    del arrays["parameters.intercepts"]
    with pytest.raises(ModelFileError, match=r"is damaged \(it lacks 'parameters\.intercepts'\): delete it"):
        fit_classifier(make(**parameters), *images, checkpoint=(arrays, plain))
