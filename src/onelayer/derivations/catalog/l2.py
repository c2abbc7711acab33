"""The L2 penalty in both conventions: ½λ‖W‖² and λ‖W‖²."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.penalties import L2

__all__ = ["DERIVATION"]


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k, d = (int(n) for n in rng.integers(2, 13, 2))
    w, strength = rng.normal(size=(k, d)), rng.uniform(0.01, 2.0)
    given = {"w": w, "lam": strength}
    for factor, value, gradient in ((1.0, "λ*R", "λ*w[k, i]"), (2.0, "λ*Q", "2*λ*w[k, i]")):
        penalty = L2(factor * strength)
        yield Comparison(value, given, penalty.value(w, np.zeros(k)))
        # The free indices are in alphabetical order, so that features come first.
        yield Comparison(gradient, given, penalty.gradient(w, np.zeros(k))[0].T)


DERIVATION: Final = Derivation(
    name="l2",
    title="The L2 penalty, in both conventions",
    statement=("diff(C + λ*R, w[k, i])", "diff(C, w[k, i]) + λ*w[k, i]"),
    setting=SETTINGS["l2"],
    parts=(
        Part(
            "With the factor ½",
            "diff(λ*R, w[k, i])",
            (
                Line("diff(λ*(1/2*sum(l, sum(m, w[l, m]^2))), w[k, i])", Rule.DEFINITION, "R = ½ ‖W‖²."),
                Line(
                    "λ*(1/2*sum(l, sum(m, 2*w[l, m]*(delta(k, l)*delta(i, m)))))",
                    Rule.POWER,
                    "w² has the derivative 2w, and only one weight of the sum is wₖᵢ.",
                ),
                Line("λ*w[k, i]", Rule.ONE_TERM, "½ and 2 cancel: that is what the ½ is for."),
            ),
        ),
        Part(
            "Without it",
            "diff(λ*Q, w[k, i])",
            (
                Line("diff(λ*sum(l, sum(m, w[l, m]^2)), w[k, i])", Rule.DEFINITION, "Q = ‖W‖²."),
                Line(
                    "λ*sum(l, sum(m, 2*w[l, m]*(delta(k, l)*delta(i, m))))",
                    Rule.POWER,
                    "w² has the derivative 2w, and only one weight of the sum is wₖᵢ.",
                ),
                Line("2*λ*w[k, i]", Rule.ONE_TERM, "One term is left."),
            ),
            conclusion="A λ of this convention is half the l2 of this package, which has the factor ½.",
        ),
        Part(
            "The gradient of the objective",
            "diff(C + λ*R, w[k, i])",
            (
                Line("diff(C, w[k, i]) + diff(λ*R, w[k, i])", Rule.SUM, "Loss and penalty are added."),
                Line("diff(C, w[k, i]) + λ*w[k, i]", Rule.SUBSTITUTE, "The first part above."),
            ),
        ),
        Part(
            "A step without the factor ½",
            "w[k, i] - η*diff(C + λ*Q, w[k, i])",
            (
                Line("w[k, i] - η*(diff(C, w[k, i]) + 2*λ*w[k, i])", Rule.SUBSTITUTE, "The second part above."),
                Line("(1 - 2*η*λ)*w[k, i] - η*diff(C, w[k, i])", Rule.ALGEBRA, "The weight is taken out."),
            ),
            conclusion="Each step first shrinks the weights: weight decay.",
        ),
    ),
    sources=("tdt4265-a1", "cse344-a1", "dd2424-a1-bonus"),
    comparisons=_comparisons,
)
