"""A listener hears everything that happens in a run, in its order."""

from __future__ import annotations

from onelayer.experiment.config import ExperimentConfig, SweepConfig
from onelayer.experiment.run import run_experiment
from onelayer.experiment.sweep import run_sweep
from onelayer.training.listeners import Listener

BASE = {"dataset": "digits", "max_epochs": 2, "learning_rate": 0.1, "random_state": 0}


class Heard(Listener):
    """Writes down what it is told."""

    def __init__(self):
        self.events = []

    def __getattribute__(self, name):
        if not name.startswith("on_"):
            return super().__getattribute__(name)

        def tell(*arguments):
            self.events.append((name.removeprefix("on_"), *arguments))
            return False

        return tell

    def names(self):
        """The names of the events, those that follow one another once."""
        names = [event[0] for event in self.events]
        return [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]


TRAINING = ["train_begin", *(2 * ["epoch_begin", "steps", "validation", "epoch_end"]), "train_end"]
END = ["figures", "artefact", "run_end"]


def test_a_training_is_told_from_its_data_to_its_files(tmp_path):
    heard = Heard()
    metrics = run_experiment(ExperimentConfig.check(BASE), tmp_path / "run", listeners=[heard])
    assert heard.names() == ["run_begin", *TRAINING, *END]
    events = {event[0]: event[1:] for event in heard.events}
    assert events["run_begin"][0].title == "digits, softmax"
    assert events["figures"] == (metrics,)
    written = {event[1]: event[2] for event in heard.events if event[0] == "artefact"}
    assert set(written) == {"config", "environment", "history", "metrics", "model", "predictions", "report"}
    assert all(path.is_file() and path.parent == tmp_path / "run" for path in written.values())


def test_a_sweep_is_told_of_its_passes_too(tmp_path):
    heard = Heard()
    config = SweepConfig.check(BASE | {"grid": ["l2=0.001,0.1", "loss=softmax,hinge"]})
    run_sweep(config, tmp_path / "run", listeners=[heard])
    passes = ["pass_begin", "pass_epoch_end"] * 2
    assert heard.names() == ["run_begin", *passes, "passes_end", *TRAINING, *END]
    assert [event[1:] for event in heard.events if event[0] == "pass_begin"] == [(1, 2, 2), (2, 2, 2)]
    assert "sweep" in {event[1] for event in heard.events if event[0] == "artefact"}
