"""Multiclass cross-entropy of softmax probabilities: ∂C/∂zₖ = ŷₖ − yₖ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

RESIDUAL: Final = "ŷ[k] - y[k]"
LOG_SUM: Final = "ln(sum(l, exp(z[l]))) - sum(k, y[k]*z[k])"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("softmax")
    k = int(rng.integers(2, 13))
    z, y = rng.normal(scale=2.0, size=(1, k)), rng.dirichlet(np.ones(k), 1)
    values, residual = loss.values_and_residual(z, y)
    given = {"z": z[0], "y": y[0]}
    yield Comparison("C", given, values[0])
    yield Comparison(LOG_SUM, given, values[0])
    yield Comparison(RESIDUAL, given, residual[0])


DERIVATION: Final = Derivation(
    name="softmax",
    title="Multiclass cross-entropy",
    statement=("diff(C, w[k, i])", "(ŷ[k] - y[k])*x[i]"),
    setting=SETTINGS["softmax"],
    parts=(
        Part(
            "By a score: the residual",
            "diff(C, z[k])",
            (
                Line("diff(-sum(j, y[j]*ln(ŷ[j])), z[k])", Rule.DEFINITION, "C is the cross-entropy."),
                Line("-sum(j, y[j]*diff(ln(ŷ[j]), z[k]))", Rule.SUM, "The targets are constants."),
                Line(
                    "-sum(j, y[j]/ŷ[j]*diff(ŷ[j], z[k]))",
                    Rule.CHAIN,
                    "Every ŷⱼ depends on zₖ, through the sum in its denominator: no term of the sum may be left out.",
                ),
                Line(
                    "-y[k]/ŷ[k]*(ŷ[k]*(1 - ŷ[k])) - sum(j != k, y[j]/ŷ[j]*(-ŷ[j]*ŷ[k]))",
                    Rule.CASES,
                    "The softmax Jacobian: its own class, and the others.",
                ),
                Line("-y[k] + y[k]*ŷ[k] + sum(j != k, y[j]*ŷ[k])", Rule.ALGEBRA, "ŷₖ and ŷⱼ cancel."),
                Line("ŷ[k]*sum(j, y[j]) - y[k]", Rule.ALGEBRA, "ŷₖ is taken out of all terms that hold it."),
                Line(RESIDUAL, Rule.SUM_TO_ONE, "The targets are probabilities."),
            ),
        ),
        Part(
            "The same, by the logarithm of a quotient",
            "C",
            (
                Line("-sum(k, y[k]*ln(exp(z[k])/sum(l, exp(z[l]))))", Rule.DEFINITION, "With the softmax written out."),
                Line(
                    "-sum(k, y[k]*(z[k] - ln(sum(l, exp(z[l])))))",
                    Rule.LOG_QUOTIENT,
                    "ln(a/b) = ln a − ln b, and the logarithm undoes the exponential.",
                ),
                Line(
                    "ln(sum(l, exp(z[l])))*sum(k, y[k]) - sum(k, y[k]*z[k])",
                    Rule.ALGEBRA,
                    "The logarithm does not depend on k.",
                ),
                Line(LOG_SUM, Rule.SUM_TO_ONE, "The targets are probabilities."),
            ),
            conclusion="The derivative of the first term by zₖ is ŷₖ, that of the second yₖ: the same residual.",
        ),
        Part(
            "By a weight",
            "diff(C, w[k, i])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], w[k, i]))", Rule.CHAIN, "The weight acts through the scores."),
                Line(
                    "sum(j, (ŷ[j] - y[j])*(delta(j, k)*x[i]))",
                    Rule.LINEAR,
                    "The weight wₖᵢ is in the score zₖ alone, whichever class is the true one.",
                ),
                Line("(ŷ[k] - y[k])*x[i]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
            conclusion="Residual × input.",
        ),
        Part(
            "By an intercept",
            "diff(C, b[k])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], b[k]))", Rule.CHAIN, "The intercept acts through the scores."),
                Line("sum(j, (ŷ[j] - y[j])*delta(j, k))", Rule.LINEAR, "bₖ is added to the score zₖ alone."),
                Line(RESIDUAL, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Part(
            "As a matrix",
            "diff(C, w)",
            (
                Line("transpose(diff(C, z))*transpose(x)", Rule.CHAIN, "The parts above, for all k and i at once."),
                Line("(ŷ - y)*transpose(x)", Rule.SUBSTITUTE, "The residual is known."),
            ),
        ),
    ),
    sources=("tdt4265-a1", "uvic-a3", "cse344-a1", "dd2424-a1-bonus"),
    comparisons=_comparisons,
)
