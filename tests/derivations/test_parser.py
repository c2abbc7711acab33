"""Formulas are read as they are meant, and what is none is refused in one line, soon."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.derivations.expression import FUNCTIONS
from onelayer.derivations.notations import NOTATIONS
from onelayer.derivations.parser import MAX_LENGTH
from onelayer.derivations.typesetting import PlainText
from onelayer.errors import OnelayerError

SOFTMAX = NOTATIONS["softmax"]

SHOWN = [
    ("-z[k]*2", "−zₖ · 2"),
    ("z[k] - (z[j] - 1)", "zₖ − (zⱼ − 1)"),
    ("z[k] - z[j] - 1", "zₖ − zⱼ − 1"),
    ("z[k]/z[j]/2", "(zₖ/zⱼ)/2"),
    ("z[k]^-1", "zₖ⁻¹"),
    ("z[k]**2", "zₖ²"),
    ("(z[k] + 1)^2", "(zₖ + 1)²"),
    ("2*-z[k]", "2 (−zₖ)"),
    ("yhat[k]·y[k] − 1", "ŷₖ yₖ − 1"),
    ("sum(j≠k, z[j])*2", "(Σ_{j≠k} zⱼ) · 2"),
    ("sigmoid(z[k])", "σ(zₖ)"),
    ("diff(diff(C, z[j]), z[k])", "∂²C/∂zₖ∂zⱼ"),
]
REFUSED = [
    ("", "column 1: a number, a name or '\\(' expected, not 'the end'"),
    ("z[k] +", "column 7: a number, a name or '\\(' expected"),
    ("z[k] z[j]", "column 6: an operator or the end expected, not 'z'"),
    ("q", "column 1: unknown name 'q'; known are x, w, b, z"),
    ("sofmax(z[k])", "unknown name 'sofmax'"),
    ("__import__('os')", "column 1: '_' has no meaning"),
    ("z.real", "column 2: '.' has no meaning"),
    ("z[1]", "column 3: an index expected, one of c, j, k, l"),
    ("z[i]", "column 1: z takes the indices \\[c/j/k/l\\]"),
    ("C[k]", "column 1: C takes no index"),
    ("w[k]", "column 1: w takes the indices \\[c/j/k/l, i/m\\]"),
    ("9**9**9", "column 4: a power of a power needs brackets"),
    ("9^99", "column 3: an exponent is a whole number from −9 to 9"),
    ("2^z[k]", "column 3: an exponent is a whole number"),
    ("2^0.5", "column 3: an exponent is a whole number"),
    ("(" * 31 + "1" + ")" * 31, "nested more than 30 deep"),
    ("-" * 40 + "1", "nested more than 30 deep"),
    ("1" * 21, "a number of more than 20 digits"),
    ("٣", "or of other digits than 0 to 9"),
    ("1" + "+1" * 600, "a formula of 1,201 characters"),
    ("1" + "/1" * 200, "operations one inside the other"),
    ("((((z[k]^9)^9)^9)^9)", "more than 1,500 terms"),
    ("sum(k, sum(j, sum(l, " * 4 + "z[k]" + ")))" * 4, "more than 1,500 terms"),
    ("diff(C, 2)", "column 9: a derivative is with respect to one of x, w"),
    ("delta(i, k)", "column 10: an index expected, one of i, m"),
    ("z*z", "a K×1 matrix can't be multiplied by a K×1 matrix"),
    ("z + 1", "terms of a sum have different shapes: K×1 matrix, number"),
    ("exp(z)", "exp takes a number, not a K×1 matrix"),
    ("1/z", "nothing can be divided by a vector"),
    ("z^2", "has no power here"),
    ("inv(z*transpose(z))", "inv takes a diagonal matrix"),
    ("diag(C)", "diag takes a vector or matrix, not a number"),
    ("diag(w)", "diag takes a vector, not a K×d matrix"),
    ("diff(w, z)", "a matrix needs its indices"),
]


@pytest.mark.parametrize(("formula", "shown"), SHOWN)
def test_formula_is_read_and_set(formula, shown):
    assert PlainText(SOFTMAX).show(SOFTMAX.parse(formula)) == shown


@pytest.mark.parametrize(("formula", "message"), REFUSED)
def test_what_is_no_formula_is_refused(formula, message):
    with pytest.raises(OnelayerError, match=message):
        SOFTMAX.parse(formula)


NAMES = [*SOFTMAX.axes, *FUNCTIONS, "sum", "diff", "delta", "cases", "K", "d", "k", "j", "ŷ"]
SIGNS = [*"()=,+-*/^_ \n", "!=", "**", "[k]", "[j]", "[k, i]", "9", "0", "0.5", "1e9", "9**9**9"]


@settings(deadline=None, max_examples=400)
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(NAMES + SIGNS), max_size=60).map("".join)))
def test_any_text_is_a_formula_or_refused_at_once(text):
    began = time.perf_counter()
    with contextlib.suppress(OnelayerError):
        assert SOFTMAX.parse(text) == SOFTMAX.parse(text)
    assert time.perf_counter() - began < 1.0


@settings(deadline=None, max_examples=30)
@given(st.text(min_size=MAX_LENGTH + 1, max_size=MAX_LENGTH + 50))
def test_long_text_is_refused(text):
    with pytest.raises(OnelayerError, match="characters; at most"):
        SOFTMAX.parse(text)
