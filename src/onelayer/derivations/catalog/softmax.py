"""Softmax: its Jacobian, cross-entropy of its probabilities (∂C/∂zₖ = ŷₖ − yₖ), and the same with smoothed targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Chain, Derivation, Line, Rule
from onelayer.derivations.interpreter import Comparison
from onelayer.derivations.notations import NOTATIONS
from onelayer.losses import get_loss, smoothed_labels
from onelayer.numerics import softmax

__all__ = ["LABEL_SMOOTHING", "SOFTMAX", "SOFTMAX_JACOBIAN"]


JACOBIAN: Final = "ŷ[k]*(delta(j, k) - ŷ[j])"
CASES: Final = "cases(k = j, ŷ[k]*(1 - ŷ[k]), -ŷ[k]*ŷ[j])"
_SUM: Final = "sum(l, exp(z[l]))"
_QUOTIENT: Final = f"(diff(exp(z[k]), z[j])*{_SUM} - exp(z[k])*diff({_SUM}, z[j]))/({_SUM})^2"


def _softmax_jacobian_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k = int(rng.integers(2, 13))
    z = rng.normal(scale=2.0, size=(1, k))
    # The Jacobian of the probabilities is the Hessian of the loss, read off column by column.
    columns = [get_loss("softmax").curvature(z, np.array([0]), unit[np.newaxis])[0] for unit in np.eye(k)]
    yield Comparison("ŷ[k]", {"z": z[0]}, softmax(z)[0])
    yield Comparison(JACOBIAN, {"z": z[0]}, columns)
    yield Comparison(CASES, {"z": z[0]}, columns)


SOFTMAX_JACOBIAN: Final = Derivation(
    name="softmax-jacobian",
    title="The softmax Jacobian",
    statement=("diff(ŷ[k], z[j])", CASES),
    notation=NOTATIONS["softmax"],
    chains=(
        Chain(
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
        Chain(
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
        Chain(
            "Both in one",
            "diff(ŷ[k], z[j])",
            (
                Line(CASES, Rule.CASES, "The two cases above."),
                Line(JACOBIAN, Rule.ALGEBRA, "δⱼₖ is 1 in the first case and 0 in the second."),
            ),
        ),
        Chain(
            "As a matrix",
            "diff(ŷ, z)",
            (Line("diag(ŷ) - ŷ*transpose(ŷ)", Rule.CASES, "The diagonal has ŷₖ − ŷₖ², the rest −ŷₖ ŷⱼ."),),
            conclusion="It is symmetric, and each row sums to 0: a shift of all scores changes nothing.",
        ),
        Chain(
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
    comparisons=_softmax_jacobian_comparisons,
)


RESIDUAL: Final = "ŷ[k] - y[k]"
LOG_SUM: Final = "ln(sum(l, exp(z[l]))) - sum(k, y[k]*z[k])"


def _softmax_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("softmax")
    k = int(rng.integers(2, 13))
    z, y = rng.normal(scale=2.0, size=(1, k)), rng.dirichlet(np.ones(k), 1)
    values, residual = loss.values_and_residual(z, y)
    given = {"z": z[0], "y": y[0]}
    yield Comparison("C", given, values[0])
    yield Comparison(LOG_SUM, given, values[0])
    yield Comparison(RESIDUAL, given, residual[0])


SOFTMAX: Final = Derivation(
    name="softmax",
    title="Multiclass cross-entropy",
    statement=("diff(C, w[k, i])", "(ŷ[k] - y[k])*x[i]"),
    notation=NOTATIONS["softmax"],
    chains=(
        Chain(
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
        Chain(
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
        Chain(
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
        Chain(
            "By an intercept",
            "diff(C, b[k])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], b[k]))", Rule.CHAIN, "The intercept acts through the scores."),
                Line("sum(j, (ŷ[j] - y[j])*delta(j, k))", Rule.LINEAR, "bₖ is added to the score zₖ alone."),
                Line(RESIDUAL, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Chain(
            "As a matrix",
            "diff(C, w)",
            (
                Line("transpose(diff(C, z))*transpose(x)", Rule.CHAIN, "The parts above, for all k and i at once."),
                Line("(ŷ - y)*transpose(x)", Rule.SUBSTITUTE, "The residual is known."),
            ),
        ),
    ),
    sources=("tdt4265-a1", "uvic-a3", "cse344-a1", "dd2424-a1-bonus"),
    comparisons=_softmax_comparisons,
)


SMOOTHED_RESIDUAL: Final = "ŷ[k] - (1 - ε)*y[k] - ε/K"
MIXTURE: Final = "(1 - ε)*(-sum(k, y[k]*ln(ŷ[k]))) + ε*(-1/K*sum(k, ln(ŷ[k])))"


def _label_smoothing_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("softmax")
    k = int(rng.integers(2, 13))
    z, label, strength = rng.normal(scale=2.0, size=(1, k)), rng.integers(0, k, 1), float(rng.uniform(0.05, 0.5))
    targets = smoothed_labels(label, k, strength)
    values, residual = loss.values_and_residual(z, targets)
    given = {"z": z[0], "y": np.eye(k)[label[0]], "eps": strength}
    yield Comparison("t[k]", given, targets[0])
    yield Comparison("C", given, values[0])
    yield Comparison(MIXTURE, given, values[0])
    yield Comparison(SMOOTHED_RESIDUAL, given, residual[0])


LABEL_SMOOTHING: Final = Derivation(
    name="label-smoothing",
    title="Label smoothing",
    statement=("diff(C, z[k])", SMOOTHED_RESIDUAL),
    notation=NOTATIONS["label-smoothing"],
    chains=(
        Chain(
            "Smoothed targets are probabilities",
            "sum(k, t[k])",
            (
                Line("sum(k, (1 - ε)*y[k] + ε/K)", Rule.DEFINITION, "A share ε is spread evenly over all classes."),
                Line("(1 - ε)*sum(k, y[k]) + K*(ε/K)", Rule.ALGEBRA, "The second term is added K times."),
                Line("1 - ε + ε", Rule.SUM_TO_ONE, "The targets themselves are probabilities."),
                Line("1", Rule.ALGEBRA, "ε cancels."),
            ),
        ),
        Chain(
            "By a score: the residual",
            "diff(C, z[k])",
            (
                Line("-sum(j, t[j]/ŷ[j]*diff(ŷ[j], z[k]))", Rule.CHAIN, "The smoothed targets are constants."),
                Line("-sum(j, t[j]*(delta(j, k) - ŷ[k]))", Rule.SUBSTITUTE, "The softmax Jacobian; ŷⱼ cancels."),
                Line("ŷ[k]*sum(j, t[j]) - t[k]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
                Line("ŷ[k] - t[k]", Rule.SUM_TO_ONE, "By the part above."),
                Line(SMOOTHED_RESIDUAL, Rule.DEFINITION, "With the smoothed target written out."),
            ),
        ),
        Chain(
            "What it adds to the loss",
            "C",
            (
                Line("-sum(k, ((1 - ε)*y[k] + ε/K)*ln(ŷ[k]))", Rule.DEFINITION, "Cross-entropy with smoothed targets."),
                Line(MIXTURE, Rule.ALGEBRA, "The sum is split."),
            ),
            conclusion="A share ε of the loss is the cross-entropy with even probabilities: it holds scores together.",
        ),
    ),
    sources=(),
    comparisons=_label_smoothing_comparisons,
)
