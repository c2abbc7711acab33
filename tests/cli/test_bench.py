"""``onelayer bench``."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onelayer.bench import JOBS, Job
from onelayer.bench.size_jobs import SCALING
from onelayer.bench.with_numpy import numpy_loop
from onelayer.bench.with_onelayer import onelayer_training
from onelayer.bench.work import TrainingWork

REFERENCE = "onelayer reference, uint8 rows"


def entries(data, threads):
    work = TrainingWork(*data.random(200, 20, 3), k=3)
    return [onelayer_training(work, 1, engine="reference"), numpy_loop(work, np.float32, 1)]


@pytest.fixture
def one_job(monkeypatch):
    """A small job in place of all others."""
    monkeypatch.setattr("onelayer.bench.timing.REST", 0.0)
    job = Job("tiny", "Tiny: softmax", entries, subject=REFERENCE, with_sgemm=False)
    monkeypatch.setattr("onelayer.bench.JOBS", {"tiny": job})


def test_a_table_is_printed(onelayer, one_job):
    outcome = onelayer("bench", "--rounds", 1)
    assert outcome.code == 0
    assert outcome.out.startswith("Tiny: softmax (1 rounds")
    assert "NumPy loop, float32" in outcome.out
    assert "round 1 of 1" in outcome.err


def test_json_has_every_round(onelayer, one_job):
    (job,) = onelayer("bench", "--rounds", 3, "--json").json["jobs"]
    assert [len(entry["seconds"]) for entry in job["result"]["entries"]] == [3, 3]
    assert job["environment"]["versions"]["onelayer"]


def test_results_and_a_picture_are_written(onelayer, one_job, folder):
    assert onelayer("bench", "--rounds", 1, "--out", "here").code == 0
    assert sorted(path.name for path in (folder / "here").iterdir()) == ["compared.svg", "tiny.json"]
    assert json.loads((folder / "here" / "tiny.json").read_text())["result"]["rounds"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--job", "minst"], "no job 'minst'; did you mean 'mnist'?"),
        (["--job", "\x1b[1m"], "no job '\\x1b[1m'"),
        (["--rounds", "0"], "--rounds"),
        (["--job", "mnist", "--data-dir", "nowhere"], "nowhere"),
    ],
)
def test_bad_usage_is_one_line(onelayer, arguments, message):
    outcome = onelayer("bench", *arguments)
    assert outcome.code == 2
    assert message in outcome.err.splitlines()[-1]
    assert outcome.out == ""
    assert "Traceback" not in outcome.err


def test_the_help_names_every_job(onelayer):
    shown = " ".join(onelayer("bench", "--help").out.split())
    assert [name for name in JOBS if name not in shown.replace("- ", "-")] == []
    assert len(SCALING) == 4
