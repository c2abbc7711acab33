"""Per-class recall as bars with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from onelayer.evaluation import wilson_interval
from onelayer.reporting.confusion import row_rates, short_name
from onelayer.reporting.theme import LABEL_SIZE, LIGHT, NOTE_SIZE, Theme, new_axes, style_axes

__all__ = ["MOST_BARS", "Recalls", "recall_figure"]

MOST_BARS = 30


@dataclass(frozen=True, eq=False)
class Recalls:
    """The share of each true class that is predicted as such.

    Parameters
    ----------
    shares : ndarray of shape (k,)
        0 to 1; NaN where a class has no rows.
    intervals : ndarray of shape (k, 2)
        Lower and upper end of each 95% Wilson interval.
    counts : ndarray of int, shape (k,)
        Rows of each true class.
    accuracy : float
        Of all rows.
    """

    shares: npt.NDArray[Any]
    intervals: npt.NDArray[Any]
    counts: npt.NDArray[Any]
    accuracy: float

    @classmethod
    def of(cls, confusion: npt.NDArray[Any]) -> Self:
        """Return the recalls of a confusion matrix (k, k), true classes in rows.

        Examples
        --------
        >>> found = Recalls.of(np.array([[3, 1], [0, 4]]))
        >>> found.shares, found.accuracy
        (array([0.75, 1.  ]), 0.875)
        """
        totals, hits = confusion.sum(axis=1), np.diagonal(confusion)
        shares = np.where(totals > 0, np.diagonal(row_rates(confusion)), np.nan)
        intervals = np.stack(wilson_interval(hits, totals), axis=1)
        return cls(shares, intervals, totals, float(hits.sum() / max(totals.sum(), 1)))

    @property
    def order(self) -> npt.NDArray[np.intp]:
        """The classes that are drawn: all, or of more than 30 the 30 with the lowest recall."""
        if len(self.shares) <= MOST_BARS:
            return np.arange(len(self.shares))
        return np.argsort(self.shares, kind="stable")[:MOST_BARS]


def recall_figure(recalls: Recalls, class_names: Sequence[str], theme: Theme = LIGHT) -> Figure:
    """Draw one bar a class with its 95% interval; of more than 30 classes, the 30 with the lowest recall.

    Examples
    --------
    >>> figure = recall_figure(Recalls.of(np.array([[27, 3], [4, 4]])), ["two", "three"])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['two (30)', 'three (8)']
    """
    order = recalls.order
    shares, intervals = recalls.shares[order], recalls.intervals[order]
    figure, axes = new_axes(theme, 4.2, 0.2 + 0.3 * len(order))
    style_axes(axes, theme, x_label="recall, with its 95% interval", grid="x")
    places = np.arange(len(order))
    lengths = np.abs(intervals.T - shares)
    axes.barh(places, shares, height=0.66, color=theme.train, alpha=0.75)
    axes.errorbar(shares, places, xerr=lengths, fmt="none", ecolor=theme.ink, elinewidth=1.4, capsize=3)
    line = f"accuracy of all, {recalls.accuracy:.1%}"
    axes.axvline(recalls.accuracy, color=theme.held_out, linewidth=1.4, linestyle="--", label=line)
    labels = [f"{short_name(class_names[index])} ({recalls.counts[index]:,})" for index in order.tolist()]
    axes.set_yticks(places, labels, fontsize=LABEL_SIZE - 1, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, 1.005)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    text = {"frameon": False, "labelcolor": theme.ink, "fontsize": NOTE_SIZE}
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, **text)
    return figure
