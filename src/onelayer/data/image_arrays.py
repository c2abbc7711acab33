"""Arrays of images as any reader finds them, to images as a data set has them: channels last, of a known range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError

from .content import Content, Part
from .image_layout import readings, recognise_layout
from .image_options import ImageOptions
from .pixel_values import infer_value_range, largest_and_least

__all__ = ["settled_images"]

_BYTES = (0.0, 255.0)


def settled_images(content: Content, options: ImageOptions, where: str, *, is_known: bool = False) -> Content:
    """Return what a reader found with its images as a data set has them, and their range of values.

    Content without arrays of images is returned as it is.

    Parameters
    ----------
    content : Content
        Arrays of three or four dimensions of any real type, in either layout.
    options : ImageOptions
        What is asked for.
    where : str
        What to call the set in messages.
    is_known : bool
        Whether it is a set of the catalog, whose images are of bytes.

    Raises
    ------
    DataError
        If it can't be told which axis has the channels, or which values are black and white.
    """
    deciding = next((part for part in ("train", "all") if part in content.parts), next(iter(content.parts)))
    if content.preparation is not None:
        return replace(content, value_range=_BYTES)
    if content.parts[deciding].X.ndim < 3:
        return content
    if is_known and content.value_range is None:
        content = replace(content, value_range=_BYTES)
    arrays, notes = _with_channels_last({part: rows.X for part, rows in content.parts.items()}, options, where)
    value_range, said = _value_range(content.parts[deciding].X, content.value_range, options, where)
    notes += said
    channels = next(iter(arrays.values())).shape[-1]
    if channels not in (1, 3):
        notes.append(
            f"images have {channels} channels: the model will take arrays of such images, but no image files, which "
            "have 1 or 3"
        )
    return replace(
        content,
        parts={part: Part(_as_pixels(arrays[part]), rows.y) for part, rows in content.parts.items()},
        value_range=value_range,
        provenance=content.provenance.noting(*notes),
    )


def _with_channels_last(
    arrays: Mapping[str, NDArray[Any]], options: ImageOptions, where: str
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    shape = next(iter(arrays.values())).shape[1:]
    if len(shape) == 2:
        return {part: X[..., np.newaxis] for part, X in arrays.items()}, []
    layout = options.image_layout or recognise_layout(shape)
    if layout is None:
        raise DataError(
            f"{where}: images of shape {shape} may be {readings(shape)}. Say which: --layout channels-last or "
            "channels-first (image_layout)."
        )
    if layout == "channels-last":
        return dict(arrays), []
    channels, height, width = shape
    said = (
        f"images of shape {shape} are read as {channels} channel{'s' if channels > 1 else ''} of {height}×{width} "
        "pixels (--layout channels-last reads them the other way)"
    )
    moved = {part: np.moveaxis(X, 1, -1) for part, X in arrays.items()}
    return moved, [] if options.image_layout else [said]


def _value_range(
    X: NDArray[Any], known: tuple[float, float] | None, options: ImageOptions, where: str
) -> tuple[tuple[float, float], list[str]]:
    if asked := options.value_range:
        return asked, _beyond(X, asked)
    if known is not None:
        return known, []
    found = infer_value_range(X)
    least, largest = largest_and_least(X)
    if found is None:
        raise DataError(
            f"{where}: pixels have values from {least:g} to {largest:g}, and nothing says which of them are black and "
            "white. Say it: --value-range LOW,HIGH (value_range)."
        )
    low, high, is_guess = found
    said = (
        f"pixels have values from {least:g} to {largest:g}: black is taken to be {low:g} and white {high:g} "
        "(--value-range LOW,HIGH says otherwise)"
    )
    return (low, high), [said] if is_guess else []


def _beyond(X: NDArray[Any], asked: tuple[float, float]) -> list[str]:
    least, largest = largest_and_least(X)
    if least >= asked[0] and largest <= asked[1]:
        return []
    return [
        f"pixels have values from {least:g} to {largest:g}, beyond the range {asked[0]:g} to {asked[1]:g} asked for"
    ]


def _as_pixels(X: NDArray[Any]) -> NDArray[Any]:
    """Return images as bytes where they fit into them, else as floating point that holds every value."""
    if X.dtype.kind == "b":
        return X.astype(np.uint8)
    if X.dtype.kind in "iu" and X.dtype != np.uint8 and X.size and X.min() >= 0 and X.max() <= 255:
        return X.astype(np.uint8)
    if X.dtype in (np.uint8, np.float32, np.float64):
        return np.ascontiguousarray(X, X.dtype.newbyteorder("="))
    # Integers of up to 16 bits, and half floats, are exact in float32.
    return np.ascontiguousarray(X, np.float32 if X.dtype.itemsize <= 2 else np.float64)
