"""What counts as a stack of images: the one place where the input of every feature is checked and shaped."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onelayer.data.image_layout import channels_last
from onelayer.errors import ConfigError, InputError, InputTypeError

__all__ = ["LARGEST_VALUE", "as_image_shape", "as_images"]

LARGEST_VALUE = 1e12
"""Float pixels beyond ±1e12 are refused: far below it, every square and sum in a feature is safe in float32."""

_CHECKED_AT_ONCE = 1 << 20  # values looked at in one go, so that checking needs no second array of the images' size


def as_image_shape(image_shape: Sequence[int]) -> tuple[int, int, int]:
    """Return ``image_shape`` as (height, width, channels), one channel where none are named.

    Parameters
    ----------
    image_shape : sequence of 2 or 3 int
        Height and width in pixels, and channels; a list (from JSON, say) serves as well as a tuple.

    Raises
    ------
    ConfigError
        If it is anything else than two or three positive whole numbers.

    Examples
    --------
    >>> as_image_shape([28, 28])
    (28, 28, 1)
    """
    is_list = isinstance(image_shape, Sequence | np.ndarray) and not isinstance(image_shape, str)
    sizes = tuple(image_shape) if is_list else ()
    if len(sizes) not in (2, 3) or not all(isinstance(size, int | np.integer) and size > 0 for size in sizes):
        raise ConfigError(f"image_shape is {image_shape!r}; give (height, width) or (height, width, channels)")
    height, width, channels = (*(int(size) for size in sizes), 1)[:3]
    return height, width, channels


def as_images(X: ArrayLike, image_shape: Sequence[int] | None = None) -> NDArray[np.generic]:
    """Return ``X`` as images (n, height, width, channels): a view of it, never a copy of an array.

    Parameters
    ----------
    X : array of shape (n, height, width), (n, height, width, channels) or, with ``image_shape``, (n, d)
        Integers or floats of at most 64 bits. Channels that come first are recognised, and their axis moved.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels that the images must have; d = height · width · channels.

    Returns
    -------
    array of shape (n, height, width, channels), dtype of X

    Raises
    ------
    InputTypeError
        If X holds objects, text, truth values or complex numbers.
    InputError
        If X is empty, ragged, of another shape, or has a NaN, an infinite or an absurdly large value; or it can't be
        told which axis has the channels.

    Examples
    --------
    >>> import numpy as np
    >>> as_images(np.zeros((5, 28, 28), np.uint8)).shape
    (5, 28, 28, 1)
    >>> as_images(np.zeros((5, 12)), (2, 2, 3)).shape
    (5, 2, 2, 3)
    """
    array = _as_numbers(X)
    shape = None if image_shape is None else as_image_shape(image_shape)
    images = _with_channels(array, shape)
    if images.size == 0:
        raise InputError(f"images of shape {array.shape} hold no pixel; give at least one image of at least 1×1 pixel")
    if shape is not None and images.shape[1:] != shape:
        raise InputError(f"images are {_size(images.shape[1:])}, but {_size(shape)} was expected")
    _refuse_unusable_values(images)
    return images


def _as_numbers(X: ArrayLike) -> NDArray[np.generic]:
    try:
        array = np.asarray(X)
    except ValueError:
        raise InputError("the images do not all have the same size; resize them to one") from None
    if array.dtype.kind not in "uif" or array.dtype.itemsize > 8:
        raise InputTypeError(f"images have dtype {array.dtype}; use uint8, float32 or float64")
    return array


def _with_channels(array: NDArray[np.generic], shape: tuple[int, int, int] | None) -> NDArray[np.generic]:
    if array.ndim == 4:
        return channels_last(array, shape)
    if array.ndim == 3:
        return array[..., np.newaxis]
    if array.ndim != 2:
        raise InputError(f"images have shape {array.shape}; give (n, height, width) or (n, height, width, channels)")
    if shape is None:
        raise InputError(f"X of shape {array.shape} could be images of any shape; set image_shape to say which")
    if array.shape[1] != math.prod(shape):
        raise InputError(f"X has {array.shape[1]} columns; images of {_size(shape)} have {math.prod(shape)}")
    return array.reshape(-1, *shape)


def _refuse_unusable_values(images: NDArray[np.generic]) -> None:
    if images.dtype.kind != "f":
        return
    step = max(1, _CHECKED_AT_ONCE // math.prod(images.shape[1:]))
    for start in range(0, len(images), step):
        block = images[start : start + step]
        # One NaN makes both extremes NaN, and every comparison with NaN is false.
        if block.min() >= -LARGEST_VALUE and block.max() <= LARGEST_VALUE:
            continue
        usable = (np.abs(block) <= LARGEST_VALUE).reshape(len(block), -1)
        image = int(np.argmin(usable.all(axis=1)))
        value = block[image].reshape(-1)[np.argmin(usable[image])]
        raise InputError(f"image {start + image} has a pixel of value {value}; use finite values within ±1e12")


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape)
