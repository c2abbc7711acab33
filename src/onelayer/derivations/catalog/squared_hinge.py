"""Squared hinge loss, one class against the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.losses import get_loss

__all__ = ["DERIVATION"]

RESIDUAL: Final = "-2*t[k]*plus(m[k])"
CURVATURE: Final = "2*positive(m[k])*delta(j, k)"


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    loss = get_loss("squared_hinge")
    k = int(rng.integers(2, 13))
    z = rng.normal(scale=2.0, size=(1, k))
    # One row for each class that may be the true one.
    rows, labels = np.repeat(z, k, axis=0), np.arange(k)
    values, residual = loss.values_and_residual(rows, labels)
    columns = [loss.curvature(rows, labels, np.repeat(unit[np.newaxis], k, axis=0)) for unit in np.eye(k)]
    yield Comparison("C", {"z": z[0]}, values)
    yield Comparison(RESIDUAL, {"z": z[0]}, residual)
    yield Comparison(CURVATURE, {"z": z[0]}, np.swapaxes(columns, 0, 1))


DERIVATION: Final = Derivation(
    name="squared-hinge",
    title="Squared hinge loss",
    statement=("diff(C, z[k])", RESIDUAL),
    setting=SETTINGS["squared-hinge"],
    parts=(
        Part(
            "By a score: the residual",
            "diff(C, z[k])",
            (
                Line("sum(j, diff(plus(m[j])^2, z[k]))", Rule.SUM, "The derivative goes into the sum."),
                Line(
                    "sum(j, 2*plus(m[j])*diff(m[j], z[k]))",
                    Rule.KINK,
                    "max(0, m)² has the slope 2 max(0, m), which has no jump at 0.",
                ),
                Line("sum(j, 2*plus(m[j])*(-t[j]*delta(j, k)))", Rule.LINEAR, "The margin is 1 − tⱼ zⱼ."),
                Line(RESIDUAL, Rule.ONE_TERM, "δⱼₖ is 0 but for j = k."),
            ),
        ),
        Part(
            "The curvature",
            "diff(diff(C, z[k]), z[j])",
            (
                Line("diff(-2*t[k]*plus(m[k]), z[j])", Rule.SUBSTITUTE, "The first derivative is the residual."),
                Line(
                    "-2*t[k]*positive(m[k])*(-t[k]*delta(j, k))", Rule.KINK, "max(0, m) has slope 1 above 0, 0 below."
                ),
                Line(CURVATURE, Rule.ALGEBRA, "tₖ is 1 or −1, so its square is 1."),
            ),
            conclusion="It is never negative: the loss is convex in the scores.",
        ),
    ),
    sources=(),
    comparisons=_comparisons,
)
