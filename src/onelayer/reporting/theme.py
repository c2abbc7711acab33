"""Colours and type of all figures, once for light pages and once for dark ones.

The hues are Okabe and Ito's blue, vermilion and bluish green (https://jfly.uni-koeln.de/color/), told apart by every
kind of colour vision; the green is darker for its contrast, and the dark theme lightens all of them for theirs.
Everything is set on the figure itself: no global setting of matplotlib is touched.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend

__all__ = [
    "DARK",
    "LABEL_SIZE",
    "LIGHT",
    "NOTE_SIZE",
    "Theme",
    "cell_text_color",
    "contrast",
    "legend_below",
    "new_axes",
    "style_axes",
]

LABEL_SIZE = 11.0
NOTE_SIZE = 9.5
_AROUND_INCHES = 0.8


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

    @property
    def sequential(self) -> LinearSegmentedColormap:
        """From the paper (0) to blue (1)."""
        return _color_map("sequential", self.paper, self.train)

    @property
    def diverging(self) -> LinearSegmentedColormap:
        """From blue (lowest) through the paper (0) to vermilion (highest)."""
        return _color_map("diverging", self.negative, self.paper, self.positive)

    def text_on(self, background: tuple[float, ...]) -> str:
        """Return ``ink`` or ``paper``, whichever stands out more on a colour.

        Examples
        --------
        >>> LIGHT.text_on((0.0, 0.0, 0.0)), LIGHT.text_on((1.0, 1.0, 1.0))
        ('#ffffff', '#1b1f24')
        """
        return max((self.ink, self.paper), key=lambda text: contrast(to_rgb(text), background))


@functools.cache
def _color_map(name: str, *colors: str) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list(name, colors)


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the contrast ratio of two sRGB colours, 1 to 21 (WCAG 2.2, contrast ratio).

    Examples
    --------
    >>> round(contrast((0, 0, 0), (1, 1, 1)), 6)
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
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
    background = tuple(
        (1 - share) * start + share * end
        for start, end in zip(to_rgb(theme.paper), to_rgb(theme.negative), strict=True)
    )
    return max(("#000000", "#ffffff"), key=lambda text: contrast(to_rgb(text), background))


def new_axes(theme: Theme, width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure on the theme's paper, and its axes of ``width`` × ``height`` inches.

    Labels stand around the axes and may reach beyond the figure: saving cuts to what is drawn, at any length of names.

    Examples
    --------
    >>> figure, axes = new_axes(LIGHT, 5, 3)
    >>> [round(float(side), 6) for side in axes.get_position().size * figure.get_size_inches()]
    [5.0, 3.0]
    """
    across, down = width + 2 * _AROUND_INCHES, height + 2 * _AROUND_INCHES
    figure = Figure(figsize=(across, down), facecolor=theme.paper)
    position = (_AROUND_INCHES / across, _AROUND_INCHES / down, width / across, height / down)
    return figure, figure.add_axes(position)


def legend_below(axes: Axes, theme: Theme, columns: int) -> Legend:
    """Write what is in the axes below them, each kind once, in columns.

    Examples
    --------
    >>> _, axes = new_axes(LIGHT, 5, 3)
    >>> lines = [axes.plot([0, 1], label="trial") for _ in range(2)]
    >>> [text.get_text() for text in legend_below(axes, LIGHT, 2).get_texts()]
    ['trial']
    """
    kinds = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    return axes.legend(
        list(kinds.values()),
        list(kinds),
        frameon=False,
        labelcolor=theme.ink,
        fontsize=NOTE_SIZE - 0.5,
        loc="upper center",
        ncols=columns,
        bbox_to_anchor=(0.5, -0.2),
        columnspacing=1.2,
    )


def style_axes(
    axes: Axes, theme: Theme, *, x_label: str = "", y_label: str = "", grid: Literal["x", "y", ""] = "y"
) -> None:
    """Give axes the theme's colours, their labels, and a faint grid along ``grid`` (``"x"``, ``"y"`` or ``""``).

    Examples
    --------
    >>> _, axes = new_axes(DARK, 5, 3)
    >>> style_axes(axes, DARK, x_label="step")
    >>> axes.get_xlabel()
    'step'
    """
    axes.set_facecolor(theme.paper)
    axes.set_xlabel(x_label, color=theme.ink, fontsize=LABEL_SIZE)
    axes.set_ylabel(y_label, color=theme.ink, fontsize=LABEL_SIZE)
    axes.tick_params(colors=theme.muted, labelcolor=theme.ink, labelsize=LABEL_SIZE - 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(theme.muted)
    if grid:
        axes.grid(visible=True, axis=grid, color=theme.grid, linewidth=1)
        axes.set_axisbelow(True)
