"""Hinge losses: counts of violated margins, and the squared one, one class against the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Chain, Derivation, Line, Rule
from onelayer.derivations.interpreter import Comparison
from onelayer.derivations.notations import NOTATIONS
from onelayer.losses import get_loss

__all__ = ["HINGE", "SQUARED_HINGE"]


HINGE_RESIDUAL: Final = "cases(k = c, -sum(j != c, positive(m[j])), positive(m[k]))"
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


def _hinge_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k = int(rng.integers(2, 13))
    z = rng.normal(scale=2.0, size=(1, k))
    # One row for each class that may be the true one.
    values, residual = get_loss("hinge").values_and_residual(np.repeat(z, k, axis=0), np.arange(k))
    yield Comparison("C", {"z": z[0]}, values)
    yield Comparison(HINGE_RESIDUAL, {"z": z[0]}, residual)


HINGE: Final = Derivation(
    name="hinge",
    title="Multiclass hinge loss",
    statement=("diff(C, z[k])", HINGE_RESIDUAL),
    notation=NOTATIONS["hinge"],
    chains=(
        Chain(
            "By the score of a wrong class",
            "diff(C, z[k])",
            (*_FIRST, Line("positive(m[k])", Rule.ONE_TERM, "k ≠ c: only the margin of class k holds zₖ.")),
            different=("k", "c"),
        ),
        Chain(
            "By the score of the true class",
            "diff(C, z[k])",
            (
                *_FIRST,
                Line("-sum(j != c, positive(m[j]))", Rule.ALGEBRA, "k = c: every margin holds it, with a minus."),
            ),
            equal=("k", "c"),
            conclusion="Minus the number of violated margins.",
        ),
        Chain(
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
    comparisons=_hinge_comparisons,
)


SQUARED_RESIDUAL: Final = "-2*t[k]*plus(m[k])"
SQUARED_CURVATURE: Final = "2*positive(m[k])*delta(j, k)"


def _squared_hinge_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("squared_hinge")
    k = int(rng.integers(2, 13))
    z = rng.normal(scale=2.0, size=(1, k))
    # One row for each class that may be the true one.
    rows, labels = np.repeat(z, k, axis=0), np.arange(k)
    values, residual = loss.values_and_residual(rows, labels)
    columns = [loss.curvature(rows, labels, np.repeat(unit[np.newaxis], k, axis=0)) for unit in np.eye(k)]
    yield Comparison("C", {"z": z[0]}, values)
    yield Comparison(SQUARED_RESIDUAL, {"z": z[0]}, residual)
    yield Comparison(SQUARED_CURVATURE, {"z": z[0]}, np.swapaxes(columns, 0, 1))


SQUARED_HINGE: Final = Derivation(
    name="squared-hinge",
    title="Squared hinge loss",
    statement=("diff(C, z[k])", SQUARED_RESIDUAL),
    notation=NOTATIONS["squared-hinge"],
    chains=(
        Chain(
            "By a score: the residual",
            "diff(C, z[k])",
            (
                Line("sum(j, diff(plus(m[j])^2, z[k]))", Rule.SUM, "The derivative goes into the sum."),
                Line(
                    "sum(j, 2*plus(m[j])*diff(m[j], z[k]))",
                    Rule.KINK,
                    "max(0, m)² has the slope 2 max(0, m), which has no jump at 0.",
                ),
                Line("sum(j, 2*plus(m[j])*(-t[j]*delta(j, k)))", Rule.LINEAR, "The margin is 1 − tⱼ zⱼ."),
                Line(SQUARED_RESIDUAL, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Chain(
            "The curvature",
            "diff(diff(C, z[k]), z[j])",
            (
                Line("diff(-2*t[k]*plus(m[k]), z[j])", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(
                    "-2*t[k]*positive(m[k])*(-t[k]*delta(j, k))", Rule.KINK, "max(0, m) has slope 1 above 0, 0 below."
                ),
                Line(SQUARED_CURVATURE, Rule.ALGEBRA, "tₖ is 1 or −1, so its square is 1."),
            ),
            conclusion="It is never negative: the loss is convex in the scores.",
        ),
    ),
    sources=(),
    comparisons=_squared_hinge_comparisons,
)
