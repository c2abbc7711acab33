"""Several features side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Self

import numpy as np
from sklearn.utils import Tags

from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.features.base import ImageFeatures
from onelayer.features.composed import Composed
from onelayer.features.registry import name_of

__all__ = ["Concatenation", "label_parts"]


class Concatenation(Composed):
    """Several features side by side, as ``hog+hue-histogram`` on the command line.

    Parameters
    ----------
    features : sequence of ImageFeatures
        Which ones, in order; ``fit`` fits them.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels; needed only to take rows (n, d) instead of images.

    Notes
    -----
    Rows have the smallest type that holds those of all parts. A feature is called by its registered name, and where
    another is called the same, by its number too: ``hog-1``, ``hog-2``. ``set_params(hog__orientations=6)`` reaches
    one of them.

    Examples
    --------
    >>> import numpy as np
    >>> from onelayer.features.colour import HueHistogram
    >>> from onelayer.features.hog import HOG
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    >>> both = Concatenation([HOG(), HueHistogram(bins=10)]).fit(images)
    >>> both.transform(images).shape
    (5, 334)
    >>> both.get_feature_names_out()[-1]
    'hue-histogram__hue9'
    """

    def __init__(self, features: Sequence[ImageFeatures], *, image_shape: Sequence[int] | None = None) -> None:
        self.features = features
        self.image_shape = image_shape

    @property
    def parts(self) -> Mapping[str, ImageFeatures]:
        """The features, each by its label."""
        features = self.features if isinstance(self.features, Sequence) else ()  # scikit-learn sets anything
        names = [name_of(type(part)) or type(part).__name__ for part in features]
        return dict(zip(label_parts(names), features, strict=True))

    @property
    def title(self) -> str:
        """The titles of the features with a plus between them."""
        return "+".join(part.title for part in self.features)

    def combine(self, rows: Sequence[Array]) -> Array:
        """Return the rows (b, dᵢ) of the features side by side, (b, d)."""
        return np.concatenate(rows, axis=1)

    def check_parameters(self) -> None:
        """Raise ConfigError unless there are features, single ones, and their parameters are in order."""
        several = isinstance(self.features, Sequence) and len(self.features) > 0
        if not several or any(not isinstance(one, ImageFeatures) or isinstance(one, Composed) for one in self.features):
            raise ConfigError(f"features is {self.features!r}; give a list of features, none of them made of others")
        super().check_parameters()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with ``deep`` also each feature by its label, and its parameters."""
        parameters: dict[str, Any] = super().get_params(deep=False)
        if deep:
            for label, part in self.parts.items():
                parameters[label] = part
                own = part.get_params() if isinstance(part, ImageFeatures) else {}
                parameters |= {f"{label}__{name}": value for name, value in own.items()}
        return parameters

    def set_params(self, **params: Any) -> Self:
        """Set parameters; a label stands for the whole feature, ``LABEL__NAME`` for a parameter of it."""
        own = {name: value for name, value in params.items() if name not in self.parts}
        if len(own) < len(params):
            self.features = [params.get(label, part) for label, part in self.parts.items()]
        super().set_params(**own)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _count_features(self, height: int, width: int, channels: int) -> int:
        return sum(part._count_features(height, width, channels) for part in self.features)

    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        shape = height, width, channels
        return [f"{label}__{name}" for label, part in self.parts.items() for name in part._feature_names(*shape)]


def label_parts(names: Iterable[str]) -> list[str]:
    """Return a label for each name: itself where there is no other of it, else with its number.

    Examples
    --------
    >>> label_parts(["hog", "pixels", "hog"])
    ['hog-1', 'pixels', 'hog-2']
    """
    wanted = list(names)
    counts = Counter(wanted)
    numbers = {name: count(1) for name in counts}
    return [name if counts[name] == 1 else f"{name}-{next(numbers[name])}" for name in wanted]
