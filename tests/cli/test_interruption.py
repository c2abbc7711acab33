"""A run that is killed, interrupted or out of disk goes on with --resume to the bytes of a run that was not."""

from __future__ import annotations

import json
import random
import re
import resource
import signal
import subprocess
import sys
import time
import tomllib

import pytest

from onelayer.storage.checkpoints import load_checkpoint

# Everything that has a state: velocity, flips that accumulate, the best of several validations an epoch.
JOB = [
    *("--set", "max_epochs=600", "--set", "flip_probability=0.1", "--set", "flip_mode=accumulating"),
    *("--set", "validations_per_epoch=2", "--set", "schedule=cosine", "--set", "init=normal"),
]

# The command line, with a checkpoint at nearly every epoch and no report.
FREQUENT = """
import functools, sys
import onelayer.experiment.run as run
from onelayer.cli import main
run.Checkpointing = functools.partial(run.Checkpointing, seconds=0.02)
run.report_run = lambda directory: None
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def begin(folder):
    """Begin a command with frequent checkpoints in a process of its own."""
    running = []

    def begin(*arguments, **options):
        command = [sys.executable, "-c", FREQUENT, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        running.append(subprocess.Popen(command, cwd=folder, **pipes, **options))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def uninterrupted(onelayer, folder):
    """The bytes of the model and the history of a run that nothing happened to."""
    assert onelayer("train", *JOB, "--out", "whole").code == 0
    return result(folder / "whole")


def result(run):
    return (run / "model.safetensors").read_bytes(), (run / "history.jsonl").read_bytes()


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out, err


@pytest.mark.slow
def test_killed_at_random_moments_a_run_ends_with_the_same_bytes(begin, folder, uninterrupted):
    moments = random.Random(0)
    started = time.perf_counter()
    process = begin("train", *JOB, "--out", "timed")
    wait_for(folder / "timed" / "config.toml", process)
    start_up = time.perf_counter() - started
    finish(process)
    duration = time.perf_counter() - started - start_up

    kills, with_checkpoint, turn = 0, 0, 0
    while kills < 20:
        turn += 1
        run = folder / f"killed {turn}"
        process = begin("train", *JOB, "--out", run.name)
        wait_for(run / "config.toml", process)
        while process.poll() is None and moments.random() < 0.75:
            time.sleep(moments.uniform(0, duration))
            killed = process.poll() is None
            kill(process)
            kills += killed
            with_checkpoint += killed and (run / "checkpoint.safetensors").exists()
            process = begin("train", "--resume", run.name)
            time.sleep(start_up if moments.random() < 0.5 else 0)
        finish(process)
        assert result(run) == uninterrupted, f"after {kills} kills"
        assert not [path.name for path in run.iterdir() if path.name.startswith((".", "checkpoint"))]
    assert with_checkpoint >= 5


@pytest.mark.slow
def test_killed_before_the_first_checkpoint_a_run_starts_over(begin, folder, uninterrupted):
    process = begin("train", *JOB, "--out", "run")
    wait_for(folder / "run" / "config.toml", process)
    kill(process)
    assert {path.name for path in (folder / "run").iterdir()} == {"config.toml", ".onelayer.lock"}
    finish(begin("train", "--resume", "run"))
    assert result(folder / "run") == uninterrupted


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_learned_and_resuming_goes_on(begin, folder, uninterrupted):
    process = begin("train", *JOB, "--out", "run", "--json")
    wait_for(folder / "run" / "checkpoint.safetensors", process)
    process.send_signal(signal.SIGINT)
    out, err = finish(process)
    metrics = json.loads(out)
    assert metrics["interrupted"] is True
    assert 0 < metrics["epochs"] < 150
    assert metrics["test"]["accuracy"] > 0.5
    assert "(interrupted)" in err
    assert err.endswith(
        "interrupted: the model holds what was learned until then\n"
        "onelayer train --resume run goes on from the last checkpoint\n"
    )
    assert "Traceback" not in err
    assert "Warning" not in err
    assert result(folder / "run")[0] != uninterrupted[0]

    out, _ = finish(begin("train", "--resume", "run", "--json"))
    assert json.loads(out)["interrupted"] is False
    assert result(folder / "run") == uninterrupted
    assert not (folder / "run" / "checkpoint.safetensors").exists()


SWEPT = """
import sys
import onelayer.selection as selection
from onelayer.training.listeners import Listener
from onelayer.cli import main

class Told(Listener):
    def on_pass_epoch_end(self, epoch, running):
        open("begun", "w").close()

