"""What every feature has in common: a stateless scikit-learn transformer from images to rows of features."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from onelayer.features.images import as_images

__all__ = ["ImageFeatures"]


class ImageFeatures(TransformerMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the features: images (n, height, width[, channels]) in, rows (n, d) out.

    A subclass says which parameters it can work with, which names its features have for images of a given shape, and
    computes the features. Nothing is learned: ``fit`` records the shape of the images, so that other images are refused
    later, and ``transform`` works without it. Every parameter is a JSON value: models keep them in a file header.

    Attributes
    ----------
    image_shape_ : tuple of 3 int
        Height, width and channels of the images seen by ``fit``.
    n_features_in_ : int
        Their product.
    """

    image_shape: Sequence[int] | None

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters and record the shape of the images.

        Parameters
        ----------
        X : array of shape (n, height, width), (n, height, width, channels) or, with ``image_shape``, (n, d)
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
        images = as_images(X, self.image_shape)
        self._check_images(images)
        self.image_shape_: tuple[int, ...] = images.shape[1:]
        self.n_features_in_ = int(np.prod(self.image_shape_))
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
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
        """
        self.check_parameters()
        images = as_images(X, getattr(self, "image_shape_", self.image_shape))
        self._check_images(images)
        return self._features(images)

    @property
    def n_features_out(self) -> int:
        """Number of features of an image of the shape seen by ``fit``."""
        check_is_fitted(self, "image_shape_")
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
        check_is_fitted(self, "image_shape_")
        height, width, channels = self.image_shape_
        return np.asarray(self._feature_names(height, width, channels), dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.three_d_array = True
        # Rows are understood only with an image_shape that fits them, which scikit-learn's common tests can't know.
        tags.input_tags.two_d_array = False
        return tags

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""

    def _check_images(self, images: NDArray[Any]) -> None:
        """Raise InputError if images (n, height, width, channels) can't have this feature."""

    @abstractmethod
    def _features(self, images: NDArray[Any]) -> NDArray[Any]:
        """Return the features (n, d) of checked images (n, height, width, channels)."""

    @abstractmethod
    def _count_features(self, height: int, width: int, channels: int) -> int:
        """Return d."""

    @abstractmethod
    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        """Return the d names, in the order of the features."""
