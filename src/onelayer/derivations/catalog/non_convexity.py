"""Squared error through a sigmoid is not convex: a point where its curvature is negative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

SLOPE: Final = "2*(ŷ - y)*(ŷ*(1 - ŷ))"
CURVATURE: Final = "2*(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ) + (ŷ - y)*(1 - 2*ŷ))"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("logistic")
    z, y, one = rng.normal(scale=2.0, size=(1, 1)), rng.random((1, 1)), np.ones((1, 1))
    residual, slope = loss.residual(z, y)[0, 0], loss.curvature(z, y, one)[0, 0]
    probability = residual + y[0, 0]
    given = {"z": z[0, 0], "y": y[0, 0]}
    yield Comparison("E", given, residual**2)
    yield Comparison(SLOPE, given, 2 * residual * slope)
    yield Comparison(CURVATURE, given, 2 * slope * (slope + residual * (1 - 2 * probability)))


DERIVATION: Final = Derivation(
    name="non-convexity",
    title="Squared error through a sigmoid is not convex",
    statement=("diff(diff(E, z), z)", CURVATURE),
    setting=SETTINGS["squared-error"],
    parts=(
        Part(
            "The slope",
            "diff(E, z)",
            (
                Line("diff(E, ŷ)*diff(ŷ, z)", Rule.CHAIN, "E depends on z through ŷ alone."),
                Line(SLOPE, Rule.POWER, "The square's derivative, and the slope of the sigmoid."),
            ),
        ),
        Part(
            "The curvature",
            "diff(diff(E, z), z)",
            (
                Line(f"diff({SLOPE}, z)", Rule.SUBSTITUTE, "The slope above."),
                Line("2*diff(ŷ - y, z)*(ŷ*(1 - ŷ)) + 2*(ŷ - y)*diff(ŷ*(1 - ŷ), z)", Rule.PRODUCT, "Of two factors."),
                Line(
                    "2*(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ)) + 2*(ŷ - y)*((1 - 2*ŷ)*(ŷ*(1 - ŷ)))",
                    Rule.CHAIN,
                    "ŷ − ŷ² has the derivative 1 − 2ŷ by ŷ.",
                ),
                Line(CURVATURE, Rule.ALGEBRA, "A common factor is taken out."),
            ),
        ),
        Part(
            "For the target 1",
            "diff(diff(E, z), z)",
            (
                Line("2*(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ) + (ŷ - 1)*(1 - 2*ŷ))", Rule.SUBSTITUTE, "y = 1."),
                Line("2*ŷ*(1 - ŷ)^2*(3*ŷ - 1)", Rule.ALGEBRA, "1 − ŷ is taken out: ŷ − (1 − 2ŷ) = 3ŷ − 1."),
            ),
            where={"y": "1"},
            conclusion="Negative wherever ŷ < ⅓: where the model is confidently wrong.",
        ),
        Part(
            "A witness",
            "diff(diff(E, z), z)",
            (
                Line("2*ŷ*(1 - ŷ)^2*(3*ŷ - 1)", Rule.SUBSTITUTE, "y = 1, as above."),
                Line("2*(1/4)*(1 - 1/4)^2*(3*(1/4) - 1)", Rule.SUBSTITUTE, "z = −ln 3 gives ŷ = 1/(1 + 3) = ¼."),
                Line("-9/128", Rule.ALGEBRA, "Negative."),
            ),
            where={"y": "1", "z": "-ln(3)"},
            conclusion=(
                "A convex function has no negative curvature anywhere. By a weight the curvature is xᵢ² times this, so "
                "squared error is not convex in the weights."
            ),
        ),
    ),
    sources=("cse344-a1",),
    comparisons=_comparisons,
)
