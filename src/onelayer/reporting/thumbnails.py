"""Images as small as a report shows them."""

from __future__ import annotations

from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["affordable_images", "thumbnails"]

Array = npt.NDArray[Any]

_LONGEST_SIDE: Final = 64
# Before compression, which halves colour images and takes nine tenths of grey ones. The page of ten classes of CIFAR-10
# has 12 images of each cell, and fewer than 6 MB.
_BUDGET_BYTES: Final = 3_800_000
_MOST_IMAGES: Final = 2400


def affordable_images(shape: tuple[int, ...]) -> int:
    """Return how many images of shape (h, w, c) a page has room for.

    Examples
    --------
    >>> affordable_images((28, 28, 1)), affordable_images((32, 32, 3)), affordable_images((600, 800, 3))
    (2400, 1236, 412)
    """
    height, width = _small_size(shape[0], shape[1])
    return min(_MOST_IMAGES, _BUDGET_BYTES // prod((height, width, *shape[2:])))


def thumbnails(images: Array, value_range: tuple[float, float]) -> Array:
    """Return images (n, h, w, c) as uint8 with c = 1 or 3 and sides of at most 64 pixels, black 0 and white 255.

    Examples
    --------
    >>> thumbnails(np.array([0.0, 0.5, 1.0]).reshape(1, 1, 3, 1), (0.0, 1.0)).ravel()
    array([  0, 128, 255], dtype=uint8)
    """
    low, high = value_range
    if images.dtype != np.uint8 or (low, high) != (0, 255):
        scale = 255 / max(high - low, 1e-12)
        images = np.clip((images.astype(np.float32) - low) * scale + 0.5, 0, 255).astype(np.uint8)
    if images.shape[3] not in (1, 3):
        images = images[..., :3] if images.shape[3] > 3 else images[..., :1]
    height, width = _small_size(*images.shape[1:3])
    if (height, width) == images.shape[1:3]:
        return images
    whole = [Image.fromarray(image.squeeze(-1) if image.shape[2] == 1 else image) for image in images]
    small = np.stack([np.asarray(image.resize((width, height), Image.Resampling.BOX)) for image in whole])
    return small.reshape(len(images), height, width, images.shape[3])


def _small_size(height: int, width: int) -> tuple[int, int]:
    scale = min(1.0, _LONGEST_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
