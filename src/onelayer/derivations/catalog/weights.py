"""Gradients by weights: residual × input for any loss of linear scores, the L2 penalty, and a hidden layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Chain, Derivation, Line, Rule
from onelayer.derivations.interpreter import Comparison
from onelayer.derivations.notations import NOTATIONS
from onelayer.losses import get_loss
from onelayer.models import Linear, LinearParameters, TwoLayer, TwoLayerParameters
from onelayer.penalties import L2

__all__ = ["PENALTY", "RESIDUAL_TIMES_INPUT", "TWO_LAYER"]


def _residual_times_input_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k, d = (int(n) for n in rng.integers(2, 13, 2))
    x, r = rng.normal(size=(1, d)), rng.normal(size=(1, k))
    parameters = LinearParameters(rng.normal(size=(k, d)), rng.normal(size=k))
    scores, pull_back = Linear().forward(parameters, x)
    gradient, _ = pull_back(r)
    given = {"x": x[0], "r": r[0], "w": parameters.weights, "b": parameters.intercepts}
    yield Comparison("z[k]", given, scores[0])
    yield Comparison("r[k]*x[i]", given, gradient.weights.T)  # free indices are in alphabetical order: i, k
    yield Comparison("r[k]", given, gradient.intercepts)


RESIDUAL_TIMES_INPUT: Final = Derivation(
    name="residual-times-input",
    title="Gradient = residual × input",
    statement=("diff(C, w)", "r*transpose(x)"),
    notation=NOTATIONS["linear"],
    chains=(
        Chain(
            "By a weight",
            "diff(C, w[k, i])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], w[k, i]))", Rule.CHAIN, "The weight acts through the scores."),
                Line("sum(j, r[j]*diff(z[j], w[k, i]))", Rule.DEFINITION, "∂C/∂zⱼ is what the residual rⱼ is."),
                Line("sum(j, r[j]*(delta(j, k)*x[i]))", Rule.LINEAR, "wₖᵢ is in zₖ alone, multiplied by xᵢ."),
                Line("r[k]*x[i]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Chain(
            "By an intercept",
            "diff(C, b[k])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], b[k]))", Rule.CHAIN, "The intercept acts through the scores."),
                Line("sum(j, r[j]*delta(j, k))", Rule.LINEAR, "bₖ is added to zₖ: its input is 1."),
                Line("r[k]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Chain(
            "As a matrix",
            "diff(C, w)",
            (Line("r*transpose(x)", Rule.SUBSTITUTE, "The first part, for all k and i at once."),),
            conclusion="Over rows these matrices are added: ∂/∂W = Rᵀ X. The loss enters through its residual alone.",
        ),
    ),
    sources=("tdt4265-a1", "dd2424-a1-bonus", "uvic-a3", "cse344-a1"),
    comparisons=_residual_times_input_comparisons,
)


def _penalty_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k, d = (int(n) for n in rng.integers(2, 13, 2))
    w, strength = rng.normal(size=(k, d)), rng.uniform(0.01, 2.0)
    given, parameters = {"w": w, "lam": strength}, LinearParameters(w, np.zeros(k))
    for factor, value, gradient in ((1.0, "λ*R", "λ*w[k, i]"), (2.0, "λ*Q", "2*λ*w[k, i]")):
        penalty = L2(factor * strength)
        yield Comparison(value, given, penalty.value(parameters))
        # The free indices are in alphabetical order, so that features come first.
        yield Comparison(gradient, given, penalty.gradient(parameters).weights.T)


PENALTY: Final = Derivation(
    name="l2",
    title="The L2 penalty, in both conventions",
    statement=("diff(C + λ*R, w[k, i])", "diff(C, w[k, i]) + λ*w[k, i]"),
    notation=NOTATIONS["l2"],
    chains=(
        Chain(
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
        Chain(
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
        Chain(
            "The gradient of the objective",
            "diff(C + λ*R, w[k, i])",
            (
                Line("diff(C, w[k, i]) + diff(λ*R, w[k, i])", Rule.SUM, "Loss and penalty are added."),
                Line("diff(C, w[k, i]) + λ*w[k, i]", Rule.SUBSTITUTE, "The first part above."),
            ),
        ),
        Chain(
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
    comparisons=_penalty_comparisons,
)


ON_W2: Final = "(ŷ[k] - y[k])*a[h]"
ON_B2: Final = "ŷ[k] - y[k]"
ON_Z1: Final = "sum(k, (ŷ[k] - y[k])*w2[k, h])*leaky_slope(z1[h])"
ON_W1: Final = f"{ON_Z1}*x[i]"


def _two_layer_comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k, d, h = (int(n) for n in rng.integers(2, 13, 3))
    x, y, alpha = rng.normal(size=(1, d)), rng.dirichlet(np.ones(k), 1), 0.01
    network = TwoLayer(hidden=h, slope=alpha)
    at = network.start(d, k, lambda *shape: rng.normal(size=shape))
    scores, pull_back = network.forward(at, x)
    value, residual = get_loss("softmax").values_and_residual(scores, y)
    gradient: TwoLayerParameters = pull_back(residual)[0]
    given = {
        "x": x[0],
        "y": y[0],
        "alpha": alpha,
        "w1": at.hidden_weights,
        "b1": at.hidden_intercepts,
        "w2": at.weights,
        "b2": at.intercepts,
    }
    yield Comparison("C", given, value[0])
    yield Comparison(ON_W2, given, gradient.weights.T)  # free indices are in alphabetical order: h, k
    yield Comparison(ON_B2, given, gradient.intercepts)
    yield Comparison(ON_W1, given, gradient.hidden_weights)
    yield Comparison(ON_Z1, given, gradient.hidden_intercepts)


TWO_LAYER: Final = Derivation(
    name="two-layer",
    title="A two-layer network with LeakyReLU",
    statement=("diff(C, w1[h, i])", ON_W1),
    notation=NOTATIONS["two-layer"],
    chains=(
        Chain(
            "By a weight of the last layer",
            "diff(C, w2[k, h])",
            (
                Line("sum(j, diff(C, z2[j])*diff(z2[j], w2[k, h]))", Rule.CHAIN, "The weight acts through the scores."),
                Line(
                    "sum(j, (ŷ[j] - y[j])*(delta(j, k)*a[h]))",
                    Rule.LINEAR,
                    "The residual of softmax; the weight is in one score alone, multiplied by a hidden unit.",
                ),
                Line(ON_W2, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
            conclusion="Residual × input, the input of this layer being a.",
        ),
        Chain(
            "By an intercept of the last layer",
            "diff(C, b2[k])",
            (
                Line("sum(j, diff(C, z2[j])*diff(z2[j], b2[k]))", Rule.CHAIN, "It acts through the scores."),
                Line("sum(j, (ŷ[j] - y[j])*delta(j, k))", Rule.LINEAR, "It is added to one score."),
                Line(ON_B2, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Chain(
            "By a hidden unit",
            "diff(C, a[h])",
            (
                Line("sum(k, diff(C, z2[k])*diff(z2[k], a[h]))", Rule.CHAIN, "A hidden unit is in every score."),
                Line("sum(k, (ŷ[k] - y[k])*w2[k, h])", Rule.LINEAR, "It is multiplied by one weight in each."),
            ),
        ),
        Chain(
            "Through LeakyReLU: the residual of the hidden layer",
            "diff(C, z1[h])",
            (
                Line("sum(g, diff(C, a[g])*diff(a[g], z1[h]))", Rule.CHAIN, "Through the hidden units."),
                Line("diff(C, a[h])*diff(a[h], z1[h])", Rule.ONE_TERM, "Each unit has a score of its own."),
                Line("diff(C, a[h])*leaky_slope(z1[h])", Rule.KINK, "The slope is 1 above 0 and α below."),
                Line(ON_Z1, Rule.SUBSTITUTE, "The part above."),
            ),
        ),
        Chain(
            "By a weight of the hidden layer",
            "diff(C, w1[h, i])",
            (
                Line("sum(g, diff(C, z1[g])*diff(z1[g], w1[h, i]))", Rule.CHAIN, "Through the hidden scores."),
                Line("diff(C, z1[h])*x[i]", Rule.LINEAR, "It is in one of them, multiplied by xᵢ."),
                Line(ON_W1, Rule.SUBSTITUTE, "The part above."),
            ),
            conclusion="Residual × input again, with the hidden layer's residual.",
        ),
        Chain(
            "By an intercept of the hidden layer",
            "diff(C, b1[h])",
            (
                Line("sum(g, diff(C, z1[g])*diff(z1[g], b1[h]))", Rule.CHAIN, "Through the hidden scores."),
                Line(ON_Z1, Rule.LINEAR, "It is added to one of them."),
            ),
        ),
    ),
    sources=("cse344-a1",),
    comparisons=_two_layer_comparisons,
)
