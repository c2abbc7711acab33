"""Class weights as pictures: what each class looks for in an image."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from onelayer.errors import InputError
from onelayer.reporting.confusion import short_name
from onelayer.reporting.theme import LABEL_SIZE, LIGHT, NOTE_SIZE, Theme, new_axes

__all__ = ["weight_figure", "weight_limit", "weight_palette", "weight_pixels", "weight_shades"]

_MOST_LARGE = 20
_TITLE_INCHES = 0.28
_GAP_INCHES = 0.1
_CHARACTERS = 120  # about as many of 1 point fit in an inch


def weight_figure(images: npt.NDArray[Any], names: Sequence[str], theme: Theme = LIGHT) -> Figure:
    """Draw the weights of each class as an image, all on one scale that is symmetric about 0.

    Parameters
    ----------
    images : ndarray of shape (k, h, w, c)
        One channel is drawn from blue (against the class) to vermilion (for it); three are drawn as RGB around
        mid-grey.
    names : sequence of str, of length k
    theme : Theme

    Raises
    ------
    InputError
        Neither one nor three channels.

    Examples
    --------
    >>> figure = weight_figure(np.zeros((3, 8, 8, 3)), ["a", "b", "c"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['a', 'b', 'c']
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        raise InputError(f"weight pictures need shape (k, h, w, 1) or (k, h, w, 3), not {images.shape}")
    k, height, width, channels = images.shape
    columns = min(k, 5 if k <= _MOST_LARGE else 10)
    tile_width = 5.0 / max(columns, 3)
    tile_height = tile_width * height / width
    pitch = np.array([tile_width + _GAP_INCHES, tile_height + _TITLE_INCHES])
    across, down = pitch * [columns, -(-k // columns)]
    figure, axes = new_axes(theme, across, down)
    axes.set_axis_off()
    size = LABEL_SIZE if columns <= 5 else 7.0
    limit = weight_limit(images)
    for place, (image, name) in enumerate(zip(images, names, strict=True)):
        left, top = pitch * [place % columns, place // columns] + [0, _TITLE_INCHES]
        drawn = _draw(axes, image, limit, (left, left + tile_width, top + tile_height, top), theme)
        title = short_name(name, int(tile_width / size * _CHARACTERS))
        axes.text(left + tile_width / 2, top - 0.05, title, size=size, color=theme.ink, **_CENTRED)
    axes.set(xlim=(0, across), ylim=(down, 0), aspect="equal")
    if channels == 1:
        _add_scale(figure, axes, drawn, clipped=limit < np.abs(images).max(), theme=theme)
    return figure


def weight_limit(images: npt.NDArray[Any]) -> float:
    """Return the end of the scale: the 99.5% quantile of magnitudes, so that single weights don't wash out the rest.

    Examples
    --------
    >>> weight_limit(np.array([-2.0, 2.0])), weight_limit(np.zeros(3))
    (2.0, 1.0)
    """
    magnitudes = np.abs(images)
    return float(np.quantile(magnitudes, 0.995)) or float(magnitudes.max()) or 1.0


def weight_pixels(image: npt.NDArray[Any], limit: float, theme: Theme = LIGHT) -> npt.NDArray[np.uint8]:
    """Return weights (h, w, c) as RGB pixels (h, w, 3): see :func:`weight_figure`.

    Examples
    --------
    >>> weight_pixels(np.array([[[-1.0, 0.0, 1.0]]]), 1.0)
    array([[[  0, 128, 255]]], dtype=uint8)
    """
    if image.shape[2] == 1:
        return weight_palette(theme)[weight_shades(image, limit)]
    return (_shares(image, limit) * 255 + 0.5).astype(np.uint8)


def weight_shades(image: npt.NDArray[Any], limit: float) -> npt.NDArray[np.uint8]:
    """Return weights (h, w, 1) as places (h, w) in a palette of 256 colours.

    Examples
    --------
    >>> weight_shades(np.array([[[-2.0], [0.0], [1.0]]]), 1.0)
    array([[  0, 128, 255]], dtype=uint8)
    """
    shades: npt.NDArray[np.uint8] = np.minimum(_shares(image[..., 0], limit) * 256, 255).astype(np.uint8)
    return shades


@functools.cache
def weight_palette(theme: Theme) -> npt.NDArray[np.uint8]:
    """Return the colours (256, 3) from the lowest weight to the highest.

    Examples
    --------
    >>> weight_palette(LIGHT)[[0, 128, 255]]
    array([[  0,  80, 125],
           [254, 254, 254],
           [168,  74,   0]], dtype=uint8)
    """
    colors: npt.NDArray[np.uint8] = theme.diverging(np.arange(256), bytes=True)[:, :3]
    return colors


def _shares(weights: npt.NDArray[Any], limit: float) -> npt.NDArray[Any]:
    """Return where on the scale weights are: 0 at −limit and below, 1 at limit and above."""
    shares: npt.NDArray[Any] = np.clip(0.5 + weights / (2 * limit), 0, 1)
    return shares


# Without parse_math, "$x$" in a name is text, not a formula.
_CENTRED: dict[str, Any] = {"ha": "center", "va": "bottom", "parse_math": False}


def _draw(
    axes: Axes, image: npt.NDArray[Any], limit: float, extent: tuple[float, float, float, float], theme: Theme
) -> AxesImage:
    left, right, bottom, top = extent
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=theme.grid, zorder=3))
    if image.shape[2] == 1:  # with a colour map, so that a scale can stand beside it
        return axes.imshow(
            image[:, :, 0], cmap=theme.diverging, vmin=-limit, vmax=limit, extent=extent, interpolation="none"
        )
    return axes.imshow(weight_pixels(image, limit, theme), extent=extent, interpolation="none")


def _add_scale(figure: Figure, axes: Axes, image: AxesImage, *, clipped: bool, theme: Theme) -> None:
    bar = figure.colorbar(image, cax=axes.inset_axes((1.01, 0.1, 0.025, 0.8)), extend="both" if clipped else "neither")
    bar.set_label("weight", color=theme.ink, fontsize=NOTE_SIZE)
    bar.ax.tick_params(colors=theme.muted, labelcolor=theme.ink, labelsize=NOTE_SIZE)
    bar.outline.set_edgecolor(theme.grid)
