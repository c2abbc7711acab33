"""Gradient = residual × input, for any loss of linear scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.models.linear import Linear, LinearParameters

__all__ = ["DERIVATION"]


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    k, d = (int(n) for n in rng.integers(2, 13, 2))
    x, r = rng.normal(size=(1, d)), rng.normal(size=(1, k))
    parameters = LinearParameters(rng.normal(size=(k, d)), rng.normal(size=k))
    scores, pull_back = Linear().forward(parameters, x)
    gradient = pull_back(r)
    given = {"x": x[0], "r": r[0], "w": parameters.weights, "b": parameters.intercepts}
    yield Comparison("z[k]", given, scores[0])
    yield Comparison("r[k]*x[i]", given, gradient.weights.T)  # free indices are in alphabetical order: i, k
    yield Comparison("r[k]", given, gradient.intercepts)


DERIVATION: Final = Derivation(
    name="residual-times-input",
    title="Gradient = residual × input",
    statement=("diff(C, w)", "r*transpose(x)"),
    setting=SETTINGS["linear"],
    parts=(
        Part(
            "By a weight",
            "diff(C, w[k, i])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], w[k, i]))", Rule.CHAIN, "The weight acts through the scores."),
                Line("sum(j, r[j]*diff(z[j], w[k, i]))", Rule.DEFINITION, "∂C/∂zⱼ is what the residual rⱼ is."),
                Line("sum(j, r[j]*(delta(j, k)*x[i]))", Rule.LINEAR, "wₖᵢ is in zₖ alone, multiplied by xᵢ."),
                Line("r[k]*x[i]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Part(
            "By an intercept",
            "diff(C, b[k])",
            (
                Line("sum(j, diff(C, z[j])*diff(z[j], b[k]))", Rule.CHAIN, "The intercept acts through the scores."),
                Line("sum(j, r[j]*delta(j, k))", Rule.LINEAR, "bₖ is added to zₖ: its input is 1."),
                Line("r[k]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Part(
            "As a matrix",
            "diff(C, w)",
            (Line("r*transpose(x)", Rule.SUBSTITUTE, "The first part, for all k and i at once."),),
            conclusion="Over rows these matrices are added: ∂/∂W = Rᵀ X. The loss enters through its residual alone.",
        ),
    ),
    sources=("tdt4265-a1", "dd2424-a1-bonus", "uvic-a3", "cse344-a1"),
    comparisons=_comparisons,
)
