"""How many rows of each class each part has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from onelayer.reporting.confusion import short_name
from onelayer.reporting.theme import LABEL_SIZE, LIGHT, NOTE_SIZE, Theme, new_axes, style_axes

__all__ = ["class_counts_figure"]

_MOST_NAMED = 30


def class_counts_figure(
    counts: Mapping[str, Sequence[int]], class_names: Sequence[str], theme: Theme = LIGHT
) -> Figure:
    """Draw the rows of each class, one bar a part, stacked; names are left out of more than 30 classes.

    Parameters
    ----------
    counts : mapping of str to sequence of int, of length k
        By part: ``train``, ``validation``, ``test``.
    class_names : sequence of str, of length k
    theme : Theme

    Examples
    --------
    >>> figure = class_counts_figure({"train": [5, 3], "test": [2, 1]}, ["two", "three"])
    >>> [float(bar.get_width()) for bar in figure.axes[0].patches]
    [5.0, 3.0, 2.0, 1.0]
    """
    k = len(class_names)
    figure, axes = new_axes(theme, 4.2, float(np.clip(0.28 * k, 1.0, 5.5)))
    style_axes(axes, theme, x_label="rows", grid="x")
    colors = {"train": theme.train, "validation": theme.held_out, "test": theme.third}
    left = np.zeros(k)
    for part, values in counts.items():
        axes.barh(np.arange(k), values, left=left, height=0.7, color=colors[part], label=part)
        left += values
    if k <= _MOST_NAMED:
        axes.set_yticks(range(k), [short_name(name) for name in class_names], fontsize=LABEL_SIZE - 1, parse_math=False)
    else:
        axes.set_ylabel("class", color=theme.ink)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(k - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    text = {"frameon": False, "labelcolor": theme.ink, "fontsize": NOTE_SIZE}
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=3, **text)
    return figure
