"""Results as pictures: how much longer others take, and how cost grows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from onelayer.bench.results import JobResult, times_the_rate
from onelayer.bench.with_numpy import SGEMM
from onelayer.figures import LIGHT, Theme
from onelayer.figures.drawing import svg_bytes
from onelayer.figures.matplotlib import LABEL_SIZE, NOTE_SIZE, style_axes
from onelayer.storage.atomic import write_atomically

__all__ = ["compared", "draw_all", "growth"]

_ROW_INCHES = 0.3
_TITLE_CHARACTERS = 64  # in a line; the axes are as wide as the longest line leaves them


def compared(results: Sequence[JobResult], theme: Theme = LIGHT) -> Figure:
    """Draw the time of each entry as a multiple of the subject's, for each job that has one; the axis is log."""
    shown = [result for result in results if result.subject]
    bars = [_bars(result) for result in shown]
    heights = [len(part) + 2 for part in bars]
    figure = Figure(figsize=(8.0, _ROW_INCHES * sum(heights)), facecolor=theme.paper, layout="constrained")
    panels = figure.subplots(len(shown), 1, height_ratios=heights, squeeze=False, sharex=True)[:, 0]
    for axes, result, part in zip(panels, shown, bars, strict=True):
        style_axes(axes, theme, grid="x")
        colours = [theme.train if _is_ours(name, result) else theme.held_out for name, _ in part]
        axes.barh([name for name, _ in part], [ratio for _, ratio in part], color=colours, height=0.7)
        axes.invert_yaxis()
        axes.set_xscale("log")
        _label_plainly(axes.xaxis)
        title = textwrap.fill(result.title, _TITLE_CHARACTERS)
        axes.set_title(title, loc="left", fontsize=LABEL_SIZE, color=theme.ink)
        for place, (_, ratio) in enumerate(part):
            axes.annotate(
                f"{float(f'{ratio:.2g}'):g}",
                (ratio, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=NOTE_SIZE,
                color=theme.ink,
            )
    longest = max((ratio for part in bars for _, ratio in part), default=1.0)
    panels[-1].set_xlim(0.5, 1.5 * longest)  # with room for the number beside the bar
    panels[-1].set_xlabel("times as long as onelayer, for the same work", fontsize=LABEL_SIZE, color=theme.ink)
    return figure


def _label_plainly(axis: Axis) -> None:
    """Label a logarithmic axis at 1, 2, 5, 10, 20 and so on, with numbers as one says them."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def _is_ours(name: str, result: JobResult) -> bool:
    """Tell whether an entry is onelayer's: by its name, or because the job compares nothing else."""
    return name.startswith("onelayer") or not result.subject.startswith("onelayer")


def _bars(result: JobResult) -> list[tuple[str, float]]:
    (subject,) = (entry for entry in result.entries if entry.name == result.subject)
    found = []
    for entry in result.entries:
        ratio = times_the_rate(subject, [entry])
        if entry.name not in SGEMM and ratio is not None:
            found.append((entry.name, ratio))
    return found


def growth(results: Sequence[JobResult], theme: Theme = LIGHT) -> Figure:
    """Draw the time of an epoch over the size, for each job over sizes; both axes are logarithmic."""
    shown = [result for result in results if result.axis]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.4 * rows), facecolor=theme.paper, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in panels[len(shown) :]:
        spare.set_visible(False)
    for axes, result in zip(panels, shown, strict=False):
        style_axes(axes, theme, x_label=result.axis, y_label="ms an epoch")
        for place, series in enumerate(dict.fromkeys(entry.series for entry in result.entries if entry.series)):
            points = [entry for entry in result.entries if entry.series == series and entry.seconds]
            sizes = [entry.size or 0 for entry in points]
            times = [median(entry.seconds) / entry.units * 1e3 for entry in points]
            axes.plot(sizes, times, marker="o", color=theme.runs[place], label=series)
        axes.set_xscale("log")
        axes.set_yscale("log")
        _label_plainly(axes.yaxis)
        axes.set_xticks(sorted({entry.size for entry in result.entries if entry.size is not None}))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.legend(frameon=False, fontsize=NOTE_SIZE, labelcolor=theme.ink)
        axes.set_title(result.title.split(":")[0], loc="left", fontsize=LABEL_SIZE, color=theme.ink)
    return figure


def draw_all(folder: Path, results: Sequence[JobResult], prefix: str = "") -> list[Path]:
    """Write what there is to draw into a folder, as ``compared.svg`` and ``growth.svg``; return the paths.

    Raises
    ------
    RunDirectoryError, StorageError
    """
    drawn = {
        "compared": compared(results) if any(result.subject for result in results) else None,
        "growth": growth(results) if any(result.axis for result in results) else None,
    }
    paths = []
    for name, figure in drawn.items():
        if figure is not None:
            paths.append(folder / f"{prefix}{name}.svg")
            write_atomically(paths[-1], svg_bytes(figure))
    return paths
