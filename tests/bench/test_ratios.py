"""Ratios within one run, and verdicts on them."""

from __future__ import annotations

import pytest

from onelayer.bench.results import Target, share_of_sgemm, times_the_rate
from onelayer.bench.timing import Timed

MINE = Timed("mine", work=100.0, seconds=[1.0, 2.0, 4.0])


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    assert times_the_rate(MINE, [Timed("its", work=100.0, seconds=[3.0, 8.0, 8.0])]) == 3.0


def test_rates_are_per_work():
    assert times_the_rate(MINE, [Timed("its", work=50.0, seconds=MINE.seconds)]) == 2.0


def test_of_several_others_the_fastest_counts():
    slow, fast = (Timed(name, work=100.0, seconds=[t] * 3) for name, t in (("slow", 50.0), ("fast", 4.0)))
    assert times_the_rate(MINE, [slow, fast]) == 2.0


@pytest.mark.parametrize(("mine", "others"), [(MINE, []), (MINE, [Timed("a", 1.0)]), (Timed("a", 1.0), [MINE])])
def test_what_was_skipped_has_no_ratio(mine, others):
    assert times_the_rate(mine, others) is None


def test_share_of_sgemm_is_of_the_best_library():
    everyone = [
        MINE,
        *(Timed(name, 400.0, seconds=[s] * 3) for name, s in (("sgemm, NumPy", 4.0), ("sgemm, PyTorch", 2.0))),
    ]
    assert share_of_sgemm(MINE, everyone) == 0.25


@pytest.mark.parametrize(("least", "met"), [(2.9, True), (3.0, True), (3.1, False)])
def test_a_target_is_met_from_its_figure_on(least, met):
    timed = {"mine": MINE, "its": Timed("its", work=100.0, seconds=[3.0, 6.0, 12.0])}
    verdict = Target("mine", least, ("its",), "speed").judge(timed)
    assert (verdict.measured, verdict.met) == (3.0, met)


def test_a_target_on_what_was_skipped_is_neither_met_nor_missed():
    assert Target("mine", 2, ("its",), "speed").judge({"mine": MINE, "its": Timed("its", 1.0)}).met is None
