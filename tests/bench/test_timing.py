"""How competitors are timed."""

from __future__ import annotations

import time

import pytest

from onelayer.bench.timing import Competitor, TimedItself, check_time_limit, time_entries


@pytest.fixture(autouse=True)
def no_rest(monkeypatch):
    monkeypatch.setattr("onelayer.bench.timing.REST", 0.0)


def entry(name, seconds, calls, missing=None):
    def prepare_one(setting, took):
        def run():
            calls.append((name, setting))
            return TimedItself(took, setting)

        return lambda: run

    settings = {setting: prepare_one(setting, took) for setting, took in seconds.items()}
    return Competitor(name, settings, work=1.0, figures=lambda result: {"accuracy": len(result)}, missing=missing)


def test_every_round_runs_all_entries_after_a_warm_up():
    calls = []
    time_entries([entry("a", {"x": 1.0}, calls), entry("b", {"x": 1.0}, calls)], rounds=2)
    assert [name for name, _ in calls] == ["a", "b", "a", "b", "a", "b"]


def test_the_fastest_setting_is_measured():
    calls = []
    (timed,) = time_entries([entry("a", {"slow": 2.0, "fast": 1.0, "medium": 1.5}, calls)], rounds=3)
    assert timed.setting == "fast"
    assert timed.seconds == [1.0] * 3
    assert calls.count(("a", "fast")) == 2 + 3


def test_a_missing_competitor_is_left_out_with_the_reason():
    calls = []
    (timed,) = time_entries([entry("a", {"x": 1.0}, calls, missing="torch is not installed")], rounds=2)
    assert (timed.skipped, timed.seconds, calls) == ("torch is not installed", [], [])


def test_figures_are_those_of_the_last_run():
    (timed,) = time_entries([entry("a", {"four": 1.0}, [])], rounds=1)
    assert timed.figures == {"accuracy": 4}


@pytest.mark.alone
def test_a_run_is_timed_from_outside_unless_it_times_itself():
    measured = Competitor("a", {"x": lambda: lambda: time.sleep(0.02)}, work=1.0)
    (timed,) = time_entries([measured], rounds=1)
    assert 0.02 <= timed.seconds[0] < 0.5


def test_a_setting_that_can_not_win_is_stopped(monkeypatch):
    monkeypatch.setattr("onelayer.bench.timing.LIMIT_SECONDS", 0.001)

    def endless():
        while True:
            check_time_limit()

    measured = Competitor("a", {"fast": lambda: lambda: None, "endless": lambda: endless}, work=1.0)
    (timed,) = time_entries([measured], rounds=1)
    assert timed.setting == "fast"
