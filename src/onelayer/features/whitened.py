"""Pixels without what neighbours have in common: ZCA whitening, learned from the training images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

import numpy as np
from sklearn.utils import Tags

from onelayer.arrays import Array
from onelayer.errors import InputError
from onelayer.features.blocks import map_blocks, slices
from onelayer.features.parameters import check_number
from onelayer.features.pixels import Pixels
from onelayer.threads import limited_threads, map_in_threads, usable_threads

__all__ = ["WhitenedPixels", "zca"]

_MOST_PIXELS: Final = 4096  # of an image: the matrix has as many rows and columns
_ROWS_AT_ONCE: Final = 1024


class WhitenedPixels(Pixels):
    r"""Pixels after ZCA whitening: over the training images they are uncorrelated and vary equally much.

    Parameters
    ----------
    regularization : float, default=0.1
        Share of the mean variance that is added to the variance along every direction: those along which images hardly
        differ, which are mostly noise, stay small.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels; needed only to take rows (n, d) instead of images.

    Attributes
    ----------
    mean_ : float32 array of shape (d,)
        The mean training image.
    matrix_ : float32 array of shape (d, d)
        What differences from it are multiplied by; symmetric. Pixels that are constant over the training images have
        rows and columns of 0: they never have an effect.

    Notes
    -----
    With the covariance :math:`C = U\Lambda U^\top` of the d pixels over the training images, a row is
    :math:`(x - \bar x)\, U (\Lambda + \varepsilon\bar\lambda I)^{-1/2} U^\top`, where :math:`\bar\lambda` is the mean
    of the eigenvalues, the mean variance of a pixel. Of all linear maps that whiten, this one changes images least
    (Kessy, Lewin and Strimmer 2018). Images may have at most 4,096 pixels, channels counted. Features are float32.

    References
    ----------
    A. Bell and T. Sejnowski, The “independent components” of natural scenes are edge filters, Vision Research 1997.
    A. Kessy, A. Lewin and K. Strimmer, Optimal whitening and decorrelation, The American Statistician 2018.

    Examples
    --------
    >>> images = np.random.default_rng(0).normal(100, 20, (500, 3, 3))
    >>> rows = WhitenedPixels(regularization=1e-6).fit_transform(images)
    >>> np.abs(np.cov(rows.T, ddof=0) - np.eye(9)).max().round(4)
    np.float64(0.0)
    """

    def __init__(self, *, regularization: float = 0.1, image_shape: Sequence[int] | None = None) -> None:
        super().__init__(image_shape=image_shape)
        self.regularization = regularization

    @property
    def learns(self) -> bool:
        """Whether ``fit`` looks at the images themselves: it learns their mean and covariance."""
        return True

    @property
    def keeps_pixels(self) -> bool:
        """Whether rows are the pixels as they are."""
        return False

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""
        check_number("regularization", self.regularization, above=0)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_images(self, images: Array) -> None:
        d = images[0].size
        if d > _MOST_PIXELS:
            raise InputError(
                f"images of {d:,} pixels need a matrix of {d:,} × {d:,} to be whitened; resize them to at most "
                f"{_MOST_PIXELS:,}, channels counted"
            )

    def _array_shapes(self, height: int, width: int, channels: int) -> dict[str, tuple[int, ...]]:
        d = height * width * channels
        return {"mean": (d,), "matrix": (d, d)}

    def _learn(self, images: Array) -> None:
        mean, matrix = zca(images.reshape(len(images), -1), float(self.regularization))
        self.mean_, self.matrix_ = mean.astype(np.float32), matrix.astype(np.float32)

    def _features(self, images: Array) -> Array:
        def whiten(block: Array) -> Array:
            whitened: Array = (block - self.mean_).astype(np.float32, copy=False) @ self.matrix_
            return whitened

        return map_blocks(whiten, images.reshape(len(images), -1), len(self.mean_))


def zca(rows: Array, regularization: float) -> tuple[Array, Array]:
    """Return the mean (d,) and the whitening matrix (d, d) of rows (n, d), float64; see :class:`WhitenedPixels`.

    The bits of both are the same for any number of threads.

    Examples
    --------
    >>> mean, matrix = zca(np.array([[0.0, 1.0], [4.0, 1.0]]), 1e-9)
    >>> mean, matrix[0].round(3)
    (array([2., 1.]), array([0.5, 0. ]))
    """
    n, d = rows.shape
    mean = sum((rows[part].sum(axis=0, dtype=np.float64) for part in slices(n, _ROWS_AT_ONCE)), np.zeros(d)) / n
    covariance = np.zeros((d, d))

    def product(part: slice) -> Array:
        deviations = rows[part] - mean
        result: Array = deviations.T @ deviations
        return result

    blocks, threads = slices(n, _ROWS_AT_ONCE), usable_threads(None)
    with limited_threads(1):
        while group := list(islice(blocks, threads)):
            for one in map_in_threads(product, group, threads):  # added in their order, however many there are at once
                covariance += one
        covariance /= n
        # A deviation of less is that of rounding.
        varying = np.flatnonzero(np.sqrt(covariance.diagonal()) > n * np.finfo(np.float64).eps * np.abs(mean))
        variances, directions = np.linalg.eigh(covariance[np.ix_(varying, varying)])
        floor = regularization * variances.sum() / d
        matrix = np.zeros((d, d))
        matrix[np.ix_(varying, varying)] = (directions / np.sqrt(np.maximum(variances, 0) + floor)) @ directions.T
    return mean, matrix
