"""The derivations, one file each; ``DERIVATIONS`` is where a new one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from onelayer.derivations.catalog.convexity import DERIVATION as CONVEXITY
from onelayer.derivations.catalog.hinge import DERIVATION as HINGE
from onelayer.derivations.catalog.l2 import DERIVATION as L2
from onelayer.derivations.catalog.label_smoothing import DERIVATION as LABEL_SMOOTHING
from onelayer.derivations.catalog.logistic import DERIVATION as LOGISTIC
from onelayer.derivations.catalog.multiple_binary import DERIVATION as MULTIPLE_BINARY
from onelayer.derivations.catalog.non_convexity import DERIVATION as NON_CONVEXITY
from onelayer.derivations.catalog.relative_entropy import DERIVATION as RELATIVE_ENTROPY
from onelayer.derivations.catalog.residual_times_input import DERIVATION as RESIDUAL_TIMES_INPUT
from onelayer.derivations.catalog.sigmoid import DERIVATION as SIGMOID
from onelayer.derivations.catalog.softmax import DERIVATION as SOFTMAX
from onelayer.derivations.catalog.softmax_jacobian import DERIVATION as SOFTMAX_JACOBIAN
from onelayer.derivations.catalog.squared_hinge import DERIVATION as SQUARED_HINGE
from onelayer.derivations.catalog.two_layer import DERIVATION as TWO_LAYER
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
        L2,
        LABEL_SMOOTHING,
        TWO_LAYER,
        CONVEXITY,
        NON_CONVEXITY,
        RELATIVE_ENTROPY,
    )
}
"""Every derivation by its name."""
