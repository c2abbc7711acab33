"""When checkpoints are written, and what is in them."""

from __future__ import annotations

import pytest

from onelayer.storage.checkpoints import load_checkpoint
from onelayer.training import TrainingParameters, checkpointing, train
from onelayer.training.checkpointing import Checkpointing


@pytest.fixture
def train_with(make_problem, make_start):
    def train_with(listener, epochs=4):
        parameters = TrainingParameters(batch_size=5, max_epochs=epochs)
        return train(make_problem(), parameters, 0, make_start(), [listener])

    return train_with


def test_checkpoint_has_the_state_and_what_it_belongs_to(tmp_path, train_with):
    path = tmp_path / "checkpoint.safetensors"
    state = train_with(Checkpointing(path, {"fingerprint": "abc"}, seconds=0))
    arrays, values = load_checkpoint(path)
    assert values == {"fingerprint": "abc"} | state.to_checkpoint()[1]
    assert arrays.keys() == state.to_checkpoint()[0].keys()


def test_checkpoints_are_seconds_apart(tmp_path, train_with, monkeypatch):
    path = tmp_path / "checkpoint.safetensors"
    clock = iter([0.0, 0.4, 0.8, 1.2, 1.2, 1.6, 2.0, 2.4, 2.4, 2.8])  # a look at each epoch, another where one is due
    monkeypatch.setattr(checkpointing, "monotonic", lambda: next(clock))
    written = []
    monkeypatch.setattr(checkpointing, "save_checkpoint", lambda *args: written.append(args[2]["epoch"]))
    train_with(Checkpointing(path, {}, seconds=1.0), epochs=7)
    assert written == [3, 6]
