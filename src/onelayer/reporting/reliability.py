"""The reliability diagram: how often a model is right at each confidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from onelayer.evaluation import ReliabilityBin, wilson_interval
from onelayer.reporting.theme import LIGHT, NOTE_SIZE, Theme, new_axes, style_axes

__all__ = ["reliability_figure"]


def reliability_figure(bins: Sequence[ReliabilityBin], theme: Theme = LIGHT) -> Figure:
    """Draw the accuracy at each mean confidence with its 95% interval; larger points stand for more rows.

    Examples
    --------
    >>> figure = reliability_figure([ReliabilityBin(count=10, confidence=0.55, accuracy=0.6)])
    >>> figure.axes[0].lines[1].get_xydata().tolist()
    [[0.55, 0.6]]
    """
    full = [one for one in bins if one.count and one.confidence is not None and one.accuracy is not None]
    counts = np.array([one.count for one in full])
    x, y = (np.array([getattr(one, key) for one in full], float) for key in ("confidence", "accuracy"))
    ends = np.stack(wilson_interval(np.clip(np.round(y * counts), 0, counts), counts))
    figure, axes = new_axes(theme, 3.4, 3.4)
    style_axes(axes, theme, x_label="confidence", y_label="share that is right")
    axes.plot([0, 1], [0, 1], color=theme.muted, linestyle=":", linewidth=1.3, label="calibrated")
    axes.plot(x, y, color=theme.train, linewidth=1.3)
    lengths = np.maximum([[-1], [1]] * (ends - y), 0)
    axes.errorbar(x, y, yerr=lengths, fmt="none", ecolor=theme.train, capsize=2, label="this model, 95% intervals")
    axes.scatter(x, y, s=12 + 80 * counts / max(counts.max(initial=1), 1), color=theme.train, zorder=3)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1))
    axes.legend(frameon=False, labelcolor=theme.ink, fontsize=NOTE_SIZE)
    return figure
