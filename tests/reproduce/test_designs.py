"""Verdicts follow from the figures alone: each design on figures made for it; intervals are those of SciPy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from onelayer.reproduce.designs import Sample, decide_claim
from onelayer.reproduce.protocol import CLAIMS, Protocol, Reference

NOISE = (0.0, 0.001, -0.001, 0.0005, -0.0005)


def study(**arms):
    """A protocol with one experiment, and results: for each arm the mean of test accuracy, with a little noise."""
    experiment = SimpleNamespace(arms={arm: {} for arm in arms})
    protocol = Protocol("p", "t", "s", (), (), {}, {"e": experiment}, (), (), (), {})
    results = []
    for place, (arm, mean) in enumerate(arms.items()):
        for seed, noise in enumerate(NOISE):
            run = SimpleNamespace(reference=Reference("e", arm), seed=seed, fold=0)
            quantity = mean[seed] if isinstance(mean, tuple) else mean + noise * (1 + place % 2)
            recalls = [quantity - 0.1, quantity, quantity + 0.1]
            found = {"test_accuracy": quantity, "validation_accuracy": quantity}
            results.append((run, SimpleNamespace(quantities=found, recalls=recalls)))
    return protocol, {"e": results}


def verdict(claim, **arms):
    values = {"title": "t", "plan": "p", **claim}
    return decide_claim(CLAIMS[values["design"]](**values), *study(**arms)).verdict


WILD = (0.1, 0.9, 0.2, 0.8, 0.5)
HIGHER = {"design": "higher", "left": "e/a", "right": "e/b"}
EQUAL = {"design": "equal", "left": "e/a", "right": "e/b"}
BEST = {"design": "best", "of": "e/a", "among": ("e/*",)}
FALLS = {"design": "trend", "runs": ("e/*",), "direction": "falls"}
BEYOND = {"design": "beyond", "of": "e/a", "limit": 0.5}
MOST = {"design": "most", "everything": "e/a", "without": "e/b", "nothing": "e/c"}
OF_EACH = {"design": "best-of-each", "left": ("e/a", "e/b"), "right": ("e/c",)}
LOWEST = {"design": "classes", "runs": ("e/a",), "lowest": (0,), "above": (2,)}
ABOVE = {"design": "classes", "runs": ("e/a",), "above": (0,)}


@pytest.mark.parametrize(
    ("claim", "arms", "expected"),
    [
        (HIGHER, {"a": 0.6, "b": 0.5}, "claim holds"),
        (HIGHER, {"a": 0.5, "b": 0.6}, "claim is wrong"),
        (HIGHER, {"a": 0.5, "b": 0.5}, "claim is wrong"),
        (HIGHER, {"a": WILD, "b": 0.5}, "undecided"),
        (EQUAL, {"a": 0.501, "b": 0.5}, "claim holds"),
        (EQUAL, {"a": 0.52, "b": 0.5}, "claim is wrong"),
        (EQUAL, {"a": 0.505, "b": 0.5}, "undecided"),
        (BEST, {"a": 0.5, "b": 0.501, "c": 0.4}, "claim holds"),
        (BEST, {"a": 0.5, "b": 0.52, "c": 0.4}, "claim is wrong"),
        (BEST, {"a": 0.5, "b": WILD}, "undecided"),
        (FALLS, {"a": 0.6, "b": 0.5, "c": 0.4}, "claim holds"),
        (FALLS, {"a": 0.6, "b": 0.7, "c": 0.4}, "claim is wrong"),
        (FALLS, {"a": 0.6, "b": 0.6, "c": 0.4}, "undecided"),
        (BEYOND, {"a": 0.6}, "claim holds"),
        (BEYOND, {"a": 0.4}, "claim is wrong"),
        (BEYOND, {"a": 0.5}, "undecided"),
        (MOST, {"a": 0.6, "b": 0.52, "c": 0.5}, "claim holds"),
        (MOST, {"a": 0.6, "b": 0.58, "c": 0.5}, "claim is wrong"),
        (MOST, {"a": 0.6, "b": 0.55, "c": 0.5}, "undecided"),
        (OF_EACH, {"a": 0.3, "b": 0.6, "c": 0.5}, "claim holds"),
        (OF_EACH, {"a": 0.3, "b": 0.4, "c": 0.5}, "claim is wrong"),
        (LOWEST, {"a": 0.5}, "claim holds"),
        (ABOVE, {"a": 0.5}, "claim is wrong"),
    ],
)
def test_verdict(claim, arms, expected):
    assert verdict(claim, **arms) == expected


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (HIGHER | {"quantity": "stopped_epoch"}, "not every run of e/a has a figure of epoch of early stopping"),
        (LOWEST | {"lowest": (3,)}, "e/a has the classes 0 to 2 alone"),
    ],
)
def test_what_was_not_measured_leaves_a_claim_undecided(claim, reason):
    values = {"title": "t", "plan": "p", **claim}
    found = decide_claim(CLAIMS[values["design"]](**values), *study(a=0.5, b=0.4))
    assert (found.verdict, found.evidence) == ("undecided", reason)


def test_the_weakest_comparison_of_classes_is_told():
    claim = CLAIMS["classes"](title="t", plan="p", **ABOVE)
    assert "weakest: e/a, class 0 over the mean: -10.00 points" in decide_claim(claim, *study(a=0.5)).evidence


values = st.lists(st.floats(-1, 1), min_size=3, max_size=8)


@given(values, st.sampled_from([0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_interval_is_that_of_scipy(found, confidence):
    if np.std(found) == 0:
        return
    expected = stats.t.interval(confidence, len(found) - 1, loc=np.mean(found), scale=stats.sem(found))
    assert Sample.of(found).interval(confidence) == pytest.approx(expected, abs=1e-12)


def test_one_value_shows_nothing():
    sample = Sample.of([5.0])
    assert not sample.is_positive()
    assert not sample.is_within(100)


def test_equality_is_that_of_two_one_sided_tests():
    found = np.array([0.001, 0.002, -0.001, 0.0015, 0.0])
    largest = max(
        stats.ttest_1samp(found, -0.005, alternative="greater").pvalue,
        stats.ttest_1samp(found, 0.005, alternative="less").pvalue,
    )
    assert Sample.of(found.tolist()).is_within(0.005) is bool(largest < 0.05)


def test_pairs_need_as_many_values():
    with pytest.raises(ValueError, match="shorter"):
        Sample.of([1.0, 2.0]).minus(Sample.of([1.0]))
