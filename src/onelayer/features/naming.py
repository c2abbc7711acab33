"""Features by name: made from what a user wrote, described for a model file, and made again from that."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from onelayer.arrays import Array
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.features.base import ImageFeatures
from onelayer.features.composed import Composed
from onelayer.features.concatenation import Concatenation, label_parts
from onelayer.features.registry import FEATURES, LIFTS, Entry, name_of, split_names
from onelayer.storage.plain import plain

__all__ = ["describe_features", "make_features", "make_lift", "restore_features"]


def make_features(name: str, /, **parameters: Any) -> ImageFeatures:
    """Return the features of that name, with these parameters, which are checked.

    Parameters
    ----------
    name : str
        A key of ``FEATURES``, or several with ``+`` between them.
    **parameters
        Those of its constructor; what JSON makes of them (lists for pairs) will do. Of several features each has a
        table of its own, called by its name, or where one occurs twice by ``NAME-1`` and ``NAME-2``.

    Raises
    ------
    ConfigError
        If there is no such feature or parameter, or a parameter is out of range.

    Examples
    --------
    >>> make_features("hog", orientations=6, pixels_per_cell=[4, 4])
    HOG(orientations=6, pixels_per_cell=[4, 4])
    >>> make_features("hog+hue-histogram", **{"hue-histogram": {"bins": 10}}).title
    'HOG+HueHistogram'
    """
    if not isinstance(name, str):
        raise ConfigError(f"features is {printable(repr(name))}; give a name, or several with + between them")
    names = split_names(name)
    if len(names) == 1:
        return _make(name, FEATURES[name], parameters)
    labels = label_parts(names)
    for label, own in parameters.items():
        if label not in labels:
            hint = did_you_mean(label, labels)
            raise ConfigError(
                f"feature_parameters has {printable(repr(label))}; "
                f"of {name} it has a table for each of {', '.join(labels)}{hint}"
            )
        if not isinstance(own, Mapping):
            raise ConfigError(f"the parameters of {label} are {printable(repr(own))}; give a table of them")
    parts = zip(labels, names, strict=True)
    return Concatenation([_make(label, FEATURES[one], parameters.get(label, {})) for label, one in parts])


def make_lift(lift: str, features: ImageFeatures, /, **parameters: Any) -> ImageFeatures:
    """Return features on top of others.

    Parameters
    ----------
    lift : str
        A key of ``LIFTS``, and behind a colon how many features it is to make: ``fourier:4000``.
    features : ImageFeatures
        What it is put on.
    **parameters
        Those of its constructor.

    Raises
    ------
    ConfigError
        If there is no such lift or parameter, or a parameter is out of range.
    """
    name, colon, count = str(lift).partition(":")
    if name not in LIFTS:
        hint = did_you_mean(name, LIFTS)
        raise ConfigError(f"there is no lift called {printable(repr(name))}; use {', '.join(LIFTS)}{hint}")
    if colon and not (count.isascii() and count.isdecimal() and len(count) < 10):
        raise ConfigError(f"lift is {printable(repr(lift))}; write {name}:COUNT, for example {name}:4000")
    return _make(name, LIFTS[name], ({"components": int(count)} if colon else {}) | parameters, features)


def describe_features(features: ImageFeatures) -> dict[str, Any]:
    """Return what makes features anew, but for the arrays: their name and parameters, as values that JSON has.

    Raises
    ------
    ConfigError
        If a feature is not registered, so that its name says nothing to others.

    Examples
    --------
    >>> from onelayer.features.colour import HueHistogram
    >>> describe_features(HueHistogram(bins=8))
    {'features': 'hue-histogram', 'feature_parameters': {'bins': 8, 'image_shape': None}}
    """
    if isinstance(features, Concatenation):
        parts = [describe_features(part) for part in features.features]
        return {
            "features": "+".join(part["features"] for part in parts),
            "feature_parameters": {
                label: part["feature_parameters"] for label, part in zip(features.parts, parts, strict=True)
            },
        }
    name = name_of(type(features))
    if name is None:
        raise ConfigError(f"{features.title} is not a registered feature: a file can't say what it is")
    parameters = features.get_params(deep=False)
    if not isinstance(features, Composed):
        return {"features": name, "feature_parameters": plain(parameters)}
    below: ImageFeatures = parameters.pop("features")
    return describe_features(below) | {"lift": name, "lift_parameters": plain(parameters)}


def restore_features(
    table: Mapping[str, Any], image_shape: Sequence[int], arrays: Mapping[str, Array]
) -> ImageFeatures:
    """Return the features that :func:`describe_features` described, with the arrays that they had learned.

    Raises
    ------
    ConfigError, InputError, KeyError, TypeError
        If the table or the arrays are not those of features.
    """
    features = make_features(table["features"], **table["feature_parameters"])
    if table.get("lift") is not None:
        features = make_lift(table["lift"], features, **table["lift_parameters"])
    return features.restore(image_shape, arrays)


def _make(name: str, entry: Entry, parameters: Mapping[str, Any], *below: ImageFeatures) -> ImageFeatures:
    kind = entry.load()
    known = list(inspect.signature(kind).parameters)[len(below) :]
    for parameter in parameters:
        if parameter not in known:
            hint = did_you_mean(parameter, known)
            raise ConfigError(f"{name} has no parameter {printable(repr(parameter))}; it has {', '.join(known)}{hint}")
    features = kind(*below, **{**entry.parameters, **parameters})
    features.check_parameters()
    return features
