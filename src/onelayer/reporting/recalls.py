"""Per-class recall as bars with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from onelayer.reporting.confusion import short_name
from onelayer.reporting.theme import LABEL_SIZE, LIGHT, NOTE_SIZE, Theme, new_axes, style_axes

__all__ = ["MOST_BARS", "recall_figure"]

MOST_BARS = 30


def recall_figure(
    recalls: npt.NDArray[Any],
    intervals: npt.NDArray[Any],
    counts: npt.NDArray[Any],
    class_names: Sequence[str],
    accuracy: float,
    theme: Theme = LIGHT,
) -> Figure:
    """Draw one bar a class with its 95% interval; of more than 30 classes, the 30 with the lowest recall.

    Parameters
    ----------
    recalls : ndarray of shape (k,)
        Share of each true class that is predicted as such, 0 to 1; NaN where a class has no rows.
    intervals : ndarray of shape (k, 2)
        Lower and upper end of each.
    counts : ndarray of int, shape (k,)
        Rows of each true class.
    class_names : sequence of str, of length k
    accuracy : float
        Of all rows, drawn as a line to compare with.
    theme : Theme

    Examples
    --------
    >>> ends = np.array([[0.7, 0.97], [0.2, 0.8]])
    >>> figure = recall_figure(np.array([0.9, 0.5]), ends, np.array([30, 8]), ["two", "three"], 0.8)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['two (30)', 'three (8)']
    """
    order = np.arange(len(recalls))
    if len(recalls) > MOST_BARS:
        order = np.argsort(recalls, kind="stable")[:MOST_BARS]
    recalls, intervals = recalls[order], intervals[order]
    figure, axes = new_axes(theme, 4.2, 0.2 + 0.3 * len(order))
    style_axes(axes, theme, x_label="recall, with its 95% interval", grid="x")
    places = np.arange(len(order))
    lengths = np.abs(intervals.T - recalls)
    axes.barh(places, recalls, height=0.66, color=theme.train, alpha=0.75)
    axes.errorbar(recalls, places, xerr=lengths, fmt="none", ecolor=theme.ink, elinewidth=1.4, capsize=3)
    axes.axvline(
        accuracy, color=theme.held_out, linewidth=1.4, linestyle="--", label=f"accuracy of all, {accuracy:.1%}"
    )
    labels = [f"{short_name(class_names[index])} ({counts[index]:,})" for index in order.tolist()]
    axes.set_yticks(places, labels, fontsize=LABEL_SIZE - 1, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, 1.005)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    text = {"frameon": False, "labelcolor": theme.ink, "fontsize": NOTE_SIZE}
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, **text)
    return figure
