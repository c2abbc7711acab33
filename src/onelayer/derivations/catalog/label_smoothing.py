"""Label smoothing: the residual is still ŷ − t, with smoothed targets t."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss, smoothed_labels

__all__ = ["DERIVATION"]

RESIDUAL: Final = "ŷ[k] - (1 - ε)*y[k] - ε/K"
MIXTURE: Final = "(1 - ε)*(-sum(k, y[k]*ln(ŷ[k]))) + ε*(-1/K*sum(k, ln(ŷ[k])))"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("softmax")
    k = int(rng.integers(2, 13))
    z, label, strength = rng.normal(scale=2.0, size=(1, k)), rng.integers(0, k, 1), float(rng.uniform(0.05, 0.5))
    targets = smoothed_labels(label, k, strength)
    values, residual = loss.values_and_residual(z, targets)
    given = {"z": z[0], "y": np.eye(k)[label[0]], "eps": strength}
    yield Comparison("t[k]", given, targets[0])
    yield Comparison("C", given, values[0])
    yield Comparison(MIXTURE, given, values[0])
    yield Comparison(RESIDUAL, given, residual[0])


DERIVATION: Final = Derivation(
    name="label-smoothing",
    title="Label smoothing",
    statement=("diff(C, z[k])", RESIDUAL),
    setting=SETTINGS["label-smoothing"],
    parts=(
        Part(
            "Smoothed targets are probabilities",
            "sum(k, t[k])",
            (
                Line("sum(k, (1 - ε)*y[k] + ε/K)", Rule.DEFINITION, "A share ε is spread evenly over all classes."),
                Line("(1 - ε)*sum(k, y[k]) + K*(ε/K)", Rule.ALGEBRA, "The second term is added K times."),
                Line("1 - ε + ε", Rule.SUM_TO_ONE, "The targets themselves are probabilities."),
                Line("1", Rule.ALGEBRA, "ε cancels."),
            ),
        ),
        Part(
            "By a score: the residual",
            "diff(C, z[k])",
            (
                Line("-sum(j, t[j]/ŷ[j]*diff(ŷ[j], z[k]))", Rule.CHAIN, "The smoothed targets are constants."),
                Line("-sum(j, t[j]*(delta(j, k) - ŷ[k]))", Rule.SUBSTITUTE, "The softmax Jacobian; ŷⱼ cancels."),
                Line("ŷ[k]*sum(j, t[j]) - t[k]", Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
                Line("ŷ[k] - t[k]", Rule.SUM_TO_ONE, "By the part above."),
                Line(RESIDUAL, Rule.DEFINITION, "With the smoothed target written out."),
            ),
        ),
        Part(
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
    comparisons=_comparisons,
)
