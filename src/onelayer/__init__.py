"""One layer, done properly: train, verify, explain and ship linear image classifiers.

Names are loaded when they are first used (PEP 562), so that ``import onelayer`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

from onelayer.version import __version__

_HOME = {
    "Dataset": "onelayer.data",
    "HOG": "onelayer.features",
    "HueHistogram": "onelayer.features",
    "ImageModel": "onelayer.image_model",
    "OneLayerClassifier": "onelayer.estimators",
    "OnelayerError": "onelayer.errors",
    "Pixels": "onelayer.features",
    "check_gradients": "onelayer.gradcheck",
    "load_dataset": "onelayer.data",
    "load_model": "onelayer.image_model",
    "sweep_classifier": "onelayer.estimators.sweeping",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'onelayer' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
