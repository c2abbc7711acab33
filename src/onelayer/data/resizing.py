"""Pictures of any size brought to one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from .image_options import ResizeMode

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["common_side", "resized"]


def resized(image: Image.Image, size: tuple[int, int], mode: ResizeMode) -> Image.Image:
    """Bring a picture to a size, bilinear and antialiased; one that has it already is returned as it is.

    Parameters
    ----------
    image : PIL.Image.Image
        Of mode L or RGB.
    size : (int, int)
        Height and width wanted.
    mode : {"stretch", "crop", "pad"}
        ``"stretch"``: the whole picture, its sides out of proportion if need be. ``"crop"``: in proportion until it
        just covers the size, and what stands out cut off equally on both sides; for a square that is the shorter side
        and the centre. ``"pad"``: in proportion until it just fits in, in the middle of black.

    Examples
    --------
    >>> from PIL import Image
    >>> wide = Image.new("L", (40, 10), 255)
    >>> [resized(wide, (20, 20), mode).getpixel((10, 2)) for mode in ("stretch", "crop", "pad")]
    [255, 255, 0]
    """
    from PIL import Image

    height, width = size
    if image.size == (width, height):
        return image
    if mode == "stretch":
        return image.resize((width, height), Image.Resampling.BILINEAR)
    if mode == "crop":
        scale = max(height / image.height, width / image.width)
        left, top = (image.width - width / scale) / 2, (image.height - height / scale) / 2
        # The cut is not rounded to whole pixels: what is left has exactly the proportions wanted.
        box = (
            max(0.0, left),
            max(0.0, top),
            min(image.width, image.width - left),
            min(image.height, image.height - top),
        )
        return image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    scale = min(height / image.height, width / image.width)
    inner = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    framed = Image.new(image.mode, (width, height))
    framed.paste(image.resize(inner, Image.Resampling.BILINEAR), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return framed


def common_side(sizes: Sequence[tuple[int, int]], most: int) -> int:
    """Return the side of a square for pictures of different sizes: the median of their shorter sides, or ``most``.

    ``most`` is taken where it is less. A few small or large pictures among many do not decide for all.

    Parameters
    ----------
    sizes : sequence of (int, int)
        Heights and widths.
    most : int

    Examples
    --------
    >>> common_side([(480, 640), (1200, 900), (30, 20)], 64), common_side([(28, 30), (32, 28)], 64)
    (64, 28)
    """
    return min(most, int(median(min(size) for size in sizes)))
