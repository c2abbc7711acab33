"""Ctrl-C ends training at the next step; the model holds what was learned."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest

from onelayer.errors import InterruptedTrainingWarning

SCRIPT = """
import sys, warnings
import numpy as np
from onelayer import OneLayerClassifier

class Ready:
    def setup(self, estimator, context): pass
    def teardown(self, estimator, context): pass
    def on_fit_task_end(self, estimator, context): pass
    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == 1:
            print("ready", flush=True)

rng = np.random.default_rng(0)
X, y = rng.normal(size=(2000, 50)), np.arange(2000) % 2
clf = OneLayerClassifier(max_epochs=10**6, random_state=0).set_callbacks(Ready())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    clf.fit(X, y)
print(clf.n_steps_, len(clf.predict(X)), [warning.category.__name__ for warning in caught])
"""


class PressAt:
    """Presses Ctrl-C when an epoch begins."""

    def __init__(self, epoch, times=1):
        self.epoch, self.times = epoch, times

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if (context.task_name, context.task_id) == ("epoch", self.epoch):
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.mark.slow
def test_signal_from_outside():
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=60)[0]
    steps, predicted, caught = output.split(maxsplit=2)
    assert (process.returncode, int(predicted), caught.strip()) == (0, 2000, "['InterruptedTrainingWarning']")
    assert int(steps) >= 16


def test_model_holds_what_was_learned(make, three_classes):
    clf = make(max_epochs=10).set_callbacks(PressAt(3))
    with pytest.warns(InterruptedTrainingWarning, match="interrupted in epoch 3 after 18 steps; the model holds"):
        clf.fit(*three_classes)
    assert (clf.n_iter_, clf.n_steps_) == (3, 18)
    np.testing.assert_array_equal(clf.coef_, make(max_epochs=3).fit(*three_classes).coef_)


def test_training_can_go_on_afterwards(make, three_classes):
    clf = make(max_epochs=10).set_callbacks(PressAt(3))
    with pytest.warns(InterruptedTrainingWarning):
        clf.fit(*three_classes)
    clf.set_callbacks().partial_fit(*three_classes)
    np.testing.assert_array_equal(clf.coef_, make(max_epochs=4).fit(*three_classes).coef_)


def test_best_weights_are_kept(make, three_classes):
    X, y = three_classes
    clf = make(max_epochs=10).set_callbacks(PressAt(3))
    with pytest.warns(InterruptedTrainingWarning):
        clf.fit(X, y, X_val=X[:9], y_val=y[:9])
    assert clf.mean_loss(X[:9], y[:9]) == pytest.approx(clf.history_["validation_loss"].min(), rel=1e-9)


def test_warning_points_to_the_caller(make, three_classes):
    clf = make(max_epochs=10).set_callbacks(PressAt(1))
    with pytest.warns(InterruptedTrainingWarning) as caught:
        clf.fit(*three_classes)
    assert caught[0].filename == __file__


def test_second_press_is_not_caught(make, three_classes):
    clf = make(max_epochs=10).set_callbacks(PressAt(1, times=2))
    with pytest.raises(KeyboardInterrupt):
        clf.fit(*three_classes)
    assert not hasattr(clf, "coef_")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
