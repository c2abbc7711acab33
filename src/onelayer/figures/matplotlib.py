"""Figures as matplotlib's drawings, for files.

Everything is set on the drawing itself: no global setting of matplotlib is touched. Texts are never read as formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Final, Literal

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure as Drawn
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from onelayer.figures import specification as spec
from onelayer.figures.images import weight_pixels
from onelayer.figures.theme import LIGHT, Theme

__all__ = ["LABEL_SIZE", "NOTE_SIZE", "draw", "new_axes", "style_axes"]

LABEL_SIZE: Final = 11.0
NOTE_SIZE: Final = 9.5

_AROUND_INCHES: Final = 0.8
_DASHES: Final = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
_SYMBOLS: Final = {"": "", "dot": "o", "star": "*", "diamond": "D", "cross": "x"}
_SIDES: Final = {"diamond": 0.5**0.5}  # of symbols whose size is not their diameter
_MOST_LETTERS: Final = 40  # of names beside each other
_SLANT: Final = 40
_MOST_WIDE: Final = 20  # cells beside each other whose names need not be small and upright

# Of pictures, in inches.
_MOSAIC_TITLE: Final = 7.5  # points
_LINE: Final = 0.13
_GAP: Final = 0.08
_WEIGHTS_WIDTH: Final = 5.0
_WEIGHTS_TITLE: Final = 0.28
_WEIGHTS_GAP: Final = 0.1
_LETTERS_AN_INCH: Final = 120  # of 1 point


def draw(figure: spec.Figure, theme: Theme = LIGHT) -> Drawn:
    """Return a figure as a drawing, which can be changed before it is saved.

    Examples
    --------
    >>> line = spec.Series(np.arange(2), np.array([0.5, 0.25]), "training")
    >>> drawn = draw(spec.Figure("loss", "It falls", "", spec.Plot([line], spec.Axis("step"), spec.Axis("loss"))))
    >>> drawn.axes[0].get_ylabel()
    'loss'
    """
    panel = figure.panel
    if isinstance(panel, spec.Plot):
        return _plot(panel, theme)
    if isinstance(panel, spec.Matrix):
        return _matrix(panel, theme)
    if isinstance(panel, spec.Mosaic):
        return _mosaic(panel, theme)
    return _weights(panel, theme)


def new_axes(theme: Theme, width: float, height: float) -> tuple[Drawn, Axes]:
    """Return a drawing on the theme's paper, and its axes of ``width`` × ``height`` inches.

    Labels stand around the axes and may reach beyond the drawing: saving cuts to what is drawn, at any length of names.

    Examples
    --------
    >>> drawn, axes = new_axes(LIGHT, 5, 3)
    >>> [round(float(side), 6) for side in axes.get_position().size * drawn.get_size_inches()]
    [5.0, 3.0]
    """
    across, down = width + 2 * _AROUND_INCHES, height + 2 * _AROUND_INCHES
    drawn = Drawn(figsize=(across, down), facecolor=theme.paper)
    position = (_AROUND_INCHES / across, _AROUND_INCHES / down, width / across, height / down)
    return drawn, drawn.add_axes(position)


def style_axes(
    axes: Axes, theme: Theme, *, x_label: str = "", y_label: str = "", grid: Literal["both", "x", "y", ""] = "y"
) -> None:
    """Give axes the theme's colours, their labels, and a faint grid along ``grid``.

    Examples
    --------
    >>> _, axes = new_axes(LIGHT, 5, 3)
    >>> style_axes(axes, LIGHT, x_label="step")
    >>> axes.get_xlabel()
    'step'
    """
    axes.set_facecolor(theme.paper)
    axes.set_xlabel(x_label, color=theme.ink, fontsize=LABEL_SIZE, parse_math=False)
    axes.set_ylabel(y_label, color=theme.ink, fontsize=LABEL_SIZE, parse_math=False)
    axes.tick_params(colors=theme.muted, labelcolor=theme.ink, labelsize=LABEL_SIZE - 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(theme.muted)
    if grid:
        axes.grid(visible=True, axis=grid, color=theme.grid, linewidth=1)
        axes.set_axisbelow(True)


def _plot(plot: spec.Plot, theme: Theme) -> Drawn:
    drawn, axes = new_axes(theme, *plot.size)
    steps = f" ({plot.steps_an_epoch:,} an epoch)" if plot.steps_an_epoch else ""
    # Beside bars the grid marks lengths, else heights.
    grid: Literal["x", "y"] = "x" if any(isinstance(mark, spec.Bars) for mark in plot.marks) else "y"
    style_axes(axes, theme, x_label=plot.x.label + steps, y_label=plot.y.label, grid=grid)
    for mark in plot.marks:
        if isinstance(mark, spec.Series):
            _series(axes, mark, theme)
        elif isinstance(mark, spec.Band):
            axes.fill_between(mark.x, mark.low, mark.high, color=theme.color(mark.color), alpha=0.2, linewidth=0)
        elif isinstance(mark, spec.Bars):
            _bars(axes, mark, theme)
        elif isinstance(mark, spec.Feet):
            style: dict[str, Any] = {"marker": "x", "markersize": 6, "linestyle": "", "color": theme.ink}
            axes.plot(mark.x, [0.03] * len(mark.x), transform=axes.get_xaxis_transform(), label=mark.label, **style)
        else:
            line = axes.axvline if mark.axis == "x" else axes.axhline
            style = {"linewidth": 1.2, "linestyle": _DASHES[mark.dash], "color": theme.color(mark.color)}
            line(mark.at, label=mark.label, **style)
    axes.margins(x=0.02)
    _scale(axes, axes.xaxis, plot.x)
    _scale(axes, axes.yaxis, plot.y)
    if plot.is_square:
        axes.set_aspect("equal")
    _legend(axes, plot.legend, theme)
    return drawn


def _series(axes: Axes, series: spec.Series, theme: Theme) -> None:
    color = theme.color(series.color)
    line: dict[str, Any] = {"color": color, "alpha": series.opacity, "label": series.label or None}
    line |= {"linestyle": _DASHES[series.dash] if series.width else "", "linewidth": series.width or 1.5}
    sized = isinstance(series.size, np.ndarray)
    if series.symbol and not sized:
        line |= {"marker": _SYMBOLS[series.symbol], "markersize": series.size * _SIDES.get(series.symbol, 1.0)}
    if series.symbol == "star":
        line |= {"markeredgecolor": theme.paper, "markeredgewidth": 0.8, "zorder": 5}
    elif series.symbol == "diamond":
        line |= {"markerfacecolor": "none", "markeredgewidth": 1.5, "zorder": 5}
    elif not series.width:
        line |= {"markeredgewidth": 0}
    if series.low is not None and series.high is not None:
        reach = np.maximum([series.y - series.low, series.high - series.y], 0)
        axes.errorbar(series.x, series.y, yerr=reach, capsize=2.5, elinewidth=1.1, **line)
    else:
        axes.plot(series.x, series.y, **line)
    if series.symbol and sized:
        axes.scatter(series.x, series.y, s=np.asarray(series.size) ** 2, color=color, zorder=3)


def _bars(axes: Axes, bars: spec.Bars, theme: Theme) -> None:
    axes.barh(
        bars.places,
        bars.lengths,
        left=0 if bars.starts is None else bars.starts,
        height=bars.thickness,
        color=theme.color(bars.color),
        alpha=bars.opacity,
        label=bars.label or None,
    )
    if bars.low is not None and bars.high is not None:
        reach = np.abs([bars.lengths - bars.low, bars.high - bars.lengths])
        style: dict[str, Any] = {"fmt": "none", "ecolor": theme.ink, "elinewidth": 1.4, "capsize": 3}
        axes.errorbar(bars.lengths, bars.places, xerr=reach, **style)


def _scale(axes: Axes, drawn: DrawnAxis, axis: spec.Axis) -> None:
    """Give an axis its scale, ends and ticks."""
    is_x = drawn is axes.xaxis
    if axis.log:
        (axes.set_xscale if is_x else axes.set_yscale)("log")
    if axis.ticks is not None:
        _name(axes, drawn, axis.ticks, LABEL_SIZE - 1)
        if not axis.grid:
            drawn.set_tick_params(length=0)
    elif axis.form == "count":
        drawn.set_major_locator(ticker.MaxNLocator(6, integer=True))
        drawn.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    elif axis.form == "percent":
        drawn.set_major_formatter(ticker.PercentFormatter(xmax=1))
    (axes.set_xlim if is_x else axes.set_ylim)(axis.first, axis.last)
    if axis.backwards:
        drawn.set_inverted(True)


def _name(axes: Axes, drawn: DrawnAxis, ticks: Sequence[tuple[float, str]], size: float) -> None:
    """Name some places of an axis; names below the axes are slanted where they might not have room."""
    places, names = [place for place, _ in ticks], [name for _, name in ticks]
    low, high = drawn.get_view_interval()
    if drawn.get_scale() == "log":  # ticks are for decades that are in view
        inside = [(place, name) for place, name in ticks if low <= place <= high]
        places, names = [place for place, _ in inside], [name for _, name in inside]
    drawn.set_ticks(places, labels=names, fontsize=size, parse_math=False)
    drawn.set_minor_locator(ticker.NullLocator())
    if drawn is axes.xaxis and max(map(len, names), default=0) * len(names) > _MOST_LETTERS:
        drawn.set_tick_params(rotation=_SLANT)
        for label in drawn.get_ticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")


def _legend(axes: Axes, place: str, theme: Theme) -> None:
    """Write what is in the axes, each kind once, in the order of drawing."""
    kinds = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if place == "none" or not kinds:
        return
    style: dict[str, Any] = {"frameon": False, "labelcolor": theme.ink, "fontsize": NOTE_SIZE}
    if place == "above":
        style |= {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0, "ncols": 3}
    elif place == "shared":
        style |= {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": 3 if len(kinds) == 3 else 2}
        style |= {"fontsize": NOTE_SIZE - 0.5, "columnspacing": 1.2}
    legend = axes.legend(list(kinds.values()), list(kinds), **style)
    for text in legend.get_texts():
        text.set_parse_math(False)
    if place == "shared":
        for handle in legend.legend_handles:  # lines that are pale because there are many
            if isinstance(handle, Line2D) and handle.get_linestyle() != "None":
                handle.set_alpha(1.0)


def _matrix(matrix: spec.Matrix, theme: Theme) -> Drawn:
    drawn, axes = new_axes(theme, *matrix.size)
    style_axes(axes, theme, x_label=matrix.x.label, y_label=matrix.y.label, grid="")
    shades = ListedColormap(theme.sequential)
    norm = Normalize(matrix.low, matrix.high, clip=True)
    origin: Literal["upper", "lower"] = "upper" if matrix.y.backwards else "lower"
    image = axes.imshow(matrix.values, cmap=shades, norm=norm, aspect="auto", origin=origin, interpolation="none")
    axes.spines[:].set_visible(False)
    is_wide = matrix.values.shape[1] > _MOST_WIDE
    for axis, named in ((axes.xaxis, matrix.x), (axes.yaxis, matrix.y)):
        _name(axes, axis, named.ticks or (), 7.5 if is_wide else NOTE_SIZE)
    axes.tick_params(length=0)
    if is_wide:
        axes.tick_params(axis="x", rotation=90)
        for label in axes.get_xticklabels():
            label.set(horizontalalignment="center", rotation_mode="default")
    for row, texts in enumerate(matrix.texts):
        for column, text in enumerate(texts):
            if text:
                value = matrix.values[row, column]
                shade = theme.sequential[0 if np.isnan(value) else int(norm(value) * 255)]
                style: dict[str, Any] = {"fontsize": matrix.text_size, "linespacing": 1.1, "parse_math": False}
                color = theme.color(theme.text_on(tuple(shade)))
                axes.text(column, row, text, ha="center", va="center", color=color, **style)
    for frame in matrix.frames:
        side = 1.0 - 2 * frame.inset
        corner = (frame.column - side / 2, frame.row - side / 2)
        dash: Any = (0, (2, 1.5)) if frame.dash == "dash" else _DASHES[frame.dash]
        line = {"edgecolor": theme.held_out, "linewidth": 2.5, "linestyle": dash}
        axes.add_patch(Rectangle(corner, side, side, fill=False, **line))
    if matrix.scale:
        bar = drawn.colorbar(image, cax=axes.inset_axes((1.04, 0.1, 0.03, 0.8)), format=ticker.PercentFormatter(xmax=1))
        _style_bar(bar, matrix.scale, theme)
    return drawn


def _style_bar(bar: Any, label: str, theme: Theme) -> None:
    bar.set_label(label, color=theme.ink, fontsize=NOTE_SIZE)
    bar.ax.tick_params(colors=theme.muted, labelcolor=theme.ink, labelsize=NOTE_SIZE)
    bar.outline.set_visible(False)


def _mosaic(mosaic: spec.Mosaic, theme: Theme) -> Drawn:
    images = mosaic.images
    places = range(len(images)) if mosaic.places is None else mosaic.places.tolist()
    height, width = images.shape[1:3]
    pixel = (mosaic.width / mosaic.columns - _GAP) / width  # in inches
    gap = max(1, round(_GAP / pixel))
    lines = max((title.count("\n") + 1 for title in mosaic.titles if title), default=0)
    pitch_x, pitch_y = width + gap, height + gap + ceil(_LINE * lines / pixel)
    rows = 1 + max(places) // mosaic.columns
    # One image of all, transparent between them: drawing each by itself takes ten times as long.
    canvas = np.zeros((pitch_y * rows, pitch_x * mosaic.columns - gap, 4), np.uint8)
    drawn, axes = new_axes(theme, canvas.shape[1] * pixel, canvas.shape[0] * pixel)
    axes.set_axis_off()
    for place, image, title in zip(places, images, mosaic.titles, strict=True):
        left, bottom = place % mosaic.columns * pitch_x, (place // mosaic.columns + 1) * pitch_y - gap
        canvas[bottom - height : bottom, left : left + width, :3] = image
        canvas[bottom - height : bottom, left : left + width, 3] = 255
        if title:
            top = bottom - height - 0.03 / pixel
            axes.text(left, top, title, size=_MOSAIC_TITLE, color=theme.ink, va="bottom", parse_math=False)
    extent = (0, canvas.shape[1], canvas.shape[0], 0)
    axes.imshow(canvas, extent=extent, interpolation="none", aspect="auto")
    axes.set(xlim=extent[:2], ylim=extent[2:])
    return drawn


def _weights(weights: spec.Weights, theme: Theme) -> Drawn:
    k, height, width, channels = weights.images.shape
    columns = min(k, 5 if k <= 20 else 10)
    across = _WEIGHTS_WIDTH / max(columns, 3)
    down = across * height / width
    pitch = np.array([across + _WEIGHTS_GAP, down + _WEIGHTS_TITLE])
    whole = pitch * [columns, -(-k // columns)]
    drawn, axes = new_axes(theme, *whole)
    axes.set_axis_off()
    size = LABEL_SIZE if columns <= 5 else 7.0
    letters = int(across / size * _LETTERS_AN_INCH)
    centred: dict[str, Any] = {"size": size, "color": theme.ink, "ha": "center", "va": "bottom", "parse_math": False}
    for place, (image, title) in enumerate(zip(weights.images, weights.titles, strict=True)):
        left, top = pitch * [place % columns, place // columns] + [0, _WEIGHTS_TITLE]
        extent = (left, left + across, top + down, top)
        axes.add_patch(Rectangle((left, top), across, down, fill=False, edgecolor=theme.grid, zorder=3))
        axes.imshow(weight_pixels(image, weights.limit, theme), extent=extent, interpolation="none")
        short = title if len(title) <= letters else title[: letters - 1] + "…"
        axes.text(left + across / 2, top - 0.05, short, **centred)
    axes.set(xlim=(0, whole[0]), ylim=(whole[1], 0), aspect="equal")
    if channels == 1:
        # The scale is drawn of an image that is not shown: the others are pixels already.
        norm, shades = Normalize(-weights.limit, weights.limit), ListedColormap(theme.diverging)
        unseen = axes.imshow([[0.0]], cmap=shades, norm=norm, extent=(0, 1, 1, 0), visible=False)
        is_cut = weights.limit < np.abs(weights.images).max()
        bar = drawn.colorbar(
            unseen, cax=axes.inset_axes((1.01, 0.1, 0.025, 0.8)), extend="both" if is_cut else "neither"
        )
        _style_bar(bar, "weight", theme)
        bar.outline.set(visible=True, edgecolor=theme.grid)
    return drawn
