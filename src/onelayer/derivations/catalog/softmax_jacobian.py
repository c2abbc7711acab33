"""The softmax Jacobian, both cases of the quotient rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss
from onelayer.numerics import softmax

__all__ = ["DERIVATION"]

JACOBIAN: Final = "ŷ[k]*(delta(j, k) - ŷ[j])"
CASES: Final = "cases(k = j, ŷ[k]*(1 - ŷ[k]), -ŷ[k]*ŷ[j])"
_SUM: Final = "sum(l, exp(z[l]))"
_QUOTIENT: Final = f"(diff(exp(z[k]), z[j])*{_SUM} - exp(z[k])*diff({_SUM}, z[j]))/({_SUM})^2"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k = int(rng.integers(2, 13))
    z = rng.normal(scale=2.0, size=(1, k))
    # The Jacobian of the probabilities is the Hessian of the loss, read off column by column.
    columns = [get_loss("softmax").curvature(z, np.array([0]), unit[np.newaxis])[0] for unit in np.eye(k)]
    yield Comparison("ŷ[k]", {"z": z[0]}, softmax(z)[0])
    yield Comparison(JACOBIAN, {"z": z[0]}, columns)
    yield Comparison(CASES, {"z": z[0]}, columns)


DERIVATION: Final = Derivation(
    name="softmax-jacobian",
    title="The softmax Jacobian",
    statement=("diff(ŷ[k], z[j])", CASES),
    setting=SETTINGS["softmax"],
    parts=(
        Part(
            "First case: the class's own score",
            "diff(ŷ[k], z[j])",
            (
                Line(f"diff(exp(z[k])/{_SUM}, z[j])", Rule.DEFINITION, "ŷ is the softmax of the scores."),
                Line(_QUOTIENT, Rule.QUOTIENT, "Of the exponential of zₖ over the sum of all."),
                Line(
                    f"(exp(z[k])*{_SUM} - exp(z[k])*exp(z[k]))/({_SUM})^2",
                    Rule.EXPONENTIAL,
                    "j = k: the exponential is its own derivative, above and in the one term of the sum with zₖ.",
                ),
                Line(f"exp(z[k])/{_SUM}*(1 - exp(z[k])/{_SUM})", Rule.ALGEBRA, "The first fraction is taken out."),
                Line("ŷ[k]*(1 - ŷ[k])", Rule.DEFINITION, "Both fractions are ŷₖ."),
            ),
            equal=("j", "k"),
        ),
        Part(
            "Second case: another class's score",
            "diff(ŷ[k], z[j])",
            (
                Line(f"diff(exp(z[k])/{_SUM}, z[j])", Rule.DEFINITION, "ŷ is the softmax of the scores."),
                Line(_QUOTIENT, Rule.QUOTIENT, "Of the exponential of zₖ over the sum of all."),
                Line(
                    f"(0 - exp(z[k])*exp(z[j]))/({_SUM})^2",
                    Rule.EXPONENTIAL,
                    "j ≠ k: the numerator does not hold zⱼ, and the sum holds it in one term.",
                ),
                Line(f"-exp(z[k])/{_SUM}*(exp(z[j])/{_SUM})", Rule.ALGEBRA, "The square is split over two fractions."),
                Line("-ŷ[k]*ŷ[j]", Rule.DEFINITION, "The fractions are ŷₖ and ŷⱼ."),
            ),
            different=("j", "k"),
        ),
        Part(
            "Both in one",
            "diff(ŷ[k], z[j])",
            (
                Line(CASES, Rule.CASES, "The two cases above."),
                Line(JACOBIAN, Rule.ALGEBRA, "δⱼₖ is 1 in the first case and 0 in the second."),
            ),
        ),
        Part(
            "As a matrix",
            "diff(ŷ, z)",
            (Line("diag(ŷ) - ŷ*transpose(ŷ)", Rule.CASES, "The diagonal has ŷₖ − ŷₖ², the rest −ŷₖ ŷⱼ."),),
            conclusion="It is symmetric, and each row sums to 0: a shift of all scores changes nothing.",
        ),
        Part(
            "A shift of all scores",
            "exp(z[k] - m0)/sum(l, exp(z[l] - m0))",
            (
                Line(f"exp(z[k])*exp(-m0)/({_SUM}*exp(-m0))", Rule.ALGEBRA, "e⁻ᵐ is a factor of every exponential."),
                Line("ŷ[k]", Rule.ALGEBRA, "It cancels, whatever m is."),
            ),
            conclusion="With m = max z no exponential is larger than 1: nothing overflows.",
        ),
    ),
    sources=("tdt4265-a1", "cse344-a1", "uvic-a3"),
    comparisons=_comparisons,
)
