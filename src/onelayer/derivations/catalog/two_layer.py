"""A hidden layer with LeakyReLU, then softmax: all four gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss
from onelayer.models.linear import Linear, LinearParameters

__all__ = ["DERIVATION"]

ON_W2: Final = "(ŷ[k] - y[k])*a[h]"
ON_B2: Final = "ŷ[k] - y[k]"
ON_Z1: Final = "sum(k, (ŷ[k] - y[k])*w2[k, h])*leaky_slope(z1[h])"
ON_W1: Final = f"{ON_Z1}*x[i]"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k, d, h = (int(n) for n in rng.integers(2, 13, 3))
    x, y, alpha = rng.normal(size=(1, d)), rng.dirichlet(np.ones(k), 1), 0.01
    hidden = LinearParameters(rng.normal(size=(h, d)), rng.normal(size=h))
    last = LinearParameters(rng.normal(size=(k, h)), rng.normal(size=k))
    z1, to_hidden = Linear().forward(hidden, x)
    slope = np.where(z1 > 0, 1.0, alpha)
    scores, to_last = Linear().forward(last, z1 * slope)
    value, residual = get_loss("softmax").values_and_residual(scores, y)
    on_last = to_last(residual)
    on_hidden = to_hidden(residual @ last.weights * slope)
    given = {
        "x": x[0],
        "y": y[0],
        "alpha": alpha,
        "w1": hidden.weights,
        "b1": hidden.intercepts,
        "w2": last.weights,
        "b2": last.intercepts,
    }
    yield Comparison("C", given, value[0])
    yield Comparison(ON_W2, given, on_last.weights.T)  # free indices are in alphabetical order: h, k
    yield Comparison(ON_B2, given, on_last.intercepts)
    yield Comparison(ON_W1, given, on_hidden.weights)
    yield Comparison(ON_Z1, given, on_hidden.intercepts)


DERIVATION: Final = Derivation(
    name="two-layer",
    title="A two-layer network with LeakyReLU",
    statement=("diff(C, w1[h, i])", ON_W1),
    setting=SETTINGS["two-layer"],
    parts=(
        Part(
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
        Part(
            "By an intercept of the last layer",
            "diff(C, b2[k])",
            (
                Line("sum(j, diff(C, z2[j])*diff(z2[j], b2[k]))", Rule.CHAIN, "It acts through the scores."),
                Line("sum(j, (ŷ[j] - y[j])*delta(j, k))", Rule.LINEAR, "It is added to one score."),
                Line(ON_B2, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Part(
            "By a hidden unit",
            "diff(C, a[h])",
            (
                Line("sum(k, diff(C, z2[k])*diff(z2[k], a[h]))", Rule.CHAIN, "A hidden unit is in every score."),
                Line("sum(k, (ŷ[k] - y[k])*w2[k, h])", Rule.LINEAR, "It is multiplied by one weight in each."),
            ),
        ),
        Part(
            "Through LeakyReLU: the residual of the hidden layer",
            "diff(C, z1[h])",
            (
                Line("sum(g, diff(C, a[g])*diff(a[g], z1[h]))", Rule.CHAIN, "Through the hidden units."),
                Line("diff(C, a[h])*diff(a[h], z1[h])", Rule.ONE_TERM, "Each unit has a score of its own."),
                Line("diff(C, a[h])*leaky_slope(z1[h])", Rule.KINK, "The slope is 1 above 0 and α below."),
                Line(ON_Z1, Rule.SUBSTITUTE, "The part above."),
            ),
        ),
        Part(
            "By a weight of the hidden layer",
            "diff(C, w1[h, i])",
            (
                Line("sum(g, diff(C, z1[g])*diff(z1[g], w1[h, i]))", Rule.CHAIN, "Through the hidden scores."),
                Line("diff(C, z1[h])*x[i]", Rule.LINEAR, "It is in one of them, multiplied by xᵢ."),
                Line(ON_W1, Rule.SUBSTITUTE, "The part above."),
            ),
            conclusion="Residual × input again, with the hidden layer's residual.",
        ),
        Part(
            "By an intercept of the hidden layer",
            "diff(C, b1[h])",
            (
                Line("sum(g, diff(C, z1[g])*diff(z1[g], b1[h]))", Rule.CHAIN, "Through the hidden scores."),
                Line(ON_Z1, Rule.LINEAR, "It is added to one of them."),
            ),
        ),
    ),
    sources=("cse344-a1",),
    comparisons=_comparisons,
)
