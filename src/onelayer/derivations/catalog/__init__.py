"""The derivations, one file each; ``DERIVATIONS`` is where a new one is entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from onelayer.derivations.catalog import (
    convexity,
    hinge,
    l2,
    label_smoothing,
    logistic,
    multiple_binary,
    non_convexity,
    relative_entropy,
    residual_times_input,
    sigmoid,
    softmax,
    softmax_jacobian,
    squared_hinge,
    two_layer,
)
from onelayer.derivations.derivation import Derivation

__all__ = ["DERIVATIONS"]

DERIVATIONS: Final[Mapping[str, Derivation]] = {
    module.DERIVATION.name: module.DERIVATION
    for module in (
        residual_times_input,
        sigmoid,
        logistic,
        softmax_jacobian,
        softmax,
        multiple_binary,
        hinge,
        squared_hinge,
        l2,
        label_smoothing,
        two_layer,
        convexity,
        non_convexity,
        relative_entropy,
    )
}
"""Every derivation by its name."""
