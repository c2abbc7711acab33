"""Pixels of more than 8 bits, as bytes.

Nothing in a file says how much of its 16 or 32 bits is used. Unless a range of values is asked for, white is the
largest value of 16 bits, and 1 for floating point. One thing can be recognised: a picture whose 16-bit values all fit
into a byte is one of bytes, written by a program that has no 8-bit images; taken for 16 bits it would be black.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["bytes_of", "is_deep", "without_depth"]

Range = tuple[float, float]

_WHITE_16 = 65_535


def is_deep(image: Image.Image) -> bool:
    """Return whether a picture has pixels of more than 8 bits; of colours only before it is decoded."""
    return image.mode.startswith(("I", "F")) or _is_deep_colour(image)


def without_depth(
    image: Image.Image, value_range: Range | None, open_again: Callable[[], Image.Image]
) -> tuple[Image.Image, bool]:
    """Return a deep picture as one of bytes, and whether its values were found to fit into bytes as they are.

    Parameters
    ----------
    image : PIL.Image.Image
        Grey of mode I, I;16 or F, or 16-bit colour, of which Pillow decodes the upper 8 bits alone.
    value_range : (float, float) or None
        What black and white are in the file.
    open_again : callable
        Opens the same picture anew, for the lower 8 bits of colours.

    Raises
    ------
    ValueError
        If nothing says which value is white.
    """
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        values = np.asarray(image)
    else:
        upper = np.asarray(image)
        if value_range is None and upper.any():
            return image, False
        values = upper.astype(np.uint16) << 8 | _lower_bytes(open_again())
    is_shallow = value_range is None and values.dtype.kind != "f" and 0 < int(values.max()) < 256
    in_bytes = Image.fromarray(bytes_of(values, value_range))
    return in_bytes, is_shallow and int(values.min()) >= 0


def bytes_of(values: NDArray[Any], value_range: Range | None) -> NDArray[np.uint8]:
    """Return pixel values as bytes: black 0, white 255, rounded; beyond them cut off.

    Examples
    --------
    >>> bytes_of(np.array([0, 256, 65535], np.uint16), None).tolist(), bytes_of(np.array([0, 200]), None).tolist()
    ([0, 1, 255], [0, 200])
    >>> bytes_of(np.array([0, 2048, 4095]), (0, 4095)).tolist()
    [0, 128, 255]
    """
    if value_range is not None:
        low, high = value_range
        shares = (values.astype(np.float64) - low) / (high - low)
        return np.floor(np.clip(np.nan_to_num(shares), 0, 1) * 255 + 0.5).astype(np.uint8)
    least, largest = values.min(), values.max()
    if values.dtype.kind == "f":
        if not (least >= 0 and largest <= 1):
            raise ValueError(_unknown_white(f"floating point from {least:g} to {largest:g}"))
        return np.floor(values * 255.0 + 0.5).astype(np.uint8)
    if least < 0 or largest > _WHITE_16:
        raise ValueError(_unknown_white(f"from {least} to {largest}"))
    return (values if largest <= 255 else values >> 8).astype(np.uint8)


def _unknown_white(found: str) -> str:
    return (
        f"pixels are {found}, and nothing says which values are black and white: say it (value_range, --value-range "
        "LOW,HIGH)"
    )


def _is_deep_colour(image: Image.Image) -> bool:
    return image.mode in ("RGB", "RGBA") and any(";16" in _raw_mode(tile) for tile in getattr(image, "tile", ()))


def _raw_mode(tile: Any) -> str:
    arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
    return arguments[0] if arguments and isinstance(arguments[0], str) else ""


def _lower_bytes(image: Image.Image) -> NDArray[np.uint8]:
    """Decode with the two bytes of every value exchanged, which makes the lower ones those that Pillow keeps."""
    exchange = {"16B": "16L", "16L": "16B"}
    tiles = []
    for tile in image.tile:  # type: ignore[attr-defined]  # every image that was opened from a file has them
        raw = _raw_mode(tile)
        other = raw[:-3] + exchange[raw[-3:]]
        tiles.append(tile._replace(args=(other, *tile.args[1:]) if isinstance(tile.args, tuple) else other))
    image.tile = tiles  # type: ignore[attr-defined]  # as above
    return np.asarray(image)
