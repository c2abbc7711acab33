"""The colours of an image: a histogram of its hues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags

from onelayer.errors import InputError
from onelayer.features.base import ImageFeatures
from onelayer.features.parameters import check_whole

__all__ = ["HueHistogram", "hue", "hue_histograms"]

_MOST_BINS = 65_536
_PIXELS_AT_ONCE = 1 << 16


class HueHistogram(ImageFeatures):
    """Which share of an image's pixels has each hue: a histogram over [0, 1] that sums to 1.

    Parameters
    ----------
    bins : int, default=16
        Number of bins of equal width; bin i is [i, i + 1) / bins, and a hue of exactly 1 is in the last.
    image_shape : sequence of 3 int, optional
        Height, width and 3; needed only to take rows (n, d) instead of images.

    Notes
    -----
    The hue is that of HSV (see :func:`hue`), the same for any brightness and any value range. A grey pixel has no hue;
    it is counted as 0, red, as in the course assignment this feature comes from. Features are float32.

    Examples
    --------
    >>> import numpy as np
    >>> red, green, blue = np.eye(3)
    >>> HueHistogram(bins=3).fit_transform([[[red, red], [green, blue]]])
    array([[0.5 , 0.25, 0.25]], dtype=float32)
    """

    def __init__(self, *, bins: int = 16, image_shape: Sequence[int] | None = None) -> None:
        self.bins = bins
        self.image_shape = image_shape

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""
        check_whole("bins", self.bins, 1, _MOST_BINS)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_images(self, images: NDArray[Any]) -> None:
        if images.shape[-1] != 3:
            raise InputError(f"images have {images.shape[-1]} channels; a hue histogram needs the 3 of RGB")

    def _features(self, images: NDArray[Any]) -> NDArray[np.float32]:
        return hue_histograms(images, bins=int(self.bins))

    def _count_features(self, height: int, width: int, channels: int) -> int:
        return int(self.bins)

    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        return [f"hue{i}" for i in range(self.bins)]


def hue(images: NDArray[Any]) -> NDArray[np.float64]:
    """Return the hue of RGB pixels, as a share of the full circle.

    With V the largest channel and Δ = V − the smallest, the hue is ((G − B)/Δ mod 6)/6 where V is R, (2 + (B − R)/Δ)/6
    where V is G, (4 + (R − G)/Δ)/6 where V is B, and 0 where Δ = 0 (A. R. Smith, Color gamut transform pairs, SIGGRAPH
    1978).

    Parameters
    ----------
    images : array of shape (..., 3), real

    Returns
    -------
    float64 array of shape (...), in [0, 1]: 0 red, 1/3 green, 2/3 blue

    Examples
    --------
    >>> import numpy as np
    >>> hue(np.array([[255, 255, 0], [0, 0, 9], [7, 7, 7]], np.uint8)).round(4)
    array([0.1667, 0.6667, 0.    ])
    """
    red, green, blue = (images[..., k].astype(np.float64) for k in range(3))
    value = np.maximum(np.maximum(red, green), blue)
    spread = value - np.minimum(np.minimum(red, green), blue)
    grey = spread == 0
    spread[grey] = 1
    sixths = (green - blue) / spread
    np.copyto(sixths, (blue - red) / spread + 2, where=value == green)
    np.copyto(sixths, (red - green) / spread + 4, where=value == blue)
    sixths[grey] = 0
    sixths[sixths < 0] += 6
    hues: NDArray[np.float64] = sixths / 6
    return hues


def hue_histograms(images: NDArray[Any], *, bins: int = 16) -> NDArray[np.float32]:
    """Return each image's histogram of hues: the definition, plain arrays in and out.

    Parameters
    ----------
    images : array of shape (n, height, width, 3), real and finite
    bins : int
        Number of bins, as in :class:`HueHistogram`; not checked here.

    Returns
    -------
    float32 array of shape (n, bins), each row summing to 1

    Examples
    --------
    >>> import numpy as np
    >>> hue_histograms(np.zeros((1, 4, 4, 3)), bins=2)
    array([[1., 0.]], dtype=float32)
    """
    n, height, width, _ = images.shape
    histograms = np.empty((n, bins), np.float32)
    step = max(1, _PIXELS_AT_ONCE // (height * width))
    for start in range(0, n, step):
        block = images[start : start + step]
        bin_ = np.minimum((hue(block) * bins).astype(np.intp), bins - 1).reshape(len(block), -1)
        bin_ += np.arange(len(block))[:, np.newaxis] * bins
        counts = np.bincount(bin_.ravel(), minlength=len(block) * bins).reshape(-1, bins)
        histograms[start : start + step] = counts / (height * width)
    return histograms
