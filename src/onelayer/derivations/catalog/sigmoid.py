"""The logistic sigmoid: σ' = σ(1 − σ) and 1 − σ(s) = σ(−s)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.numerics import sigmoid, sigmoid_slope

__all__ = ["DERIVATION"]

SLOPE: Final = "σ(s)*(1 - σ(s))"
MIRROR: Final = "σ(-s)"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    s = rng.normal(scale=3.0)
    yield Comparison(SLOPE, {"s": s}, sigmoid_slope(np.float64(s)))
    yield Comparison(MIRROR, {"s": s}, 1.0 - sigmoid(np.float64(s)))


DERIVATION: Final = Derivation(
    name="sigmoid",
    title="The sigmoid and its slope",
    statement=("diff(σ(s), s)", SLOPE),
    setting=SETTINGS["sigmoid-function"],
    parts=(
        Part(
            "The slope",
            "diff(σ(s), s)",
            (
                Line("diff(1/(1 + exp(-s)), s)", Rule.DEFINITION, "σ(s) is 1/(1 + e⁻ˢ)."),
                Line(
                    "-diff(1 + exp(-s), s)/(1 + exp(-s))^2",
                    Rule.QUOTIENT,
                    "The numerator is the constant 1, so only the denominator's derivative is left.",
                ),
                Line("exp(-s)/(1 + exp(-s))^2", Rule.EXPONENTIAL, "The derivative of e⁻ˢ is −e⁻ˢ."),
                Line(
                    "1/(1 + exp(-s))*(exp(-s)/(1 + exp(-s)))", Rule.ALGEBRA, "The square is split over two fractions."
                ),
                Line(
                    "1/(1 + exp(-s))*(1 - 1/(1 + exp(-s)))",
                    Rule.ALGEBRA,
                    "Adding and subtracting 1 in the second numerator gives 1 less the first fraction.",
                ),
                Line(SLOPE, Rule.DEFINITION, "Both fractions are σ(s)."),
            ),
        ),
        Part(
            "The mirror image",
            "1 - σ(s)",
            (
                Line("1 - 1/(1 + exp(-s))", Rule.DEFINITION, "σ(s) is 1/(1 + e⁻ˢ)."),
                Line("exp(-s)/(1 + exp(-s))", Rule.ALGEBRA, "Over a common denominator, the ones cancel."),
                Line("1/(1 + exp(s))", Rule.ALGEBRA, "Numerator and denominator are multiplied by eˢ."),
                Line(MIRROR, Rule.DEFINITION, "This is the sigmoid of −s."),
            ),
        ),
    ),
    sources=("dd2424-a1-bonus", "tdt4265-a1"),
    comparisons=_comparisons,
)
