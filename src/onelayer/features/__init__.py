"""Features of images: scikit-learn transformers from images (n, height, width[, channels]) to rows (n, d).

The class of a registered feature is loaded when its name is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from onelayer.features.registry import DEFAULT_FEATURES, FEATURES, LIFTS

__all__ = ["DEFAULT_FEATURES", "FEATURES", "LIFTS"]

_HOMES = {
    "Composed": "onelayer.features.composed",
    "Concatenation": "onelayer.features.concatenation",
    "ImageFeatures": "onelayer.features.base",
    "describe_features": "onelayer.features.naming",
    "make_features": "onelayer.features.naming",
    "restore_features": "onelayer.features.naming",
}


def __getattr__(name: str) -> Any:
    for entry in (*FEATURES.values(), *LIFTS.values()):
        if name == entry.kind:
            return entry.load()
    if name not in _HOMES:
        raise AttributeError(f"module 'onelayer.features' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
