"""The derivations, by what they are about; ``DERIVATIONS`` is where a new one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from onelayer.derivations.catalog.binary import LOGISTIC, MULTIPLE_BINARY, SIGMOID
from onelayer.derivations.catalog.cross_entropy import CONVEXITY, NON_CONVEXITY, RELATIVE_ENTROPY
from onelayer.derivations.catalog.hinge import HINGE, SQUARED_HINGE
from onelayer.derivations.catalog.softmax import LABEL_SMOOTHING, SOFTMAX, SOFTMAX_JACOBIAN
from onelayer.derivations.catalog.weights import PENALTY, RESIDUAL_TIMES_INPUT, TWO_LAYER
from onelayer.derivations.derivation import Derivation

__all__ = ["DERIVATIONS"]

DERIVATIONS: Final[Mapping[str, Derivation]] = {
    derivation.name: derivation
    for derivation in (
        RESIDUAL_TIMES_INPUT,
        SIGMOID,
        LOGISTIC,
        SOFTMAX_JACOBIAN,
        SOFTMAX,
        MULTIPLE_BINARY,
        HINGE,
        SQUARED_HINGE,
        PENALTY,
        LABEL_SMOOTHING,
        TWO_LAYER,
        CONVEXITY,
        NON_CONVEXITY,
        RELATIVE_ENTROPY,
    )
}
"""Every derivation by its name."""
