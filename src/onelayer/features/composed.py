"""Features that are made of the rows of other features."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Self

from onelayer.arrays import Array
from onelayer.features.base import ImageFeatures

__all__ = ["Composed"]


class Composed(ImageFeatures):
    """Base of a concatenation and of lifts: each image's row is made of its rows by other features.

    A subclass names its parts, combines their rows, and may learn from them. Who has the parts' rows already, from a
    cache say, calls :meth:`fit_on_rows` and :meth:`combine` in place of ``fit`` and ``transform``.
    """

    @property
    @abstractmethod
    def parts(self) -> Mapping[str, ImageFeatures]:
        """The features that this one is made of, each by a label of its own."""

    @abstractmethod
    def combine(self, rows: Sequence[Array]) -> Array:
        """Return the features (b, d) of b images from their rows by each part, in order, (b, dᵢ)."""

    def fit_on_rows(self, image_shape: tuple[int, ...], rows: Sequence[Array]) -> Self:
        """Do what ``fit`` does, from the rows (n, dᵢ) of all images by each part, which are fitted already."""
        self.check_parameters()
        self._set_shape(image_shape)
        self._learn_from_rows(rows)
        return self

    @property
    def learns(self) -> bool:
        """Whether ``fit`` looks at the images themselves, not only at their shape."""
        return any(part.learns for part in self.parts.values())

    def state_arrays(self) -> dict[str, Array]:
        """Return what was learned, that of a part as ``LABEL/NAME``."""
        arrays = super().state_arrays()
        for label, part in self.parts.items():
            arrays |= {f"{label}/{name}": array for name, array in part.state_arrays().items()}
        return arrays

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter of a part is of the wrong type or out of range."""
        for part in self.parts.values():
            part.check_parameters()

    def assume_value_range(self, value_range: tuple[float, float]) -> None:
        """Tell every part what black and white are in the images to come."""
        for part in self.parts.values():
            part.assume_value_range(value_range)

    def _learn_from_rows(self, rows: Sequence[Array]) -> None:
        """Set the arrays that ``_array_shapes`` names, from the rows (n, dᵢ) of all images by each part."""

    def _learn(self, images: Array) -> None:
        for part in self.parts.values():
            part._fit(images)
        if self._array_shapes(*self.image_shape_):
            self._learn_from_rows([part.transform(images) for part in self.parts.values()])

    def _set_arrays(self, arrays: Mapping[str, Array]) -> None:
        own = dict(arrays)
        for label, part in self.parts.items():
            names = [name for name in own if name.startswith(f"{label}/")]
            part.restore(self.image_shape_, {name.removeprefix(f"{label}/"): own.pop(name) for name in names})
        super()._set_arrays(own)

    def _check_images(self, images: Array) -> None:
        for part in self.parts.values():
            part._check_images(images)

    def _features(self, images: Array) -> Array:
        return self.combine([part._features(images) for part in self.parts.values()])
