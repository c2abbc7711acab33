"""Multiple binary cross-entropy, with its matrices: ∂ℓ/∂s = (p − y)ᵀ/K."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

RESIDUAL: Final = "-1/K*(y[k] - p[k])"
CURVATURE: Final = "1/K*delta(j, k)*p[k]*(1 - p[k])"
_ONE: Final = "ones(y)"
_BY_P: Final = f"-1/K*(transpose(y)*inv(diag(p)) - transpose({_ONE} - y)*inv(diag({_ONE} - p)))"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("sigmoid")
    k = int(rng.integers(2, 13))
    s, y = rng.normal(scale=2.0, size=(1, k)), rng.random((1, k))
    values, residual = loss.values_and_residual(s, y)
    given = {"s": s[0], "y": y[0]}
    yield Comparison("L", given, values[0])
    yield Comparison(RESIDUAL, given, residual[0])
    yield Comparison(CURVATURE, given, [loss.curvature(s, y, unit[np.newaxis])[0] for unit in np.eye(k)])


DERIVATION: Final = Derivation(
    name="multiple-binary",
    title="Multiple binary cross-entropy",
    statement=("diff(L, w)", "-1/K*(y - p)*transpose(x)"),
    setting=SETTINGS["sigmoid"],
    parts=(
        Part(
            "By one probability",
            "diff(L, p[k])",
            (
                Line(
                    "-1/K*sum(j, diff((1 - y[j])*ln(1 - p[j]) + y[j]*ln(p[j]), p[k]))",
                    Rule.SUM,
                    "K and the targets are constants.",
                ),
                Line(
                    "-1/K*diff((1 - y[k])*ln(1 - p[k]) + y[k]*ln(p[k]), p[k])",
                    Rule.ONE_TERM,
                    "Each class has a probability of its own.",
                ),
                Line(
                    "-1/K*((y[k] - 1)/(1 - p[k]) + y[k]/p[k])",
                    Rule.LOGARITHM,
                    "ln(1 − p) has the derivative −1/(1 − p).",
                ),
            ),
        ),
        Part(
            "By one score: the residual",
            "diff(L, s[k])",
            (
                Line("diff(L, p[k])*diff(p[k], s[k])", Rule.CHAIN, "pₖ depends on sₖ alone."),
                Line(
                    "-1/K*((y[k] - 1)/(1 - p[k]) + y[k]/p[k])*(p[k]*(1 - p[k]))",
                    Rule.SUBSTITUTE,
                    "The part above, and the slope of the sigmoid.",
                ),
                Line("-1/K*((y[k] - 1)*p[k] + y[k]*(1 - p[k]))", Rule.ALGEBRA, "A factor cancels in each term."),
                Line(RESIDUAL, Rule.ALGEBRA, "The terms yₖ pₖ cancel."),
            ),
        ),
        Part(
            "The Jacobian by all probabilities",
            "diff(L, p)",
            (Line(_BY_P, Rule.SUBSTITUTE, "One row: the part by one probability, for all k."),),
        ),
        Part(
            "The Jacobian of the sigmoids",
            "diff(p, s)",
            (
                Line(
                    f"diag(p)*diag({_ONE} - p)",
                    Rule.SUBSTITUTE,
                    "pₖ(1 − pₖ) on the diagonal, and 0 elsewhere: pₖ depends on sₖ alone.",
                ),
            ),
        ),
        Part(
            "With matrices",
            "diff(L, s)",
            (
                Line("diff(L, p)*diff(p, s)", Rule.CHAIN, "Jacobians are multiplied."),
                Line(f"({_BY_P})*diag(p)*diag({_ONE} - p)", Rule.SUBSTITUTE, "The two parts above."),
                Line(
                    f"-1/K*(transpose(y)*diag({_ONE} - p) - transpose({_ONE} - y)*diag(p))",
                    Rule.ALGEBRA,
                    "Diagonal matrices commute, and each inverse cancels its own.",
                ),
                Line("-1/K*transpose(y - p)", Rule.ALGEBRA, "The terms yₖ pₖ cancel."),
            ),
        ),
        Part(
            "By the weights",
            "diff(L, w)",
            (
                Line("transpose(diff(L, s))*transpose(x)", Rule.CHAIN, "wₖᵢ is in sₖ alone, multiplied by xᵢ."),
                Line("-1/K*(y - p)*transpose(x)", Rule.SUBSTITUTE, "The residual is known."),
            ),
            conclusion="Residual × input.",
        ),
        Part(
            "By the intercepts",
            "transpose(diff(L, b))",
            (Line("-1/K*(y - p)", Rule.CHAIN, "bₖ is added to sₖ as it is: its input is 1."),),
        ),
        Part(
            "The curvature",
            "diff(diff(L, s[k]), s[j])",
            (
                Line("diff(-1/K*(y[k] - p[k]), s[j])", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(CURVATURE, Rule.CASES, "pₖ depends on sₖ alone, with the slope of the sigmoid."),
            ),
        ),
    ),
    sources=("dd2424-a1-bonus",),
    comparisons=_comparisons,
)
