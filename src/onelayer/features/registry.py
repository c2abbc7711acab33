"""Every feature by its name, and every lift: the one list that command line, configurations and model files go by.

A class is loaded when it is asked for, so that to name the features costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from onelayer.errors import ConfigError, did_you_mean, printable

if TYPE_CHECKING:
    from onelayer.features.base import ImageFeatures

__all__ = ["DEFAULT_FEATURES", "FEATURES", "LIFTS", "Entry", "in_words", "name_of", "split_names"]


@dataclass(frozen=True)
class Entry:
    """Where a feature's class is, and what its name stands for.

    Parameters
    ----------
    home : str
        Module and class, as ``"package.module:Class"``.
    words : str
        What reports call it.
    parameters : mapping
        Parameters that the name sets; others have the defaults of the class.
    """

    home: str
    words: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The name of the class."""
        return self.home.partition(":")[2]

    def load(self) -> type[ImageFeatures]:
        """Return the class."""
        found: type[ImageFeatures] = getattr(import_module(self.home.partition(":")[0]), self.kind)
        return found


_MOST_PARTS: Final = 64

DEFAULT_FEATURES: Final = "pixels"

_FINE_HOG: Final = {"pixels_per_cell": (4, 4), "cells_per_block": (2, 2)}

FEATURES: Final[Mapping[str, Entry]] = {
    "pixels": Entry("onelayer.features.pixels:Pixels", "the pixels"),
    "whitened-pixels": Entry("onelayer.features.whitened:WhitenedPixels", "whitened pixels"),
    "hog": Entry("onelayer.features.hog:HOG", "HOG features"),
    "hog-fine": Entry("onelayer.features.hog:HOG", "fine HOG features", _FINE_HOG),
    "hue-histogram": Entry("onelayer.features.colour:HueHistogram", "histograms of hues"),
    "colour-grid": Entry("onelayer.features.colour_grid:ColourGrid", "histograms of colours by place"),
}

LIFTS: Final[Mapping[str, Entry]] = {
    "fourier": Entry("onelayer.features.fourier:FourierFeatures", "random Fourier features"),
}


def name_of(kind: type[Any]) -> str | None:
    """Return the name of a class in ``FEATURES`` or ``LIFTS``, the one that sets no parameters; None if it has none.

    Examples
    --------
    >>> from onelayer.features.hog import HOG
    >>> name_of(HOG)
    'hog'
    """
    home = f"{kind.__module__}:{kind.__qualname__}"
    entries = (*FEATURES.items(), *LIFTS.items())
    return next((name for name, entry in entries if entry.home == home and not entry.parameters), None)


def split_names(name: str) -> list[str]:
    """Return the names in ``name``, of features with ``+`` between them.

    Raises
    ------
    ConfigError
        If one of them is not in ``FEATURES``.

    Examples
    --------
    >>> split_names("hog+hue-histogram")
    ['hog', 'hue-histogram']
    """
    names = name.split("+")
    if len(names) > _MOST_PARTS:
        raise ConfigError(f"features names {len(names):,} features; at most {_MOST_PARTS} can stand side by side")
    for one in names:
        if one not in FEATURES:
            hint = did_you_mean(one, FEATURES)
            raise ConfigError(f"there are no features called {printable(repr(one))}; use {', '.join(FEATURES)}{hint}")
    return names


def in_words(name: str, lift: str | None = None) -> str:
    """Return what features are called in a sentence; a name that is not known stands for itself.

    Examples
    --------
    >>> in_words("hog+hue-histogram")
    'HOG features and histograms of hues'
    """
    words = " and ".join(FEATURES[one].words if one in FEATURES else printable(one) for one in name.split("+"))
    if lift is None:
        return words
    kind = lift.partition(":")[0]
    return f"{LIFTS[kind].words if kind in LIFTS else printable(kind)} of {words}"
