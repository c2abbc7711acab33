"""The benchmark runs, compares equal work, and the main path stays within its limits of memory and start-up."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
N, N_TEST = 300, 100


@pytest.fixture
def module(monkeypatch):
    """Return the benchmarks' modules by name; they import each other as scripts in one folder do."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr("onelayer.bench.timing.REST", 0.0)
    yield import_module
    for name in set(sys.modules) - before:
        if str(FOLDER) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def small_mnist(tmp_path):
    """A folder with an IDX quartet of random images, bright where their class says."""
    rng = np.random.default_rng(0)
    for part, n in (("train", N), ("t10k", N_TEST)):
        labels = np.arange(n, dtype=np.uint8) % 10
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        images[np.arange(n), 2 * labels] = 255
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (tmp_path / "mnist").mkdir(exist_ok=True)
            (tmp_path / "mnist" / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes(), 1))
    return tmp_path


@pytest.fixture
def job(module, small_mnist):
    return module("softmax_job").Job.load(small_mnist, epochs=2)


def test_speed_of_a_small_job(module, small_mnist, tmp_path, capsys):
    report = tmp_path / "report.json"
    arguments = ["speed", "--data-dir", str(small_mnist), "--rounds", "1", "--epochs", "2", "--json", str(report)]
    assert module("main_path").main(arguments) == 0
    competitors = json.loads(report.read_text())["speed"]["competitors"]
    table = capsys.readouterr().out
    assert all(name in table and len(of["seconds"]) == 1 for name, of in competitors.items())
    assert competitors["loop by hand, float64"]["times_as_fast_as"]["loop by hand, float64"] == 1


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_onelayer_reaches_the_weights_of_the_loop_by_hand(module, job, kind):
    benchmark = module("softmax_job")
    by_hand = benchmark.by_hand(job, np.float64)()
    fitted = benchmark.by_onelayer(job, "reference", from_bytes=kind == "uint8")()
    np.testing.assert_allclose(fitted.weights, by_hand.weights, rtol=0, atol=1e-5 * np.abs(by_hand.weights).max())
    assert fitted.validations == by_hand.validations == 4


def test_other_work_is_noticed(module, job):
    benchmark = module("softmax_job")
    reference = benchmark.by_hand(job, np.float64)()
    other = benchmark.by_hand(replace(job, learning_rate=0.0101), np.float64)()
    with pytest.raises(AssertionError, match="weights differ"):
        benchmark.check_same_work("other", other, reference)


def test_part_without_data_is_left_out_and_says_so(module, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ONELAYER_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert module("main_path").main(["speed", "--data-dir", str(tmp_path)]) == 0
    assert "speed was left out: " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.alone
def test_a_missed_target_is_named(module, monkeypatch, capsys):
    main_path = module("main_path")
    monkeypatch.setattr(main_path, "LIMITS", {"import onelayer": 1e-6})
    assert main_path.main(["startup", "--check"]) == 1
    assert "import onelayer takes longer than 1e-06 s" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("part", ["memory", "startup"])
def test_limits_of_the_main_path(module, data_dir, part, capsys):
    assert module("main_path").main([part, "--data-dir", str(data_dir), "--check"]) == 0, capsys.readouterr().out
    assert "left out" not in capsys.readouterr().out
