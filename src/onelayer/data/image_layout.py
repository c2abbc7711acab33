"""Which axis of an array of images holds the channels: images are (n, h, w, c) here, and (n, c, h, w) elsewhere.

The values say nothing about it, and a model of images read the wrong way round trains all the same. The sizes say it
in most cases, as pictures have 1, 3 or 4 channels and more rows and columns than that:

- the last size is 1, 3 or 4 and the first is neither 1 nor 3: channels last;
- the first is 1, 3 or 4, the last is none of these, and the two others could be those of a picture (8 or more, one at
  most four times the other): channels first;
- none of both is 1, 3 or 4, and the first is not the least of the three alone: channels last, of some other number;
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

__all__ = ["channels_last", "readings", "recognise_layout"]

_CHANNELS = (1, 3, 4)
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
    if last in _CHANNELS and (first not in (1, 3) or first == last == 1):
        return "channels-last"
    if first in _CHANNELS and last not in _CHANNELS:
        short, long = sorted((middle, last))
        return "channels-first" if short >= _SHORTEST_SIDE and long <= _LONGEST_PROPORTION * short else None
    if first not in _CHANNELS and last not in _CHANNELS and first >= min(middle, last):
        return "channels-last"
    return None


def readings(shape: Sequence[int]) -> str:
    """Return both ways to read images of this shape, in words.

    Examples
    --------
    >>> readings((3, 4, 5))
    '3×4 pixels of 5 channels or 4×5 pixels of 3 channels'
    """
    first, middle, last = shape
    return f"{first}×{middle} pixels of {_channels(last)} or {middle}×{last} pixels of {_channels(first)}"


def channels_last(X: Array, image_shape: Sequence[int] | None = None) -> Array:
    """Return images (n, h, w, c) of an array that a user hands over, which may be (n, c, h, w): a view of it.

    Arrays of other dimensions are returned as they are.

    Parameters
    ----------
    X : array
    image_shape : sequence of 3 int, optional
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
    if X.ndim != 4:
        return X
    found = X.shape[1:]
    if image_shape is not None:
        wanted = (*image_shape, 1)[:3]
        if found == wanted or (found[1], found[2], found[0]) != wanted:
            return X  # where neither reading fits, whoever asks for the shape refuses it
        layout: ImageLayout | None = "channels-first"
    else:
        layout = recognise_layout(found)
    if layout is None:
        raise InputError(
            f"images of shape {X.shape} may be {readings(found)}: set image_shape=(h, w, c), and move the axes with "
            "np.moveaxis(X, 1, -1) if the channels come first"
        )
    if layout == "channels-last":
        return X
    moved = np.moveaxis(X, 1, -1)
    warnings.warn(
        f"images of shape {X.shape} are taken for {found[1]}×{found[2]} pixels of {_channels(found[0])}, which come "
        f"first: their axes are moved to {moved.shape}. np.moveaxis(X, 1, -1) says so beforehand",
        DataWarning,
        stacklevel=3,
    )
    return moved


def _channels(count: int) -> str:
    return f"{count} channel{'s' if count != 1 else ''}"
