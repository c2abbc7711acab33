"""The pixels themselves as features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from numpy.typing import NDArray
from sklearn.utils import Tags

from onelayer.features.base import ImageFeatures

__all__ = ["Pixels"]


class Pixels(ImageFeatures):
    """The pixels of an image as one row, row by row, the channels of a pixel side by side.

    Parameters
    ----------
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels; needed only to take rows (n, d) instead of images.

    Notes
    -----
    The dtype stays (uint8 stays uint8), and contiguous images are not copied: the rows are a view of them.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    >>> Pixels().fit_transform(images)[0]
    array([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11], dtype=uint8)
    """

    def __init__(self, *, image_shape: Sequence[int] | None = None) -> None:
        self.image_shape = image_shape

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32", "uint8"]
        return tags

    @property
    def keeps_pixels(self) -> bool:
        """Whether rows are the pixels as they are."""
        return True

    def _features(self, images: NDArray[Any]) -> NDArray[Any]:
        return images.reshape(len(images), -1)

    def _count_features(self, height: int, width: int, channels: int) -> int:
        return height * width * channels

    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        return [f"row{r}_column{c}_channel{k}" for r, c, k in product(range(height), range(width), range(channels))]
