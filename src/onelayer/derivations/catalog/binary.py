"""Sigmoids: their slope, binary cross-entropy of one of them, and the mean over K of them.

∂C/∂wᵢ = (ŷ − y) xᵢ for one, ∂ℓ/∂s = (p − y)ᵀ/K for K.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Chain, Derivation, Line, Rule
from onelayer.derivations.interpreter import Comparison
from onelayer.derivations.notations import NOTATIONS
from onelayer.losses import get_loss
from onelayer.numerics import sigmoid, sigmoid_slope

__all__ = ["LOGISTIC", "MULTIPLE_BINARY", "SIGMOID"]


SLOPE: Final = "σ(s)*(1 - σ(s))"
MIRROR: Final = "σ(-s)"


def _sigmoid_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    s = rng.normal(scale=3.0)
    yield Comparison(SLOPE, {"s": s}, sigmoid_slope(np.float64(s)))
    yield Comparison(MIRROR, {"s": s}, 1.0 - sigmoid(np.float64(s)))


SIGMOID: Final = Derivation(
    name="sigmoid",
    title="The sigmoid and its slope",
    statement=("diff(σ(s), s)", SLOPE),
    notation=NOTATIONS["sigmoid-function"],
    chains=(
        Chain(
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
        Chain(
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
    comparisons=_sigmoid_comparisons,
)


LOGISTIC_RESIDUAL: Final = "ŷ - y"
LOGISTIC_CURVATURE: Final = "ŷ*(1 - ŷ)"


def _logistic_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("logistic")
    z, y = rng.normal(scale=3.0, size=(1, 1)), rng.random((1, 1))
    values, residual = loss.values_and_residual(z, y)
    given = {"z": z[0, 0], "y": y[0, 0]}
    yield Comparison("C", given, values[0])
    yield Comparison(LOGISTIC_RESIDUAL, given, residual[0, 0])
    yield Comparison(LOGISTIC_CURVATURE, given, loss.curvature(z, y, np.ones((1, 1)))[0, 0])


LOGISTIC: Final = Derivation(
    name="logistic",
    title="Binary cross-entropy",
    statement=("diff(C, w[i])", "(ŷ - y)*x[i]"),
    notation=NOTATIONS["logistic"],
    chains=(
        Chain(
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
        Chain(
            "By the score: the residual",
            "diff(C, z)",
            (
                Line("diff(C, ŷ)*diff(ŷ, z)", Rule.CHAIN, "C depends on z through ŷ alone."),
                Line(
                    "(ŷ - y)/(ŷ*(1 - ŷ))*(ŷ*(1 - ŷ))",
                    Rule.SUBSTITUTE,
                    "The first factor is the part above; the second is the slope of the sigmoid.",
                ),
                Line(LOGISTIC_RESIDUAL, Rule.ALGEBRA, "ŷ(1 − ŷ) cancels: that is why this loss suits the sigmoid."),
            ),
        ),
        Chain(
            "By a weight",
            "diff(C, w[i])",
            (
                Line("diff(C, z)*diff(z, w[i])", Rule.CHAIN, "The weight acts through the score alone."),
                Line("(ŷ - y)*diff(z, w[i])", Rule.SUBSTITUTE, "The residual is known."),
                Line("(ŷ - y)*x[i]", Rule.LINEAR, "In z = Σᵢ wᵢ xᵢ + b the weight wᵢ is multiplied by xᵢ."),
            ),
            conclusion="Residual × input.",
        ),
        Chain(
            "By the intercept",
            "diff(C, b)",
            (
                Line("diff(C, z)*diff(z, b)", Rule.CHAIN, "The intercept acts through the score alone."),
                Line(LOGISTIC_RESIDUAL, Rule.LINEAR, "b is added as it is: its input is 1."),
            ),
        ),
        Chain(
            "The curvature",
            "diff(diff(C, z), z)",
            (
                Line("diff(ŷ - y, z)", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(
                    LOGISTIC_CURVATURE, Rule.SUBSTITUTE, "The target is a constant, and ŷ has the slope of the sigmoid."
                ),
            ),
        ),
    ),
    sources=("tdt4265-a1", "cse344-a1"),
    comparisons=_logistic_comparisons,
)


MULTIPLE_RESIDUAL: Final = "-1/K*(y[k] - p[k])"
MULTIPLE_CURVATURE: Final = "1/K*delta(j, k)*p[k]*(1 - p[k])"
_ONE: Final = "ones(y)"
_BY_P: Final = f"-1/K*(transpose(y)*inv(diag(p)) - transpose({_ONE} - y)*inv(diag({_ONE} - p)))"


def _multiple_binary_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("sigmoid")
    k = int(rng.integers(2, 13))
    s, y = rng.normal(scale=2.0, size=(1, k)), rng.random((1, k))
    values, residual = loss.values_and_residual(s, y)
    given = {"s": s[0], "y": y[0]}
    yield Comparison("L", given, values[0])
    yield Comparison(MULTIPLE_RESIDUAL, given, residual[0])
    yield Comparison(MULTIPLE_CURVATURE, given, [loss.curvature(s, y, unit[np.newaxis])[0] for unit in np.eye(k)])


MULTIPLE_BINARY: Final = Derivation(
    name="multiple-binary",
    title="Multiple binary cross-entropy",
    statement=("diff(L, w)", "-1/K*(y - p)*transpose(x)"),
    notation=NOTATIONS["sigmoid"],
    chains=(
        Chain(
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
        Chain(
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
                Line(MULTIPLE_RESIDUAL, Rule.ALGEBRA, "The terms yₖ pₖ cancel."),
            ),
        ),
        Chain(
            "The Jacobian by all probabilities",
            "diff(L, p)",
            (Line(_BY_P, Rule.SUBSTITUTE, "One row: the part by one probability, for all k."),),
        ),
        Chain(
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
        Chain(
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
        Chain(
            "By the weights",
            "diff(L, w)",
            (
                Line("transpose(diff(L, s))*transpose(x)", Rule.CHAIN, "wₖᵢ is in sₖ alone, multiplied by xᵢ."),
                Line("-1/K*(y - p)*transpose(x)", Rule.SUBSTITUTE, "The residual is known."),
            ),
            conclusion="Residual × input.",
        ),
        Chain(
            "By the intercepts",
            "transpose(diff(L, b))",
            (Line("-1/K*(y - p)", Rule.CHAIN, "bₖ is added to sₖ as it is: its input is 1."),),
        ),
        Chain(
            "The curvature",
            "diff(diff(L, s[k]), s[j])",
            (
                Line("diff(-1/K*(y[k] - p[k]), s[j])", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(MULTIPLE_CURVATURE, Rule.CASES, "pₖ depends on sₖ alone, with the slope of the sigmoid."),
            ),
        ),
    ),
    sources=("dd2424-a1-bonus",),
    comparisons=_multiple_binary_comparisons,
)
