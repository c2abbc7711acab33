"""Why cross-entropy: it is convex, squared error through a sigmoid is not, and least of it is least divergence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Chain, Derivation, Line, Rule
from onelayer.derivations.interpreter import Comparison
from onelayer.derivations.notations import NOTATIONS
from onelayer.information import cross_entropy, entropy, kl_divergence
from onelayer.losses import get_loss

__all__ = ["CONVEXITY", "NON_CONVEXITY", "RELATIVE_ENTROPY"]


VARIANCE: Final = "sum(k, ŷ[k]*(v[k] - sum(l, ŷ[l]*v[l]))^2)"


def _convexity_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k = int(rng.integers(2, 13))
    z, v = rng.normal(scale=2.0, size=(1, k)), rng.normal(size=(1, k))
    along = get_loss("softmax").curvature(z, np.array([0]), v)
    yield Comparison(VARIANCE, {"z": z[0], "v": v[0]}, float(along[0] @ v[0]))


CONVEXITY: Final = Derivation(
    name="convexity",
    title="Cross-entropy is convex",
    statement=("sum(j, sum(k, v[j]*diff(diff(C, z[k]), z[j])*v[k]))", VARIANCE),
    notation=NOTATIONS["softmax"],
    chains=(
        Chain(
            "The Hessian",
            "diff(diff(C, z[k]), z[j])",
            (
                Line("diff(ŷ[k] - y[k], z[j])", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(
                    "ŷ[k]*(delta(j, k) - ŷ[j])", Rule.CASES, "The targets are constants; this is the softmax Jacobian."
                ),
            ),
        ),
        Chain(
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
    comparisons=_convexity_comparisons,
)


SLOPE: Final = "2*(ŷ - y)*(ŷ*(1 - ŷ))"
CURVATURE: Final = "2*(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ) + (ŷ - y)*(1 - 2*ŷ))"


def _non_convexity_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("logistic")
    z, y, one = rng.normal(scale=2.0, size=(1, 1)), rng.random((1, 1)), np.ones((1, 1))
    residual, slope = loss.residual(z, y)[0, 0], loss.curvature(z, y, one)[0, 0]
    probability = residual + y[0, 0]
    given = {"z": z[0, 0], "y": y[0, 0]}
    yield Comparison("E", given, residual**2)
    yield Comparison(SLOPE, given, 2 * residual * slope)
    yield Comparison(CURVATURE, given, 2 * slope * (slope + residual * (1 - 2 * probability)))


NON_CONVEXITY: Final = Derivation(
    name="non-convexity",
    title="Squared error through a sigmoid is not convex",
    statement=("diff(diff(E, z), z)", CURVATURE),
    notation=NOTATIONS["squared-error"],
    chains=(
        Chain(
            "The slope",
            "diff(E, z)",
            (
                Line("diff(E, ŷ)*diff(ŷ, z)", Rule.CHAIN, "E depends on z through ŷ alone."),
                Line(SLOPE, Rule.POWER, "The square's derivative, and the slope of the sigmoid."),
            ),
        ),
        Chain(
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
        Chain(
            "For the target 1",
            "diff(diff(E, z), z)",
            (
                Line("2*(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ) + (ŷ - 1)*(1 - 2*ŷ))", Rule.SUBSTITUTE, "y = 1."),
                Line("2*ŷ*(1 - ŷ)^2*(3*ŷ - 1)", Rule.ALGEBRA, "1 − ŷ is taken out: ŷ − (1 − 2ŷ) = 3ŷ − 1."),
            ),
            where={"y": "1"},
            conclusion="Negative wherever ŷ < ⅓: where the model is confidently wrong.",
        ),
        Chain(
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
    comparisons=_non_convexity_comparisons,
)


def _relative_entropy_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    p, q = rng.dirichlet(np.ones(int(rng.integers(2, 13))), 2)
    given = {"p": p, "q": q}
    yield Comparison("H0", given, entropy(p))
    yield Comparison("D", given, kl_divergence(p, q))
    yield Comparison("H0 + D", given, cross_entropy(p, q))


RELATIVE_ENTROPY: Final = Derivation(
    name="relative-entropy",
    title="Cross-entropy, entropy and divergence",
    statement=("H1", "H0 + D"),
    notation=NOTATIONS["distributions"],
    chains=(
        Chain(
            "The divergence",
            "D",
            (
                Line("sum(k, p[k]*ln(p[k]/q[k]))", Rule.DEFINITION, "The expected logarithm of the ratio, under P."),
                Line("sum(k, p[k]*(ln(p[k]) - ln(q[k])))", Rule.LOG_QUOTIENT, "ln(a/b) = ln a − ln b."),
                Line("sum(k, p[k]*ln(p[k])) - sum(k, p[k]*ln(q[k]))", Rule.ALGEBRA, "The sum is split."),
                Line("H1 - H0", Rule.DEFINITION, "The second sum is −H(P, Q), the first −H(P)."),
            ),
        ),
        Chain(
            "The cross-entropy",
            "H1",
            (Line("H0 + D", Rule.ALGEBRA, "H(P) is brought to the other side."),),
            conclusion="H(P) does not depend on Q: minimising the cross-entropy over Q minimises the divergence.",
        ),
    ),
    sources=("cse344-a1",),
    comparisons=_relative_entropy_comparisons,
)
