"""What black and white are in arrays of images, where nothing but their values says it.

A model compares the pixels of a photo, 0 to 255, with those that it was trained on: taken for the wrong range, every
photo is black to it, or white. The range is inferred from type and extremes of the training images:

=========================  ==========================================================  ==============
values                     least and largest                                           black and white
=========================  ==========================================================  ==============
truth values                                                                           0 and 1
whole numbers              0 to at most 16                                             0 and the largest
whole numbers              up to 255                                                   0 and 255
whole numbers              up to 1023, 4095, 16383, 65535: 10, 12, 14, 16 bits         0 and that
whole numbers, 8 bits      from below 0                                                −128 and 127
floating point             0 to at most 1                                              0 and 1
floating point             within ±0.5, within ±1                                      the ends of these
floating point             0 to 255, with more than 127 in it                          0 and 255
=========================  ==========================================================  ==============

Whole numbers are those of any type: floating point without fractions counts. All else could be anything, and is
refused. Photographs whose brightest pixel is at most 16 of 255 do not occur; images of few levels do (digits of 0 to
16, masks of 0 and 1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ValueRange", "infer_value_range", "largest_and_least"]

_FEW_LEVELS = 16
_DARK = 127
_BITS = (10, 12, 14, 16)
_ROUNDING = 1e-6
_AT_ONCE = 1 << 24


class ValueRange(NamedTuple):
    """What black and white are, and whether people are to be told because it is a guess."""

    low: float
    high: float
    is_guess: bool


def infer_value_range(images: NDArray[Any]) -> ValueRange | None:
    """Return what black and white are in images, None if it can't be told.

    Parameters
    ----------
    images : ndarray of shape (n, ...), bool, integer or floating point
        The training images as they were found, before any change of type.

    Examples
    --------
    >>> infer_value_range(np.array([[0, 3, 16]], np.uint8)), infer_value_range(np.array([[-2.5, 2.5]]))
    (ValueRange(low=0.0, high=16.0, is_guess=True), None)
    """
    if images.dtype.kind == "b":
        return ValueRange(0.0, 1.0, False)
    least, largest = largest_and_least(images)
    if not (np.isfinite(least) and np.isfinite(largest)):
        return ValueRange(0.0, 255.0, False)  # the data set will be refused
    if images.dtype.kind != "f" or _is_whole(images):
        return _of_whole_numbers(least, largest, images.dtype)
    return _of_fractions(least, largest)


def largest_and_least(images: NDArray[Any]) -> tuple[float, float]:
    """Return the least and the largest value; of no images 0 and 0."""
    return (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)


def _of_whole_numbers(least: float, largest: float, dtype: np.dtype[Any]) -> ValueRange | None:
    if least < 0:
        return ValueRange(-128.0, 127.0, True) if dtype == np.int8 else None
    if largest == 0:
        return ValueRange(0.0, 255.0, False)
    if largest <= _FEW_LEVELS:
        return ValueRange(0.0, largest, True)
    if largest <= 255:
        return ValueRange(0.0, 255.0, largest <= _DARK)
    whites = [float(2**bits - 1) for bits in _BITS if largest < 2**bits]
    return ValueRange(0.0, whites[0], True) if whites else None


def _of_fractions(least: float, largest: float) -> ValueRange | None:
    if least >= 0:
        if largest <= 1 + _ROUNDING:
            return ValueRange(0.0, 1.0, True)
        return ValueRange(0.0, 255.0, True) if _DARK < largest <= 255 * (1 + _ROUNDING) else None
    for end in (0.5, 1.0):
        if max(-least, largest) <= end * (1 + _ROUNDING):
            return ValueRange(-end, end, True)
    return None


def _is_whole(images: NDArray[Any]) -> bool:
    """Return whether no value has a fraction; most that have some have it among the first."""
    step = max(1, _AT_ONCE // max(1, images[:1].size))
    return all(bool((block == np.trunc(block)).all()) for block in _blocks(images, step))


def _blocks(images: NDArray[Any], step: int) -> list[NDArray[Any]]:
    return [images[start : start + step] for start in range(0, len(images), step)]
