"""Colours of all figures, once for light pages and once for dark ones.

The hues are Okabe and Ito's blue, vermilion and bluish green (https://jfly.uni-koeln.de/color/), told apart by every
kind of colour vision; the green is darker for its contrast, and the dark theme lightens all of them for theirs.

A figure names colours by what they stand for; a theme says which colours these are: ``theme.color("held-out")``. A page
names them as variables of its style sheet, ``--held-out``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

from onelayer.arrays import Array

__all__ = [
    "DARK",
    "LIGHT",
    "RUN_COLORS",
    "Theme",
    "cell_text_color",
    "contrast",
    "palette",
    "rgb",
]

RUN_COLORS: Final = 7
_SHADES: Final = 256

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Theme:
    """The colours of one mode.

    Parameters
    ----------
    paper, ink, muted, grid : str
        Background, text, secondary text and grid lines, as ``#rrggbb``.
    train, held_out, third : str
        The hue of training figures, of figures on rows that were not trained on, and of what else stands beside them.
    negative, positive : str
        The ends of diverging scales, whose middle is ``paper``.
    runs : tuple of str
        The colours of runs that are compared; all stand out from the paper by 3 or more.
    """

    paper: str
    ink: str
    muted: str
    grid: str
    train: str
    held_out: str
    third: str
    negative: str
    positive: str
    runs: tuple[str, ...]

    def color(self, name: str) -> str:
        """Return the colour of a name: ``"ink"``, ``"held-out"``, ``"run-0"``.

        Examples
        --------
        >>> LIGHT.color("held-out"), LIGHT.color("run-1")
        ('#d55e00', '#d55e00')
        """
        kind, _, number = name.partition("-")
        color: str = self.runs[int(number)] if kind == "run" else getattr(self, name.replace("-", "_"))
        return color

    @property
    def sequential(self) -> Array:
        """The shades, as :func:`palette`, from the paper to blue."""
        return palette(self.paper, self.train)

    @property
    def diverging(self) -> Array:
        """The shades from blue (lowest) through the paper (0) to vermilion (highest)."""
        return palette(self.negative, self.paper, self.positive)

    def text_on(self, background: Color) -> str:
        """Return ``"ink"`` or ``"paper"``, whichever stands out more on a colour.

        Examples
        --------
        >>> LIGHT.text_on((0.0, 0.0, 0.0)), LIGHT.text_on((1.0, 1.0, 1.0))
        ('paper', 'ink')
        """
        return max(("ink", "paper"), key=lambda name: contrast(rgb(self.color(name)), background))


def rgb(color: str) -> Color:
    """Return ``#rrggbb`` as three shares of 1.

    Examples
    --------
    >>> rgb("#ff0033")
    (1.0, 0.0, 0.2)
    """
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


@functools.cache
def palette(*colors: str) -> Array:
    """Return 256 shades (256, 3) from the first colour to the last, 0 to 1, that go through the others evenly.

    Examples
    --------
    >>> palette("#000000", "#ffffff")[[0, 255]]
    array([[0., 0., 0.],
           [1., 1., 1.]])
    """
    places = np.linspace(0, len(colors) - 1, _SHADES)
    ends = np.array([rgb(color) for color in colors])
    shades = np.stack([np.interp(places, np.arange(len(colors)), ends[:, channel]) for channel in range(3)], axis=1)
    shades.flags.writeable = False
    return shades


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two sRGB colours, 1 to 21 (WCAG 2.2, contrast ratio).

    Examples
    --------
    >>> round(contrast((0, 0, 0), (1, 1, 1)), 6)
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


LIGHT = Theme(
    paper="#ffffff",
    ink="#1b1f24",
    muted="#59636e",
    grid="#e3e7eb",
    train="#0072b2",
    held_out="#d55e00",
    third="#00835f",
    negative="#00507d",
    positive="#a84a00",
    runs=("#0072b2", "#d55e00", "#00835f", "#a8437f", "#7a6400", "#3d3d9c", "#59636e"),
)
DARK = Theme(
    paper="#16191d",
    ink="#e8ebee",
    muted="#9aa4af",
    grid="#2d333a",
    train="#56b4e9",
    held_out="#ff9a52",
    third="#3fc49a",
    negative="#6cc3f2",
    positive="#ffa566",
    runs=("#56b4e9", "#ff9a52", "#3fc49a", "#e29ac4", "#d8c24a", "#a9a6f5", "#9aa4af"),
)


def cell_text_color(theme: Theme, share: float) -> str:
    """Return black or white, whichever stands out more on a cell that is ``share`` of the way from paper to blue.

    One of the two has a contrast of at least 4.58, whatever the colour.

    Examples
    --------
    >>> cell_text_color(LIGHT, 0.0), cell_text_color(LIGHT, 1.0), cell_text_color(DARK, 0.0)
    ('#000000', '#ffffff', '#ffffff')
    """
    paper, full = rgb(theme.paper), rgb(theme.negative)
    red, green, blue = ((1 - share) * start + share * end for start, end in zip(paper, full, strict=True))
    return max(("#000000", "#ffffff"), key=lambda text: contrast(rgb(text), (red, green, blue)))
