"""Which axis of an array of images holds the channels: images are (n, h, w, c) here, and (n, c, h, w) elsewhere.

The values say nothing about it, and a model of images read the wrong way round trains all the same. The sizes say it
in most cases, as pictures have 1 to 4 channels and more rows and columns than that:

- the last size is at most 4, and the first is neither 1 nor 3: channels last;
- the first is 1, 3 or 4, the last is more than 4, and the two others could be those of a picture (8 or more, one at
  most four times the other): channels first;
- the first is none of these, the last is more than 4, and the first is not the least of all: channels last, of some
  other number;
- (1, w, 1) is a row of grey pixels and a column of them, in the same order: channels last;
- all else is ambiguous.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import DataWarning, InputError

from .image_options import ImageLayout

__all__ = [
    "channels_last",
    "doubt_layout",
    "layout_of",
    "readings",
    "recognise_layout",
    "shape_with_channels_last",
]

_MOST_CHANNELS = 4
_CHANNELS = (1, 3, 4)  # as they come first: nobody has pictures of two
_SHORTEST_SIDE = 8
_LONGEST_PROPORTION = 4


def recognise_layout(shape: Sequence[int]) -> ImageLayout | None:
    """Return how images of this shape are laid out, None if it can't be told.

    Parameters
    ----------
    shape : sequence of 3 int
        Of one image.

    Examples
    --------
    >>> recognise_layout((32, 32, 3)), recognise_layout((3, 32, 32)), recognise_layout((3, 4, 5))
    ('channels-last', 'channels-first', None)
    """
    first, middle, last = shape
    if last <= _MOST_CHANNELS:
        return "channels-last" if first not in (1, 3) or first == last == 1 else None
    if first in _CHANNELS:
        short, long = sorted((middle, last))
        return "channels-first" if short >= _SHORTEST_SIDE and long <= _LONGEST_PROPORTION * short else None
    return "channels-last" if first >= min(middle, last) else None


def readings(shape: Sequence[int]) -> str:
    """Return both ways to read images of this shape, in words.

    Examples
    --------
    >>> readings((3, 4, 5))
    '3×4 pixels of 5 channels or 4×5 pixels of 3 channels'
    """
    first, middle, last = shape
    return f"{first}×{middle} pixels of {_channels(last)} or {middle}×{last} pixels of {_channels(first)}"


def layout_of(shape: Sequence[int], image_shape: Sequence[int] | None = None) -> ImageLayout:
    """Return how an array of images (n, …, …, …) that a user hands over is laid out.

    Parameters
    ----------
    shape : sequence of 4 int
        Of the array.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels that the images have: with it, nothing is ambiguous.

    Raises
    ------
    InputError
        If it can't be told.
    """
    found = tuple(shape[1:])
    if image_shape is not None:
        wanted = (*image_shape, 1)[:3]
        # Where neither reading fits, whoever asks for the shape refuses it.
        return "channels-first" if found != wanted == _moved(found) else "channels-last"
    layout = recognise_layout(found)
    if layout is None:
        raise InputError(
            f"images of shape (n, {', '.join(map(str, found))}) may be {readings(found)}: set image_shape=(h, w, c), "
            "and move the axes with np.moveaxis(X, 1, -1) if the channels come first"
        )
    return layout


def shape_with_channels_last(shape: Sequence[int], image_shape: Sequence[int] | None = None) -> tuple[int, int, int]:
    """Return height, width and channels of the images in an array of this shape; see `layout_of`."""
    first, middle, last = shape[1:]
    return (first, middle, last) if layout_of(shape, image_shape) == "channels-last" else (middle, last, first)


def channels_last(X: Array, image_shape: Sequence[int] | None = None) -> Array:
    """Return images (n, h, w, c) of an array that may be (n, c, h, w): a view of it.

    Arrays of other dimensions are returned as they are.

    Parameters
    ----------
    X : array
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels that the images have: with it, nothing is ambiguous.

    Raises
    ------
    InputError
        If it can't be told which axis has the channels.

    Warns
    -----
    DataWarning
        If the axes were moved.
    """
    if X.ndim != 4 or layout_of(X.shape, image_shape) == "channels-last":
        return X
    moved = np.moveaxis(X, 1, -1)
    _, channels, height, width = X.shape
    warnings.warn(
        f"images of shape {X.shape} are taken for {height}×{width} pixels of {_channels(channels)}, which come first: "
        f"their axes are moved to {moved.shape}. np.moveaxis(X, 1, -1) does so beforehand",
        DataWarning,
        stacklevel=3,
    )
    return moved


def doubt_layout(image_shape: Sequence[int]) -> None:
    """Warn of a declared shape that looks like (channels, height, width).

    Warns
    -----
    DataWarning
    """
    if len(image_shape) == 3 and recognise_layout(image_shape) == "channels-first":
        first, middle, last = image_shape
        warnings.warn(
            f"image_shape={tuple(image_shape)} is (height, width, channels): {first}×{middle} pixels of "
            f"{_channels(last)}. If the channels come first, give ({middle}, {last}, {first}) and images like that",
            DataWarning,
            stacklevel=3,
        )


def _moved(shape: Sequence[int]) -> tuple[int, ...]:
    first, middle, last = shape
    return middle, last, first


def _channels(count: int) -> str:
    return f"{count} channel{'s' if count != 1 else ''}"
