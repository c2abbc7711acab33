"""What a user says of the images of a set: one object, handed to whatever reads them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from onelayer.errors import ConfigError

__all__ = ["AS_FOUND", "LONGEST_SIDE", "ImageLayout", "ImageOptions", "ResizeMode"]

ResizeMode = Literal["stretch", "crop", "pad"]
ImageLayout = Literal["channels-last", "channels-first"]

LONGEST_SIDE = 4096
"""The largest height or width that image files can be brought to."""


@dataclass(frozen=True)
class ImageOptions:
    """How images are to be read; None leaves a thing to the data.

    Parameters
    ----------
    resize : (int, int) or None
        Height and width to bring image files to.
    resize_mode : {"stretch", "crop", "pad"} or None
        How: the whole picture stretched; its middle, with the sides in proportion; or the whole picture in proportion
        with black bars. None is ``"stretch"`` where ``resize`` is given and ``"crop"`` where the size is chosen.
    channels : {1, 3} or None
        Whether image files become grey or RGB.
    value_range : (float, float) or None
        What black and white are in the images.
    image_layout : {"channels-last", "channels-first"} or None
        Whether arrays of images are (n, h, w, c) or (n, c, h, w).
    side : int, default 64
        Height and width of image files whose sizes differ, where ``resize`` is None and they are not smaller.

    Raises
    ------
    ConfigError
        If one of them is none of these.
    """

    resize: tuple[int, int] | None = None
    resize_mode: ResizeMode | None = None
    channels: Literal[1, 3] | None = None
    value_range: tuple[float, float] | None = None
    image_layout: ImageLayout | None = None
    side: int = 64

    def __post_init__(self) -> None:
        if self.resize is not None and not _is_size(self.resize):
            raise ConfigError(
                f"resize must be two sizes from 1 to {LONGEST_SIDE}, height and width, got {self.resize!r}."
            )
        if self.value_range is not None and not _is_range(self.value_range):
            raise ConfigError(
                "value_range must be two numbers, what is black and what is white, the first less than the second, "
                f"got {self.value_range!r}."
            )
        if self.resize is not None:
            object.__setattr__(self, "resize", tuple(int(side) for side in self.resize))
        if self.value_range is not None:
            object.__setattr__(self, "value_range", tuple(float(end) for end in self.value_range))
        for name, known in (("resize_mode", ResizeMode), ("image_layout", ImageLayout)):
            value = getattr(self, name)
            if value is not None and value not in get_args(known):
                raise ConfigError(f"{name} must be one of {', '.join(get_args(known))}, got {value!r}.")


def _is_size(value: object) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(isinstance(side, int | np.integer) and side >= 1 for side in value)
    )


def _is_range(value: object) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(isinstance(end, int | float | np.integer | np.floating) and math.isfinite(end) for end in value)
        and bool(value[0] < value[1])
    )


AS_FOUND = ImageOptions()
"""Nothing is asked for."""
