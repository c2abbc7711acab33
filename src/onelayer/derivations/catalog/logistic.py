"""Binary cross-entropy: ∂C/∂wᵢ = (ŷ − y) xᵢ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

RESIDUAL: Final = "ŷ - y"
CURVATURE: Final = "ŷ*(1 - ŷ)"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("logistic")
    z, y = rng.normal(scale=3.0, size=(1, 1)), rng.random((1, 1))
    values, residual = loss.values_and_residual(z, y)
    given = {"z": z[0, 0], "y": y[0, 0]}
    yield Comparison("C", given, values[0])
    yield Comparison(RESIDUAL, given, residual[0, 0])
    yield Comparison(CURVATURE, given, loss.curvature(z, y, np.ones((1, 1)))[0, 0])


DERIVATION: Final = Derivation(
    name="logistic",
    title="Binary cross-entropy",
    statement=("diff(C, w[i])", "(ŷ - y)*x[i]"),
    setting=SETTINGS["logistic"],
    parts=(
        Part(
            "By the probability",
            "diff(C, ŷ)",
            (
                Line("diff(-(y*ln(ŷ) + (1 - y)*ln(1 - ŷ)), ŷ)", Rule.DEFINITION, "C is the binary cross-entropy."),
                Line(
                    "-(y*diff(ln(ŷ), ŷ) + (1 - y)*diff(ln(1 - ŷ), ŷ))",
                    Rule.SUM,
                    "y is a constant; the minus stays in front of both terms.",
                ),
                Line("-(y/ŷ - (1 - y)/(1 - ŷ))", Rule.LOGARITHM, "ln(1 − ŷ) has the derivative −1/(1 − ŷ)."),
                Line("(-y*(1 - ŷ) + (1 - y)*ŷ)/(ŷ*(1 - ŷ))", Rule.ALGEBRA, "Over a common denominator."),
                Line("(ŷ - y)/(ŷ*(1 - ŷ))", Rule.ALGEBRA, "The terms y ŷ cancel."),
            ),
        ),
        Part(
            "By the score: the residual",
            "diff(C, z)",
            (
                Line("diff(C, ŷ)*diff(ŷ, z)", Rule.CHAIN, "C depends on z through ŷ alone."),
                Line(
                    "(ŷ - y)/(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ))",
                    Rule.SUBSTITUTE,
                    "The first factor is the part above; the second is the slope of the sigmoid.",
                ),
                Line(RESIDUAL, Rule.ALGEBRA, "ŷ(1 − ŷ) cancels: that is why this loss suits the sigmoid."),
            ),
        ),
        Part(
            "By a weight",
            "diff(C, w[i])",
            (
                Line("diff(C, z)*diff(z, w[i])", Rule.CHAIN, "The weight acts through the score alone."),
                Line("(ŷ - y)*diff(z, w[i])", Rule.SUBSTITUTE, "The residual is known."),
                Line("(ŷ - y)*x[i]", Rule.LINEAR, "In z = Σᵢ wᵢ xᵢ + b the weight wᵢ is multiplied by xᵢ."),
            ),
            conclusion="Residual × input.",
        ),
        Part(
            "By the intercept",
            "diff(C, b)",
            (
                Line("diff(C, z)*diff(z, b)", Rule.CHAIN, "The intercept acts through the score alone."),
                Line(RESIDUAL, Rule.LINEAR, "b is added as it is: its input is 1."),
            ),
        ),
        Part(
            "The curvature",
            "diff(diff(C, z), z)",
            (
                Line("diff(ŷ - y, z)", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(CURVATURE, Rule.SUBSTITUTE, "The target is a constant, and ŷ has the slope of the sigmoid."),
            ),
        ),
    ),
    sources=("tdt4265-a1", "cse344-a1"),
    comparisons=_comparisons,
)
