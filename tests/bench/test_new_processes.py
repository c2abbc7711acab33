"""What is measured in processes of its own: memory, and the first call of HOG."""

from __future__ import annotations

import pytest

from onelayer.bench import BenchmarkData, get_job
from onelayer.bench.process_jobs import first_call, growth_in_new_process
from onelayer.bench.timing import TimedItself
from onelayer.errors import DataError


@pytest.mark.parametrize(("growths", "met"), [((10e6, 59e6, 200e6), True), ((10e6, 61e6, 61e6), False)])
def test_memory_is_judged_by_the_median_of_rounds(monkeypatch, growths, met):
    found = iter(growths)
    monkeypatch.setattr(
        "onelayer.bench.process_jobs.growth_in_new_process", lambda data_dir: {"growth": next(found), "data": 1}
    )
    (verdict,) = get_job("memory").run(BenchmarkData(), rounds=3, threads=1).verdicts
    assert (verdict.measured, verdict.met) == (sorted(growths)[1] / 1e6, met)


@pytest.mark.slow
def test_memory_of_missing_data_is_an_error_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setenv("ONELAYER_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="memory can't be measured") as caught:
        growth_in_new_process(str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_training_grows_by_less_than_60_megabytes(data_dir):
    assert growth_in_new_process(str(data_dir))["growth"] < 60e6


@pytest.mark.slow
@pytest.mark.parametrize("which", ["reference", "scikit-image"])
def test_a_first_call_times_itself(which):
    entry = first_call(which, n=3, threads=1)
    assert entry.name.endswith("first call")
    if entry.missing is None:
        outcome = entry.settings["in a new process"]()()
        assert isinstance(outcome, TimedItself)
        assert 0 < outcome.seconds < 60
