"""Cross-entropy is convex: its Hessian is a covariance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

VARIANCE: Final = "sum(k, ŷ[k]*(v[k] - sum(l, ŷ[l]*v[l]))^2)"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k = int(rng.integers(2, 13))
    z, v = rng.normal(scale=2.0, size=(1, k)), rng.normal(size=(1, k))
    along = get_loss("softmax").curvature(z, np.array([0]), v)
    yield Comparison(VARIANCE, {"z": z[0], "v": v[0]}, float(along[0] @ v[0]))


DERIVATION: Final = Derivation(
    name="convexity",
    title="Cross-entropy is convex",
    statement=("sum(j, sum(k, v[j]*diff(diff(C, z[k]), z[j])*v[k]))", VARIANCE),
    setting=SETTINGS["softmax"],
    parts=(
        Part(
            "The Hessian",
            "diff(diff(C, z[k]), z[j])",
            (
                Line("diff(ŷ[k] - y[k], z[j])", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(
                    "ŷ[k]*(delta(j, k) - ŷ[j])", Rule.CASES, "The targets are constants; this is the softmax Jacobian."
                ),
            ),
        ),
        Part(
            "Along any direction v",
            "sum(j, sum(k, v[j]*diff(diff(C, z[k]), z[j])*v[k]))",
            (
                Line("sum(j, sum(k, v[j]*(ŷ[k]*(delta(j, k) - ŷ[j]))*v[k]))", Rule.SUBSTITUTE, "The part above."),
                Line(
                    "sum(k, ŷ[k]*v[k]^2) - sum(k, ŷ[k]*v[k])^2",
                    Rule.ONE_TERM,
                    "δⱼₖ leaves one sum of the first term; the second is a product of two equal sums.",
                ),
                Line(
                    VARIANCE,
                    Rule.SUM_TO_ONE,
                    "The mean of the squares less the square of the mean is a variance, as Σŷ = 1.",
                ),
            ),
            conclusion=(
                "Squares with weights ŷₖ > 0: never negative, so C is convex in the scores. The scores are linear in "
                "weights and intercepts, so C is convex in these too; with one score it is ŷ(1 − ŷ) v²."
            ),
        ),
    ),
    sources=("cse344-a1",),
    comparisons=_comparisons,
)
