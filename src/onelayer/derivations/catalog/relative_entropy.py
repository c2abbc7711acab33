"""Cross-entropy is entropy plus divergence: H(P, Q) = H(P) + D(P‖Q)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from onelayer.derivations.derivation import Derivation, Line, Part, Rule
from onelayer.derivations.numeric import Comparison
from onelayer.derivations.settings import SETTINGS
from onelayer.information import cross_entropy, entropy, kl_divergence

__all__ = ["DERIVATION"]


def _comparisons(rng: np.random.Generator) -> Iterator[Comparison]:
    p, q = rng.dirichlet(np.ones(int(rng.integers(2, 13))), 2)
    given = {"p": p, "q": q}
    yield Comparison("H0", given, entropy(p))
    yield Comparison("D", given, kl_divergence(p, q))
    yield Comparison("H0 + D", given, cross_entropy(p, q))


DERIVATION: Final = Derivation(
    name="relative-entropy",
    title="Cross-entropy, entropy and divergence",
    statement=("H1", "H0 + D"),
    setting=SETTINGS["distributions"],
    parts=(
        Part(
            "The divergence",
            "D",
            (
                Line("sum(k, p[k]*ln(p[k]/q[k]))", Rule.DEFINITION, "The expected logarithm of the ratio, under P."),
                Line("sum(k, p[k]*(ln(p[k]) - ln(q[k])))", Rule.LOG_QUOTIENT, "ln(a/b) = ln a − ln b."),
                Line("sum(k, p[k]*ln(p[k])) - sum(k, p[k]*ln(q[k]))", Rule.ALGEBRA, "The sum is split."),
                Line("H1 - H0", Rule.DEFINITION, "The second sum is −H(P, Q), the first −H(P)."),
            ),
        ),
        Part(
            "The cross-entropy",
            "H1",
            (Line("H0 + D", Rule.ALGEBRA, "H(P) is brought to the other side."),),
            conclusion="H(P) does not depend on Q: minimising the cross-entropy over Q minimises the divergence.",
        ),
    ),
    sources=("cse344-a1",),
    comparisons=_comparisons,
)
