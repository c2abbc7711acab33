"""Nobody writes into a run directory that another process is at work in, whatever the command."""

from __future__ import annotations

import os
import threading

import pytest

from onelayer.experiment import run_experiment
from onelayer.experiment.config import ExperimentConfig
from onelayer.training.listeners import Listener

SETTINGS = ["--set", "max_epochs=2"]
COMMANDS = {
    "train": ["train", *SETTINGS, "--out", "runs/a"],
    "train anew": ["train", *SETTINGS, "--out", "runs/a", "--overwrite"],
    "resume": ["train", "--resume", "runs/a"],
    "sweep": ["sweep", "digits", "--grid", "l2=0.1,1", *SETTINGS, "--out", "runs/a", "--overwrite"],
    "report": ["report", "runs/a"],
}


class Waits(Listener):
    """Holds training up in its first epoch until it is told to go on."""

    def __init__(self):
        self.begun, self.told = threading.Event(), threading.Event()

    def on_epoch_end(self, state):
        self.begun.set()
        assert self.told.wait(300)
        return False


@pytest.fixture
def finished(onelayer, folder):
    """A run that a live one is going to replace."""
    assert onelayer("train", *SETTINGS, "--out", "runs/a").code == 0
    return folder / "runs" / "a"


@pytest.fixture
def live(onelayer, folder, request):
    """A run in runs/a that is in its first epoch; told to, it goes on and ends well."""
    waits, ended = Waits(), []
    config = ExperimentConfig(max_epochs=2)

    def train():
        ended.append(run_experiment(config, folder / "runs" / "a", overwrite=True, listeners=[waits]))

    thread = threading.Thread(target=train)
    thread.start()
    assert waits.begun.wait(300)

    def end():
        waits.told.set()
        thread.join(300)
        return ended

    yield end
    end()


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_live_run_is_left_alone(onelayer, folder, live, command):
    (folder / "runs" / "a" / "metrics.json").write_text("{}")  # as of a run that is resumed, so that a report is tried
    (folder / "runs" / "a" / "environment.json").write_text("{}")
    (folder / "runs" / "a" / "history.jsonl").write_text("")
    (folder / "runs" / "a" / "model.safetensors").write_text("")
    before = files(folder / "runs" / "a")
    outcome = onelayer(*COMMANDS[command])
    assert (outcome.code, outcome.out) == (2, "")
    assert f"runs/a is in use by process {os.getpid()} since" in " ".join(outcome.err.split())
    assert files(folder / "runs" / "a") == before
    assert live()[0]["epochs"] == 2


@pytest.mark.parametrize("command", ["train anew", "sweep"])
def test_an_earlier_run_of_which_a_live_one_is_to_take_the_place(onelayer, finished, live, command):
    before = files(finished)
    assert onelayer(*COMMANDS[command]).code == 2
    assert files(finished) == before
    assert live()


def test_afterwards_the_folder_is_free_and_clean(onelayer, folder, live):
    live()
    assert not (folder / "runs" / "a" / ".onelayer.lock").exists()
    assert onelayer(*COMMANDS["train anew"]).code == 0
    assert not (folder / "runs" / "a" / ".onelayer.lock").exists()


def test_a_run_that_fails_before_it_begins_leaves_nothing(onelayer, folder):
    assert onelayer("train", "no such set", "--out", "runs/a/b").code == 2
    assert not (folder / "runs").exists()
