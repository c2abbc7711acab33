"""scikit-learn's callbacks hear of training and can end it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV

from onelayer.errors import DivergenceError
from onelayer.estimators import fitting
from onelayer.training import train


class Recorder:
    """Writes down what it hears; wants training to end after some epochs."""

    def __init__(self, stop_after=None):
        self.heard, self.stop_after, self.data = [], stop_after, []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"{context.task_name} {context.task_id} begins")

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.heard.append(f"{context.task_name} {context.task_id} ends")
        self.data.append((X, y, metadata, fitted_estimator))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after


def test_tasks_of_a_fit(make, three_classes):
    recorder = Recorder()
    make(max_epochs=2).set_callbacks(recorder).fit(*three_classes)
    assert recorder.heard == [
        "setup",
        "fit 0 begins",
        "epoch 0 begins",
        "epoch 0 ends",
        "epoch 1 begins",
        "epoch 1 ends",
        "fit 0 ends",
        "teardown",
    ]


def test_partial_fit_is_one_epoch(make, three_classes):
    recorder = Recorder()
    make().set_callbacks(recorder).partial_fit(*three_classes, [0, 1, 2])
    assert recorder.heard[1:-1] == ["fit 0 begins", "epoch 0 begins", "epoch 0 ends", "fit 0 ends"]


def test_who_only_listens_changes_nothing(make, three_classes):
    heard, alone = (clf.fit(*three_classes) for clf in (make().set_callbacks(Recorder()), make()))
    np.testing.assert_array_equal(heard.coef_, alone.coef_)
    for key, values in heard.history_.items():
        np.testing.assert_array_equal(values, alone.history_[key], err_msg=key)


def test_without_callbacks_nobody_listens(make, three_classes, monkeypatch):
    listeners = []
    monkeypatch.setattr(
        fitting, "train", lambda *arguments, **rest: listeners.append(arguments[4]) or train(*arguments, **rest)
    )
    make().fit(*three_classes)
    make().set_callbacks(Recorder()).fit(*three_classes)
    assert [len(those) for those in listeners] == [0, 1]


def test_callback_ends_training(make, three_classes):
    clf = make(max_epochs=10).set_callbacks(Recorder(stop_after=2)).fit(*three_classes)
    assert (clf.n_iter_, clf.stopped_epoch_) == (2, None)
    np.testing.assert_array_equal(clf.coef_, make(max_epochs=2).fit(*three_classes).coef_)


def test_callback_sees_the_model_of_its_epoch(make, three_classes):
    X, y = three_classes
    recorder = Recorder()
    make(max_epochs=3).set_callbacks(recorder).fit(X, y)
    for epochs, (_, _, _, so_far) in enumerate(recorder.data[:3], start=1):
        np.testing.assert_array_equal(so_far.predict_proba(X), make(max_epochs=epochs).fit(X, y).predict_proba(X))


def test_callback_sees_the_training_rows(make, three_classes):
    X, y = three_classes
    weights = np.linspace(0, 1, 90)
    recorder = Recorder()
    make().set_callbacks(recorder).fit(X, y, weights)
    seen_X, seen_y, metadata, _ = recorder.data[0]
    np.testing.assert_array_equal(seen_X, X)
    np.testing.assert_array_equal(seen_y, y)
    np.testing.assert_array_equal(metadata["sample_weight"], weights)


def test_held_out_rows_are_not_among_them(make, three_classes):
    recorder = Recorder()
    make(early_stopping=True, validation_fraction=0.2).set_callbacks(recorder).fit(*three_classes)
    assert (recorder.data[0][0].shape, recorder.data[0][1].shape) == ((72, 5), (72,))


def test_tasks_end_when_training_stops_early(make, three_classes):
    recorder = Recorder()
    parameters = {"learning_rate": 2.0, "max_epochs": 200, "early_stopping": True, "patience": 2}
    clf = make(**parameters).set_callbacks(recorder).fit(*three_classes)
    last = clf.stopped_epoch_
    assert recorder.heard[-4:] == [f"epoch {last} begins", f"epoch {last} ends", "fit 0 ends", "teardown"]


def test_nothing_ends_but_all_is_torn_down_after_an_error(make, three_classes):
    recorder = Recorder()
    clf = make(learning_rate=1e308).set_callbacks(recorder)
    with pytest.raises(DivergenceError):
        clf.fit(*three_classes)
    assert recorder.heard == ["setup", "fit 0 begins", "epoch 0 begins", "teardown"]


@pytest.mark.parametrize("callbacks", [(), (Recorder(),)], ids=["none", "one"])
def test_nothing_is_left_attached(make, three_classes, callbacks):
    clf = make(verbose=0).set_callbacks(*callbacks).fit(*three_classes)
    attached = {name for name in vars(clf) if "callback" in name} - {"_skl_callbacks"}
    assert attached == set()
    assert getattr(clf, "_skl_callbacks", []) == list(callbacks)


def test_scoring_monitor_of_scikit_learn(make, three_classes):
    X, y = three_classes
    monitor = ScoringMonitor(scoring="accuracy")
    clf = make(max_epochs=3).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs().data
    assert [(row["task_name"], row["task_id"]) for row in log] == [("fit", 0), ("epoch", 0), ("epoch", 1), ("epoch", 2)]
    assert log[0]["accuracy"] == log[-1]["accuracy"] == clf.score(X, y)


def test_progress_bar_of_scikit_learn(make, three_classes, capsys):
    clf = make(max_epochs=3).set_callbacks(ProgressBar()).fit(*three_classes)
    assert "OneLayerClassifier" in capsys.readouterr().out
    np.testing.assert_array_equal(clf.coef_, make(max_epochs=3).fit(*three_classes).coef_)


def test_callbacks_of_a_search_reach_its_fits(make, three_classes):
    monitor = ScoringMonitor(scoring="accuracy")
    search = GridSearchCV(make(max_epochs=2).set_callbacks(monitor), {"l2": [0.0, 1.0]}, cv=2)
    search.fit(*three_classes)
    epochs = [row for log in monitor.get_logs(select="all") for row in log.data if row["task_name"] == "epoch"]
    assert len(epochs) == (2 * 2 + 1) * 2
