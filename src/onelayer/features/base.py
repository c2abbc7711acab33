"""What every feature has in common: a scikit-learn transformer from images to rows, whose state is named arrays."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils import Tags

from onelayer.arrays import Array
from onelayer.base_estimator import Estimator, check_fitted
from onelayer.errors import InputError, printable
from onelayer.features.images import as_image_shape, as_images

__all__ = ["ImageFeatures"]


class ImageFeatures(TransformerMixin, Estimator, metaclass=ABCMeta):
    """Base of the features: images (n, height, width[, channels]) in, rows (n, d) out.

    A subclass says which parameters it can work with, which names its features have for images of a given shape, and
    computes the features. Constructor parameters are values that JSON has, or NumPy's numbers for them.

    Most features learn nothing: ``fit`` records the shape of the images, so that other images are refused later, and
    ``transform`` works without it. What a feature does learn is floating-point arrays whose shapes follow from its
    parameters and the shape of the images: ``_array_shapes`` names them, ``_learn`` sets an attribute ``NAME_`` for
    each. Model files keep them beside the parameters, and ``restore`` takes them back.

    Attributes
    ----------
    image_shape_ : tuple of 3 int
        Height, width and channels of the images seen by ``fit``.
    n_features_in_ : int
        Their product.
    """

    version: ClassVar[int] = 1
    """Raised when the same parameters and arrays give other numbers than before: cached rows are then computed anew."""

    image_shape: Sequence[int] | None

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters, record the shape of the images, and learn from them what there is to learn.

        Parameters
        ----------
        X : array of shape (n, height, width), (n, height, width, channels) or, with ``image_shape``, (n, d)
            Channels that come first are recognised.
        y : ignored

        Returns
        -------
        the transformer itself

        Raises
        ------
        ConfigError
            If a parameter is out of range.
        InputError, InputTypeError
            If X is not a stack of images, or these images can't have this feature.
        """
        self.check_parameters()
        return self._fit(as_images(X, self.image_shape))

    def fit_images(self, images: Array) -> Self:
        """Do what ``fit`` does, on images that are known to be (n, height, width, channels), whatever their sizes."""
        self.check_parameters()
        return self._fit(as_images(images, images.shape[1:]))

    def _fit(self, images: Array) -> Self:
        self._check_images(images)
        self._set_shape(images.shape[1:])
        self._learn(images)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Compute the features of each image.

        Parameters
        ----------
        X : array of shape (n, height, width), (n, height, width, channels) or, with ``image_shape``, (n, d)

        Returns
        -------
        array of shape (n, n_features_out)

        Raises
        ------
        ConfigError
            If a parameter is out of range.
        InputError, InputTypeError
            If X is not a stack of images, these images can't have this feature, or ``fit`` saw images of another shape.
        NotFittedError
            If the feature learns something and has not been fitted.
        """
        self.check_parameters()
        if self.learns:
            check_fitted(self, "image_shape_")
        images = as_images(X, getattr(self, "image_shape_", self.image_shape))
        self._check_images(images)
        return self._features(images)

    @property
    def learns(self) -> bool:
        """Whether ``fit`` looks at the images themselves, not only at their shape."""
        return False

    @property
    def keeps_pixels(self) -> bool:
        """Whether rows are the pixels as they are: their weights make a picture, and there is nothing to keep."""
        return False

    @property
    def title(self) -> str:
        """What the feature is called in messages."""
        return type(self).__name__

    @property
    def n_features_out(self) -> int:
        """Number of features of an image of the shape seen by ``fit``."""
        check_fitted(self, "image_shape_")
        height, width, channels = self.image_shape_
        return self._count_features(height, width, channels)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return a name for every feature, saying where in the image it comes from.

        Parameters
        ----------
        input_features : ignored
            Pixels have no names of their own.

        Returns
        -------
        array of str, shape (n_features_out,)
        """
        check_fitted(self, "image_shape_")
        height, width, channels = self.image_shape_
        return np.asarray(self._feature_names(height, width, channels), dtype=object)

    def state_arrays(self) -> dict[str, Array]:
        """Return what ``fit`` has learned: arrays by name; empty where nothing is learned.

        Together with the parameters and the shape of the images this is the whole feature; see :meth:`restore`.
        """
        check_fitted(self, "image_shape_")
        return {name: getattr(self, f"{name}_") for name in self._array_shapes(*self.image_shape_)}

    def restore(self, image_shape: Sequence[int], arrays: Mapping[str, Array]) -> Self:
        """Take over what another instance with the same parameters has learned, in place of ``fit``.

        Parameters
        ----------
        image_shape : sequence of 2 or 3 int
            Of the images that it was fitted on.
        arrays : mapping of str to array
            What its ``state_arrays()`` gave.

        Returns
        -------
        the transformer itself

        Raises
        ------
        ConfigError
            If a parameter is out of range.
        InputError
            If such images can't have this feature, or the arrays are not those that it needs.
        """
        self.check_parameters()
        shape = as_image_shape(image_shape)
        self._check_images(np.broadcast_to(np.uint8(0), (1, *shape)))  # no memory, however large the shape is
        self._set_shape(shape)
        self._set_arrays(arrays)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.learns
        tags.input_tags.three_d_array = True
        # Rows are understood only with an image_shape that fits them, which scikit-learn's common tests can't know.
        tags.input_tags.two_d_array = False
        return tags

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""

    def assume_value_range(self, value_range: tuple[float, float]) -> None:
        """Be told what black and white are in the images to come; a feature that depends on it takes it over.

        A range that was given as a parameter stays.
        """

    def _set_shape(self, shape: tuple[int, ...]) -> None:
        self.image_shape_: tuple[int, ...] = tuple(shape)
        self.n_features_in_ = int(np.prod(shape))

    def _set_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Take over learned arrays, once their names, shapes and values are checked."""
        shapes = self._array_shapes(*self.image_shape_)
        if set(arrays) != set(shapes):
            found, wanted = (", ".join(sorted(names)) or "none" for names in (arrays, shapes))
            raise InputError(f"{self.title} needs the arrays {wanted}; there are {printable(found)}")
        for name, shape in shapes.items():
            array = arrays[name]
            if array.shape != shape or array.dtype not in (np.float32, np.float64) or not np.isfinite(array).all():
                raise InputError(
                    f"{self.title}: its array {name} must hold finite floats of shape {shape}, "
                    f"but it is {array.dtype} of shape {array.shape} or not finite"
                )
        for name in shapes:
            setattr(self, f"{name}_", arrays[name])

    def _check_images(self, images: Array) -> None:
        """Raise InputError if images (n, height, width, channels) can't have this feature."""

    def _array_shapes(self, height: int, width: int, channels: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array that is learned from images of a shape, by name."""
        return {}

    def _learn(self, images: Array) -> None:
        """Set the attribute ``NAME_`` of each array, from checked images (n, height, width, channels)."""

    @abstractmethod
    def _features(self, images: Array) -> Array:
        """Return the features (n, d) of checked images (n, height, width, channels)."""

    @abstractmethod
    def _count_features(self, height: int, width: int, channels: int) -> int:
        """Return d."""

    @abstractmethod
    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        """Return the d names, in the order of the features."""
