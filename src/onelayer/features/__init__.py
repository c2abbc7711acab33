"""Features of images: scikit-learn transformers from images (n, height, width[, channels]) to rows (n, d)."""

from __future__ import annotations

import inspect
from typing import Any

from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.features.base import ImageFeatures
from onelayer.features.colour import HueHistogram
from onelayer.features.hog import HOG
from onelayer.features.pixels import Pixels

__all__ = ["FEATURES", "HOG", "HueHistogram", "ImageFeatures", "Pixels", "make_features"]

FEATURES: dict[str, type[ImageFeatures]] = {"pixels": Pixels, "hog": HOG, "hue-histogram": HueHistogram}
"""Every feature by the name that configurations and model files use."""


def make_features(name: str, **parameters: Any) -> ImageFeatures:
    """Return the feature of that name, with these parameters, which are checked.

    Parameters
    ----------
    name : str
        A key of ``FEATURES``.
    **parameters
        Those of its constructor; what JSON makes of them (lists for pairs) will do.

    Raises
    ------
    ConfigError
        If there is no such feature or parameter, or a parameter is out of range.

    Examples
    --------
    >>> make_features("hog", orientations=6, pixels_per_cell=[4, 4])
    HOG(orientations=6, pixels_per_cell=[4, 4])
    """
    if name not in FEATURES:
        hint = did_you_mean(name, FEATURES)
        raise ConfigError(f"there are no features called {printable(repr(name))}; use {', '.join(FEATURES)}{hint}")
    known = list(inspect.signature(FEATURES[name]).parameters)
    for parameter in parameters:
        if parameter not in known:
            hint = did_you_mean(parameter, known)
            raise ConfigError(f"{name} has no parameter {printable(repr(parameter))}; it has {', '.join(known)}{hint}")
    features = FEATURES[name](**parameters)
    features.check_parameters()
    return features