selection.SweepProgress = Told
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_ctrl_c_keeps_the_trials_of_a_sweep(folder):
    grid = ["--grid", "l2=1e-4:1:log:9", "--set", "max_epochs=1000000"]
    command = [sys.executable, "-c", SWEPT, "sweep", "digits", *grid, "--out", "run", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, cwd=folder, **pipes) as process:
        wait_for(folder / "begun", process)
        process.send_signal(signal.SIGINT)
        out, err = finish(process)
    assert json.loads(out)["sweep"]["n_tried"] == 9
    assert err.startswith("interrupted: 0 of 9 trials were finished, 9 more in part; they are in run, and nothing was")
    trials = json.loads((folder / "run" / "sweep.json").read_text())["trials"]
    assert {trial["status"] for trial in trials} == {"interrupted"}
    assert len({trial["epochs"] for trial in trials}) == 1


@pytest.mark.parametrize("verb", [["train"], ["sweep", "--grid", "l2=0,1"]])
def test_ctrl_c_before_training_leaves_nothing(onelayer, folder, monkeypatch, verb):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("onelayer.experiment.data.load_splits", interrupted)
    outcome = onelayer(*verb, "--out", "a/run")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "error: interrupted\n")
    assert list(folder.iterdir()) == []


def limited_to(size):
    """A process that may write no file larger than this many bytes."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.slow
def test_a_full_disk_leaves_the_last_checkpoint_intact(begin, folder, uninterrupted):
    process = begin("train", *JOB, "--out", "run", preexec_fn=limited_to(40_000))  # which the history outgrows
    out, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert out == ""
    assert err.splitlines()[-1].startswith("error: writing run/checkpoint.safetensors failed: file too large;")
    assert "what was there before is intact. Make room on the disk" in err
    _, state = load_checkpoint(folder / "run" / "checkpoint.safetensors")
    assert state["epoch"] > 5
    assert not (folder / "run" / "model.safetensors").exists()
    finish(begin("train", "--resume", "run"))
    assert result(folder / "run") == uninterrupted


@pytest.mark.slow
def test_a_disk_that_is_full_from_the_start_leaves_nothing(begin, folder):
    process = begin("train", "--out", "run", preexec_fn=limited_to(100))
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert err.startswith("error: writing run/config.toml failed: file too large; nothing was left half-written.")
    assert list(folder.iterdir()) == []


# Divergence


def test_divergence_names_step_and_rate_and_suggests_a_smaller_one(onelayer, folder):
    outcome = onelayer("train", "--set", "learning_rate=1e9", "--out", "run")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(
        "error: training diverged: the loss became nan at step 7 (learning rate 1e+09); "
        "try a learning rate of 1e+08 or less"
    )
    assert len(outcome.err.splitlines()) == 1
    assert [path.name for path in (folder / "run").iterdir()] == ["config.toml"]
    assert tomllib.loads((folder / "run" / "config.toml").read_text())["learning_rate"] == 1e9


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["learning_rate=1e9", "validations_per_epoch=9"], r"the training loss became nan at step \d"),
        (["learning_rate=1e38", "max_epochs=1", "batch_size=5000", "loss=squared_hinge"], "the training loss became"),
        (["learning_rate=1e300", "max_epochs=1", "batch_size=5000"], "the weights became infinite at step 0"),
        (["learning_rate=1e30", "dtype=float64", "l2=1.0"], r"became \w+ at step \d"),
    ],
)
def test_divergence_is_seen_wherever_it_happens(onelayer_process, options, what):
    outcome = onelayer_process("train", *(part for one in options for part in ("--set", one)), "--out", "run")
    assert outcome.code == 1
    assert re.search(rf"error: training diverged: .*{what}.*; try a learning rate of", outcome.err.splitlines()[-1])
    assert "Warning" not in outcome.err


# Checkpoints that do not belong


def checkpointed(folder, begin, *options):
    """A run that was killed when it had a checkpoint."""
    process = begin("train", *JOB, *options, "--out", "run")
    wait_for(folder / "run" / "checkpoint.safetensors", process)
    kill(process)
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("checkpoint", lambda content: content[:100]), "not a valid safetensors file"),
        (("config", lambda content: content.replace(b"random_state = 0", b"random_state = 1")), "other training data"),
        (("checkpoint", lambda content: content.replace(b"onelayer checkpoint", b"onelayer model     ")), "checkpoint"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(onelayer, begin, folder, change, words):
    run = checkpointed(folder, begin)
    (kind, edit) = change
    path = run / {"checkpoint": "checkpoint.safetensors", "config": "config.toml"}[kind]
    path.write_bytes(edit(path.read_bytes()))
    outcome = onelayer("train", "--resume", "run")
    assert outcome.code == 2
    assert words in outcome.err
