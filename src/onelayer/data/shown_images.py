"""Whatever a user shows a model as images, one or many: arrays, files, bytes, PIL images, to arrays of its shape."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, InputTypeError, printable

from .image_layout import channels_last
from .images import Source, is_pil_image

__all__ = ["image_batches", "name_of_source"]

Shape = tuple[int, int, int]
Prepare = Callable[[Source, str], Array]


def image_batches(images: Any, shape: Shape, prepare: Prepare, at_once: int) -> Iterator[Array]:
    """Yield images (b, h, w, c) of a model's shape, in order and not many at once.

    Parameters
    ----------
    images : array, picture, or iterable of these
        Arrays of numbers: (n, h, w, c), (n, h, w), (n, c, h, w), (n, h·w·c), or one image without the n. Pictures: a
        path, encoded bytes, a file open for reading or a PIL image. An iterable may have both, and any number.
    shape : (h, w, c)
        Of the model's images.
    prepare : callable
        Makes an image (h, w, c) of a picture and the name to call it in messages.
    at_once : int
        Images of a batch, at most.

    Raises
    ------
    InputTypeError
        If something among them is none of these.
    InputError
        If there are none, or an array is of another shape.
    DataError
        If a picture can't be read.
    """
    if _is_picture(images):
        images = [images]
    array = _numbers(images)
    if array is not None:
        stack = _stack(array, shape)
        yield from (stack[start : start + at_once] for start in range(0, len(stack), at_once))
        return
    rest = iter(_several(images))
    position = 0
    while batch := list(islice(rest, at_once)):
        yield np.stack([_one(image, shape, prepare, position + i) for i, image in enumerate(batch)])
        position += len(batch)
    if not position:
        raise InputError("there are no images to predict: give at least one")


def name_of_source(source: Source, position: int) -> str:
    """Return what to call a picture in messages: its path, else its position."""
    if isinstance(source, str | os.PathLike):
        return str(source)
    name = getattr(source, "name", None) or getattr(source, "filename", None)
    return name if isinstance(name, str) and name else f"image {position}"


def _is_picture(value: object) -> bool:
    is_path_or_bytes = isinstance(value, str | os.PathLike | bytes | bytearray | memoryview)
    return is_path_or_bytes or is_pil_image(value) or callable(getattr(value, "read", None))


def _numbers(images: Any) -> Array | None:
    """Return an array of numbers; None for what has to be gone through one by one."""
    if not isinstance(images, np.ndarray):
        if isinstance(images, list | tuple):
            if not images or not isinstance(images[0], list | tuple):
                return None
        elif not hasattr(images, "__array__"):
            return None
        images = _as_array(images, "images")
    return images if images.dtype.kind in "biuf" else None


def _as_array(value: Any, what: str) -> Array:
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise InputError(f"{what} can't be made an array: {reason}. Give images of one size") from None


def _several(images: Any) -> Iterable[Any]:
    unordered = isinstance(images, Mapping | Set)
    if unordered or not isinstance(images, Iterable):
        raise InputTypeError(
            "images must be an array, a PIL image, a path, encoded bytes, an open file or a list of these, not "
            f"{type(images).__name__}"
        )
    if isinstance(images, np.ndarray):  # of paths, bytes or objects
        return images.ravel().tolist()
    return images


def _stack(array: Array, shape: Shape) -> Array:
    """Return an array of numbers as images (n, h, w, c) of that shape."""
    height, width, channels = shape
    if array.shape == shape or (channels == 1 and array.shape == (height, width)):
        return array.reshape(1, *shape)
    if array.ndim == 3 and array.shape == (channels, height, width) and channels > 1:
        array = array[np.newaxis]
    if array.ndim == 2 and array.shape[1] == height * width * channels:
        return array.reshape(-1, *shape)
    if array.ndim == 3:
        array = array[..., np.newaxis]
    stack = channels_last(array, shape)
    if stack.ndim != 4 or stack.shape[1:] != shape:
        found = f"are {'×'.join(map(str, stack.shape[1:]))}" if stack.ndim == 4 else f"have shape {array.shape}"
        raise InputError(f"images {found}, but the model was trained on {'×'.join(map(str, shape))}")
    if not len(stack):
        raise InputError("there are no images to predict: give at least one")
    return stack


def _one(image: Any, shape: Shape, prepare: Prepare, position: int) -> Array:
    if _is_picture(image):
        source = Path(image) if isinstance(image, str | os.PathLike) else image
        return prepare(source, name_of_source(image, position))
    if isinstance(image, list | tuple | np.ndarray) or hasattr(image, "__array__"):
        array = _as_array(image, f"image {position}")
        if array.dtype.kind in "biuf":
            stack = _stack(array if array.ndim == 4 else array[np.newaxis], shape)
            if len(stack) > 1:
                raise InputError(f"image {position} has shape {array.shape}: it is {len(stack)} images, not one")
            only: Array = stack[0]
            return only
    raise InputTypeError(
        f"image {position} must be an array of numbers, a PIL image, a path, encoded bytes or an open file, not "
        f"{type(image).__name__}"
    )
