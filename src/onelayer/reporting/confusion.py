"""The confusion matrix as a picture: which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from onelayer.errors import printable
from onelayer.reporting.theme import LABEL_SIZE, LIGHT, NOTE_SIZE, Theme, new_axes, style_axes

__all__ = ["MOST_WITH_RATES", "confusion_figure", "row_rates", "short_name"]

MOST_WITH_RATES = 12
_MOST_WITH_COUNTS = 20
_MOST_NAMES = 40


def confusion_figure(counts: npt.NDArray[Any], class_names: Sequence[str], theme: Theme = LIGHT) -> Figure:
    r"""Draw a confusion matrix, coloured by the share of each true class; counts and shares are written where they fit.

    Parameters
    ----------
    counts : ndarray of int, shape (k, k)
        Rows are true classes, columns predicted ones.
    class_names : sequence of str, of length k
    theme : Theme

    Examples
    --------
    >>> figure = confusion_figure(np.array([[9, 1], [0, 5]]), ["two", "three"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9\n90%', '1\n10%', '5\n100%']
    """
    k = len(counts)
    with_rates = k <= MOST_WITH_RATES
    side = float(np.clip(0.46 * k, 2.2, 7.0))
    figure, axes = new_axes(theme, side, side)
    style_axes(axes, theme, x_label="predicted class", y_label="true class", grid="")
    rates = row_rates(counts)
    image = axes.imshow(rates, cmap=theme.sequential, vmin=0, vmax=1, interpolation="none")
    _name_classes(axes, class_names)
    axes.spines[:].set_visible(False)
    if k <= _MOST_WITH_COUNTS:
        _write_cells(axes, counts, rates, theme, with_rates=with_rates)
    if not with_rates:
        bar = figure.colorbar(image, cax=axes.inset_axes((1.03, 0.15, 0.03, 0.7)), format=PercentFormatter(xmax=1))
        bar.set_label("share of the true class", color=theme.ink, fontsize=NOTE_SIZE)
        bar.ax.tick_params(colors=theme.muted, labelcolor=theme.ink, labelsize=NOTE_SIZE)
        bar.outline.set_visible(False)
    return figure


def row_rates(counts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return each row of counts over its sum; a row without any is zeros.

    Examples
    --------
    >>> row_rates(np.array([[3, 1], [0, 0]]))
    array([[0.75, 0.25],
           [0.  , 0.  ]])
    """
    totals = counts.sum(axis=1, keepdims=True)
    rates: npt.NDArray[np.float64] = counts / np.maximum(totals, 1)
    return rates


def short_name(name: str, limit: int = 18) -> str:
    """Return a class name as a figure's label: no control characters, at most ``limit`` others.

    Examples
    --------
    >>> short_name("a class with a very long name")
    'a class with a ve…'
    """
    return printable(name, limit)


def _name_classes(axes: Axes, class_names: Sequence[str]) -> None:
    k = len(class_names)
    shown = range(0, k, -(-k // _MOST_NAMES))
    names = [short_name(class_names[index]) for index in shown]
    size = LABEL_SIZE - 1 if k <= _MOST_WITH_COUNTS else 7.5
    upright = max(map(len, names)) <= 3
    # Without parse_math, "$x$" in a name is text, not a formula (and "$\\frac" no error).
    axes.set_yticks(shown, names, fontsize=size, parse_math=False)
    axes.set_xticks(shown, names, fontsize=size, parse_math=False)
    axes.tick_params(length=0)
    if not upright:
        axes.tick_params(axis="x", rotation=90 if k > _MOST_WITH_COUNTS else 40)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("center" if k > _MOST_WITH_COUNTS else "right")
            label.set_rotation_mode("anchor" if k <= _MOST_WITH_COUNTS else "default")


def _write_cells(
    axes: Axes, counts: npt.NDArray[Any], rates: npt.NDArray[np.float64], theme: Theme, *, with_rates: bool
) -> None:
    size = 8.5 if with_rates else 7.0
    for row, column in np.argwhere(counts > 0):
        text = f"{counts[row, column]:,}" + (f"\n{rates[row, column]:.0%}" if with_rates else "")
        color = theme.text_on(theme.sequential(rates[row, column]))
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=size, linespacing=1.1)
