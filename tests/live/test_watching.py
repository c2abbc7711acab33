"""Training on the page: all of it for whoever comes, stopped from there, held up by no one."""

from __future__ import annotations

import base64
import io
import signal
import socket
import threading
import time

import numpy as np
import pytest
from PIL import Image

from onelayer import engine
from onelayer.errors import ConfigError, DivergenceError, MissingDependencyError
from onelayer.figures import DARK, LIGHT
from onelayer.figures.images import weight_limit, weight_pixels
from onelayer.live.watching import Live
from onelayer.solvers import Status
from onelayer.training.listeners import Listener

pytestmark = pytest.mark.alone

METRICS = {
    "interrupted": False,
    "stopped_epoch": None,
    "epochs": 4,
    "run_dir": "/runs/<one>",
    "test": {"accuracy": 0.5, "accuracy_interval": [0.25, 0.75], "loss": 1.0, "n": 8},
}


class After(Listener):
    """Does something after an epoch, and takes the time until training ends."""

    def __init__(self, epoch, act):
        self.epoch, self.act = epoch, act

    def on_epoch_end(self, state):
        if state.epoch == self.epoch:
            self.act()
            self.acted = time.monotonic()
        return False

    def on_train_end(self, state):
        self.seconds = time.monotonic() - getattr(self, "acted", np.nan)


def work_for_a_second():
    """Take processor time: of that the page takes a small share."""
    end = time.thread_time() + 1
    while time.thread_time() < end:
        np.ones((200, 200)) @ np.ones((200, 200))


def newest(client, holds=lambda frame: True):
    return next(frame for frame in client.frames() if holds(frame))


def has_ended(frame):
    return "training" in frame and ["Epochs", "4 of 4"] in frame["training"]["figures"]


def test_who_comes_late_gets_all_so_far(live, client, train_small):
    state = train_small(live)
    frame = newest(client, has_ended)
    last = state.history.arrays()
    charts = frame["training"]["charts"]
    assert set(charts) == {"loss", "accuracy", "weight-norm", "learning-rate"}
    assert charts["accuracy"]["data"][1]["x"] == last["validation_step"].tolist()
    assert charts["accuracy"]["data"][1]["y"] == pytest.approx(last["validation_accuracy"], rel=1e-4)


def test_weights_have_a_picture_each(live, client, train_small):
    train_small(live)
    weights = newest(client, has_ended)["training"]["weights"]
    assert [one["name"] for one in weights] == ["<i>one</i>", "two", "three"]
    assert all(one["light"].startswith("data:image/png;base64,") for one in weights)


def test_weights_are_drawn_in_the_colours_of_each_theme(live, client, train_small):
    state = train_small(live)
    weights = state.solver.parameters.weights
    shown = newest(client, has_ended)["training"]["weights"]
    for theme, key in ((LIGHT, "light"), (DARK, "dark")):
        content = base64.b64decode(shown[0][key].partition(",")[2])
        drawn = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        expected = weight_pixels(weights[0].reshape(*drawn.shape[:2], 1), weight_limit(weights), theme)
        np.testing.assert_array_equal(drawn, expected)


def test_charts_know_how_long_an_epoch_is(live, client, train_small):
    epochs = train_small(live).history.arrays()["epoch"]
    charts = newest(client, has_ended)["training"]["charts"]
    assert charts["loss"]["stepsPerEpoch"] == np.bincount(epochs).max()


def test_a_training_of_less_than_a_second_is_shown_once(live, train_small, monkeypatch):
    shown = []
    monkeypatch.setattr(live._rendering, "_show", shown.append)
    train_small(live)
    live._rendering.close()
    assert [one.epoch for one in shown] == [4]


def test_curves_grow(live, client, train_small):
    lengths = []

    def watch():
        charts = [frame["training"]["charts"] for frame in client.frames() if "training" in frame]
        lengths.extend(len(some["accuracy"]["data"][0]["x"]) for some in charts if "accuracy" in some)

    watcher = threading.Thread(target=watch)
    watcher.start()
    pauses = [After(epoch, work_for_a_second) for epoch in (1, 2, 3)]
    train_small(live, *pauses)
    live.__exit__(None, None, None)
    watcher.join()
    assert lengths == sorted(lengths)
    assert lengths[-1] == 4
    assert len(set(lengths)) > 2


@pytest.mark.parametrize("wanted", ["native", "reference"])
def test_stop_ends_training_within_a_tenth_of_a_second_and_keeps_what_is_learned(
    live, client, train_small, monkeypatch, wanted
):
    if wanted == "native" and not engine.available():
        pytest.skip("there is no native engine here")
    monkeypatch.setenv("ONELAYER_ENGINE", wanted)
    presses = After(3, lambda: client.stop(Origin=client.origin))
    state = train_small(live, presses, n=20_000, max_epochs=100_000)
    assert state.status is Status.INTERRUPTED
    assert 0 < state.epoch < 100_000
    assert np.abs(state.kept.weights).max() > 0
    assert presses.seconds < 0.3  # room for a busy machine


def test_client_that_reads_nothing_holds_up_neither_training_nor_its_end(live, client, train_small):
    with socket.socket() as slow:
        live._feed.publish("x" * 20_000_000)  # far more than buffers hold
        slow.connect((client.host, client.port))
        slow.sendall(f"GET {client.path}events HTTP/1.1\r\nHost: {client.host}:{client.port}\r\n\r\n".encode())
        assert slow.recv(1) == b"H"
        start = time.monotonic()
        train_small(live)
        trained = time.monotonic()
        assert has_ended(newest(client, has_ended))  # others go on to be told
        client.close()
        live.__exit__(None, None, None)
        ended = time.monotonic()
    assert trained - start < 1
    assert ended - trained < 5


def test_threads_end(train_small):
    before = set(threading.enumerate())
    with Live() as live:
        train_small(live)
    assert set(threading.enumerate()) <= before


def test_last_frame_says_what_came_of_it(live, client, train_small):
    frames = []
    watcher = threading.Thread(target=lambda: frames.extend(client.frames()))
    watcher.start()
    train_small(live)
    live.on_figures(METRICS)
    live.__exit__(None, None, None)
    watcher.join()
    assert frames[-1]["over"]
    assert frames[-1]["phase"] == "Training has ended after 4 epochs."
    assert frames[-1]["outcome"][-1] == "Report: /runs/<one>/report.html"


def test_last_frame_says_what_went_wrong(train_small):
    live = Live()
    with pytest.raises(DivergenceError), live:
        train_small(live, learning_rate=1e308)
    assert live._frame["over"]
    assert live._frame["phase"].startswith("Training failed: training diverged")


def test_port_that_is_taken(live, client):
    with pytest.raises(ConfigError, match=rf"--port {client.port}: Address already in use; choose another"):
        Live(client.port)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra(monkeypatch, missing):
    monkeypatch.setattr("onelayer.live.watching.find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingDependencyError, match=r"onelayer\[live\]"):
        Live()


def test_signals_are_left_alone(live):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
