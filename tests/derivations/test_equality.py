"""The test for equality proves what is equal, and nothing else."""

from __future__ import annotations

import pytest

from onelayer.derivations.equality import MAX_KINKS, equal
from onelayer.derivations.notations import NOTATIONS
from onelayer.derivations.symbolic import Symbolic

EQUAL = [
    ("exp(z[k])*exp(-z[k])", "1"),
    ("exp(2*z[k] + z[j])", "exp(z[k])^2*exp(z[j])"),
    ("ln(exp(z[k])/exp(z[j]))", "z[k] - z[j]"),
    ("ln(4)", "2*ln(2)"),
    ("log2(8)", "3"),
    ("ln(ŷ[k])", "z[k] - ln(sum(l, exp(z[l])))"),
    ("plus(z[k]) - plus(-z[k])", "plus(z[k]) - plus(-z[k])"),
    ("plus(z[k])*plus(z[k])", "z[k]*plus(z[k])"),
    ("sum(k, y[k])", "1"),
    ("sum(k, ŷ[k])", "1"),
    ("diff(exp(z[k])^2, z[k])", "2*exp(2*z[k])"),
    ("sum(k, 1)", "K"),
]
DIFFERENT = [
    ("exp(z[k])", "1 + z[k]"),
    ("ln(1 + exp(z[k]))", "z[k]"),
    ("plus(z[k])", "z[k]"),
    ("plus(z[k])", "0"),
    ("positive(z[k])", "1 - positive(z[k])"),
    ("y[k]", "1"),
    ("z[j]", "z[k]"),
    ("sum(j != k, z[j])", "sum(j, z[j])"),
    ("1/(z[k] - z[k])", "1/(z[k] - z[k])"),
    ("1/((z[k] + 1)^2 - z[k]^2 - 2*z[k] - 1)", "0"),
    ("ln(exp(z[k])*exp(-z[k]) - 1)", "0"),
]


def sides_are_equal(left, right):
    notation = NOTATIONS["softmax"]
    symbolic = Symbolic(notation, {"K": 3, "d": 2, "H": 2, "N": 2})
    at = {"j": 0, "k": 1}
    return equal(symbolic, symbolic.value(notation.parse(left), at), symbolic.value(notation.parse(right), at))


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_sides_are_proved(left, right):
    assert sides_are_equal(left, right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_or_undefined_sides_are_not(left, right):
    assert not sides_are_equal(left, right)


def test_kinks_past_the_limit_are_left_open():
    kinks = " + ".join(f"plus(z[k] + {n})" for n in range(MAX_KINKS + 1))
    assert not sides_are_equal(f"({kinks})*(z[j] + 1)", f"({kinks})*z[j] + {kinks}")
