"""Many small images in one figure, each with a title or none."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
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
    height, width_of_image = images.shape[1:3]
    pixel = (width / columns - _GAP_INCHES) / width_of_image  # in inches
    gap = max(1, round(_GAP_INCHES / pixel))
    lines = max((title.count("\n") + 1 for title in titles if title), default=0)
    pitch_x, pitch_y = width_of_image + gap, height + gap + ceil(_LINE_INCHES * lines / pixel)
    # One image of all, transparent between them: drawing each by itself takes ten times as long.
    canvas = np.zeros((pitch_y * -(-len(images) // columns), pitch_x * columns - gap, 4), np.uint8)
    figure, axes = new_axes(theme, canvas.shape[1] * pixel, canvas.shape[0] * pixel)
    axes.set_axis_off()
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        left, bottom = place % columns * pitch_x, (place // columns + 1) * pitch_y - gap
        canvas[bottom - height : bottom, left : left + width_of_image, :3] = image
        canvas[bottom - height : bottom, left : left + width_of_image, 3] = 255
        if title:
            top = bottom - height - 0.03 / pixel
            axes.text(left, top, title, size=_TITLE_SIZE, color=theme.ink, va="bottom", parse_math=False)
    extent = (0, canvas.shape[1], canvas.shape[0], 0)
    axes.imshow(canvas, extent=extent, interpolation="none", aspect="auto")
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return figure
