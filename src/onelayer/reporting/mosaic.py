"""Many small images in one figure, each with a title or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from onelayer.reporting.theme import LIGHT, Theme, new_axes

__all__ = ["mosaic_figure"]

_TITLE_SIZE = 7.5
_LINE_INCHES = 0.13
_GAP_INCHES = 0.08


def mosaic_figure(
    images: npt.NDArray[Any], titles: Sequence[str], columns: int, theme: Theme = LIGHT, width: float = 6.4
) -> Figure:
    r"""Draw images row by row, with their titles above them.

    Parameters
    ----------
    images : ndarray of shape (g, h, w, c), uint8
        c is 1 or 3.
    titles : sequence of str, of length g
        ``\n`` parts lines; an empty one takes no place, if all are.
    columns : int
    theme : Theme
    width : float
        In inches.

    Examples
    --------
    >>> figure = mosaic_figure(np.zeros((3, 8, 8, 1), np.uint8), ["a", "b", "c"], columns=2)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['a', 'b', 'c']
    """
    height_of_title = _LINE_INCHES * max((title.count("\n") + 1 for title in titles if title), default=0)
    tile_width = width / columns - _GAP_INCHES
    tile_height = tile_width * images.shape[1] / images.shape[2]
    pitch_x, pitch_y = tile_width + _GAP_INCHES, tile_height + height_of_title + _GAP_INCHES
    down = pitch_y * -(-len(images) // columns)
    figure, axes = new_axes(theme, width, down)
    axes.set_axis_off()
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        left, top = place % columns * pitch_x, place // columns * pitch_y + height_of_title
        pixels = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
        extent = (left, left + tile_width, top + tile_height, top)
        axes.imshow(pixels, extent=extent, interpolation="nearest")
        axes.text(left, top - 0.03, title, size=_TITLE_SIZE, color=theme.ink, va="bottom", parse_math=False)
    axes.set(xlim=(0, width), ylim=(down, 0), aspect="equal")
    return figure
