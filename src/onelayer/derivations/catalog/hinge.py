"""Multiclass hinge loss: counts of violated margins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

RESIDUAL: Final = "cases(k = c, -sum(j != c, positive(m[j])), positive(m[k]))"
_FIRST: Final = (
    Line("sum(j != c, diff(plus(m[j]), z[k]))", Rule.SUM, "The derivative goes into the sum."),
    Line(
        "sum(j != c, positive(m[j])*diff(m[j], z[k]))",
        Rule.KINK,
        "max(0, m) has slope 1 above 0 and slope 0 below; at m = 0 the subgradient 0 is taken.",
    ),
    Line(
        "sum(j != c, positive(m[j])*(delta(j, k) - delta(c, k)))",
        Rule.LINEAR,
        "zⱼ enters the margin with a plus, the true class's score with a minus.",
    ),
)


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k = int(rng.integers(2, 13))
    z = rng.normal(scale=2.0, size=(1, k))
    # One row for each class that may be the true one.
    values, residual = get_loss("hinge").values_and_residual(np.repeat(z, k, axis=0), np.arange(k))
    yield Comparison("C", {"z": z[0]}, values)
    yield Comparison(RESIDUAL, {"z": z[0]}, residual)


DERIVATION: Final = Derivation(
    name="hinge",
    title="Multiclass hinge loss",
    statement=("diff(C, z[k])", RESIDUAL),
    setting=SETTINGS["hinge"],
    parts=(
        Part(
            "By the score of a wrong class",
            "diff(C, z[k])",
            (*_FIRST, Line("positive(m[k])", Rule.ONE_TERM, "k ≠ c: only the margin of class k holds zₖ.")),
            different=("k", "c"),
        ),
        Part(
            "By the score of the true class",
            "diff(C, z[k])",
            (
                *_FIRST,
                Line("-sum(j != c, positive(m[j]))", Rule.ALGEBRA, "k = c: every margin holds it, with a minus."),
            ),
            equal=("k", "c"),
            conclusion="Minus the number of violated margins.",
        ),
        Part(
            "By a weight",
            "diff(C, w[k, i])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], w[k, i]))", Rule.CHAIN, "The weight acts through the scores."),
                Line("diff(C, z[k])*x[i]", Rule.LINEAR, "It is in the score zₖ alone, multiplied by xᵢ."),
            ),
            conclusion="Residual × input.",
        ),
    ),
    sources=("uvic-a3",),
    comparisons=_comparisons,
)
