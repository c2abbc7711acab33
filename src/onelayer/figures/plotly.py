"""Figures as plotly's charts, for pages: what the page's script takes, without plotly itself.

Texts are escaped here, as plotly reads some HTML in them. Colours are names of variables of the page's style sheet
(``"--train"``): the page has a light and a dark set of them.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onelayer.arrays import Array
from onelayer.figures.specification import Axis, Band, Bars, Feet, Figure, Mark, Matrix, Plot, Rule, Series
from onelayer.figures.theme import LIGHT

__all__ = ["chart", "is_chart", "numbers"]

Chart = dict[str, Any]

_SYMBOLS: Final = {"dot": "circle", "star": "star", "diamond": "diamond-open", "cross": "x-thin"}
_PIXELS: Final = 4 / 3  # a point
_DIAMETERS: Final = {"star": 1.4, "diamond": 1.3}  # of symbols of size 1; of the others it is 1
_SLANT: Final = -40
_MOST_LETTERS: Final = 36  # of names beside each other
_MOST_WIDE: Final = 20  # cells beside each other whose names need not be small and upright
_MOST_PARTED: Final = 30  # cells beside each other with room for a line between them


def is_chart(figure: Figure) -> bool:
    """Return whether a figure can be a chart: pictures stand in a page as images instead."""
    return isinstance(figure.panel, Plot | Matrix)


def chart(figure: Figure) -> Chart:
    """Return a figure as the page's script takes it: ``data`` and ``layout`` as plotly has them.

    Parameters
    ----------
    figure : Figure
        Of a Plot or a Matrix.

    Examples
    --------
    >>> from onelayer.figures.specification import Series
    >>> line = Series(np.arange(2), np.array([0.5, 0.25]), "training")
    >>> found = chart(Figure("loss", "It falls", "", Plot([line], Axis("step"), Axis("loss"))))
    >>> found["data"][0]["y"], found["layout"]["xaxis"]["title"]
    ([0.5, 0.25], {'text': 'step'})
    """
    panel = figure.panel
    if isinstance(panel, Matrix):
        traces, layout, steps = _matrix_traces(panel), _matrix_layout(panel), None
    elif isinstance(panel, Plot):
        traces, layout, steps = _plot_traces(panel), _plot_layout(panel), panel.steps_an_epoch
    else:
        raise TypeError(f"{figure.name} is of pictures, which are no chart")
    return {"data": traces, "layout": {"height": figure.height, **layout}, "stepsPerEpoch": steps}


def numbers(values: npt.ArrayLike, digits: int = 5) -> list[float | int | None]:
    """Return values with ``digits`` significant ones, NaN as None.

    Examples
    --------
    >>> numbers([1.23456789, np.nan]), numbers(np.arange(2))
    ([1.2346, None], [0, 1])
    """
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        integers: list[float | int | None] = array.tolist()
        return integers
    array = array.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        places = digits - 1 - np.floor(np.log10(np.abs(array)))
    # Powers of ten up to 22 are exact in float64, so that an integer scaled by one is written without a digit too many.
    exact = np.isfinite(places) & (np.abs(places) <= 22)
    powers = 10.0 ** np.where(exact, np.abs(places), 0)
    up = places >= 0
    with np.errstate(invalid="ignore"):
        whole = np.rint(np.where(up, array * powers, array / powers))
        rounded = np.where(exact, np.where(up, whole / powers, whole * powers), array)
    return [value if isfinite(value) else None for value in rounded.tolist()]


def _text(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _plot_traces(plot: Plot) -> list[Chart]:
    traces = []
    for mark in plot.marks:
        if isinstance(mark, Series):
            traces.append(_series(mark, plot))
        elif isinstance(mark, Band):
            traces += _band(mark)
        elif isinstance(mark, Bars):
            traces.append(_bars(mark))
        elif isinstance(mark, Feet):
            traces.append(_feet(mark))
        elif mark.axis == "y":
            traces += _reach(mark, plot.marks)
    return traces


def _series(series: Series, plot: Plot) -> Chart:
    color = f"--{series.color}"
    mode = "+".join(filter(None, ["lines" if series.width else "", "markers" if series.symbol else ""]))
    trace: Chart = {
        "type": "scatter",
        "mode": mode,
        "x": numbers(series.x, 7),
        "y": numbers(series.y),
        "name": _text(series.label),
        "showlegend": bool(series.label),
        "opacity": series.opacity,
        **_said(series.words, plot),
    }
    if series.width:
        trace["line"] = {"color": color, "width": round(series.width * _PIXELS, 1), "dash": series.dash}
    if series.symbol:
        size = np.asarray(series.size) * _PIXELS / _DIAMETERS.get(series.symbol, 1.0)
        trace["marker"] = {
            "symbol": _SYMBOLS[series.symbol],
            "size": numbers(size, 3) if size.ndim else round(float(size), 1),
            "color": color,
        }
        if series.symbol == "star":
            trace["marker"]["line"] = {"color": "--paper", "width": 1}
        elif series.symbol == "diamond":
            trace["marker"]["line"] = {"color": color, "width": 2}
    if series.low is not None and series.high is not None:
        trace["error_y"] = _interval(series.y, series.low, series.high, color)
    return trace


def _said(words: Sequence[str] | str, plot: Plot) -> Chart:
    """Return what is said where the pointer is on a point."""
    value = "%{y:.2%}" if plot.y.form == "percent" else "%{y:.4g}"
    if isinstance(words, str):
        return {
            "text": _text(words),
            "hovertemplate": f"%{{text}}<br>{_text(plot.x.label)} %{{x:.4~g}}: {value}<extra></extra>",
        }
    if not len(words):
        return {"hovertemplate": value}
    if not any(words):
        return {"hoverinfo": "skip"}
    return {"customdata": [_text(text) for text in words], "hovertemplate": "%{customdata}<extra></extra>"}


def _interval(middle: Array, low: Array, high: Array, color: str) -> Chart:
    return {
        "type": "data",
        "symmetric": False,
        "array": numbers(np.maximum(high - middle, 0)),
        "arrayminus": numbers(np.maximum(middle - low, 0)),
        "color": color,
        "thickness": 1.3,
        "width": 4,
    }


def _band(band: Band) -> list[Chart]:
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": numbers(band.x, 7),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [
        {**edge, "y": numbers(band.low)},
        {**edge, "y": numbers(band.high), "fill": "tonexty", "fillcolor": f"--{band.color}-band"},
    ]


def _bars(bars: Bars) -> Chart:
    soft = "-soft" if bars.opacity < 1 else ""
    trace: Chart = {
        "type": "bar",
        "orientation": "h",
        "y": numbers(bars.places),
        "x": numbers(bars.lengths),
        "width": bars.thickness,
        "name": _text(bars.label),
        "showlegend": bool(bars.label),
        "marker": {"color": f"--{bars.color}{soft}"},
        "customdata": [_text(text) for text in bars.words],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    if bars.starts is not None:
        trace["base"] = numbers(bars.starts)
    if bars.low is not None and bars.high is not None:
        trace["error_x"] = _interval(bars.lengths, bars.low, bars.high, "--ink")
    return trace


def _feet(feet: Feet) -> Chart:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(feet.x),
        "y": [0.03] * len(feet.x),
        "yaxis": "y2",
        "marker": {"symbol": _SYMBOLS["cross"], "size": 9, "line": {"color": "--ink", "width": 1.5}},
        "customdata": [_text(text) for text in feet.words],
        "hovertemplate": "%{customdata}<extra></extra>",
        "name": _text(feet.label),
    }


def _reach(rule: Rule, marks: Sequence[Mark]) -> list[Chart]:
    """Return an invisible point at the height of a rule: a shape does not stretch its axis."""
    x = next((numbers(mark.x[-1:]) for mark in marks if isinstance(mark, Series) and len(mark.x)), [0])
    marker = {"size": 1, "opacity": 0}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": x,
            "y": [rule.at],
            "marker": marker,
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _plot_layout(plot: Plot) -> Chart:
    layout: Chart = {
        "xaxis": _axis(plot.x) | _slant(plot.x),
        "yaxis": _axis(plot.y),
        "shapes": [_rule(mark) for mark in plot.marks if isinstance(mark, Rule)],
        "hovermode": "closest" if _has_words(plot) else "x unified",
        "showlegend": plot.legend not in ("shared", "none"),
    }
    if any(isinstance(mark, Bars) for mark in plot.marks):
        layout["barmode"] = "overlay"
    if any(isinstance(mark, Feet) for mark in plot.marks):
        unseen = {"range": [0, 1], "visible": False, "fixedrange": True}
        layout["yaxis2"] = {"overlaying": "y", **unseen}
    return layout


def _has_words(plot: Plot) -> bool:
    return any(len(mark.words) > 0 for mark in plot.marks if isinstance(mark, Series | Bars))


def _axis(axis: Axis) -> Chart:
    found: Chart = {"title": {"text": _text(axis.label)}, "showgrid": axis.grid, "zeroline": False}
    if axis.log:
        found["type"] = "log"
    if axis.form != "plain":
        found["tickformat"] = {"percent": "~%", "count": ",.12~r"}[axis.form]
    if axis.ticks is not None:
        found |= {"tickvals": [place for place, _ in axis.ticks], "ticktext": [_text(name) for _, name in axis.ticks]}
    if axis.first is not None and axis.last is not None:
        found["range"] = [axis.last, axis.first] if axis.backwards else [axis.first, axis.last]
        found["fixedrange"] = axis.ticks is not None  # nothing lies between named places
    elif axis.first == 0:
        found["rangemode"] = "tozero"
    return found


def _slant(axis: Axis) -> Chart:
    """Return the angle of names below a plot: slanted where they might not have room beside each other."""
    names = [name for _, name in axis.ticks or ()]
    return {"tickangle": _SLANT if max(map(len, names), default=0) * len(names) > _MOST_LETTERS else 0}


def _rule(rule: Rule) -> Chart:
    other = "y" if rule.axis == "x" else "x"
    return {
        "type": "line",
        f"{rule.axis}0": rule.at,
        f"{rule.axis}1": rule.at,
        f"{other}ref": "paper",
        f"{other}0": 0,
        f"{other}1": 1,
        "line": {"color": f"--{rule.color}", "width": 1.3, "dash": rule.dash},
        "name": _text(rule.label),
        "showlegend": bool(rule.label),
    }


def _matrix_traces(matrix: Matrix) -> list[Chart]:
    rows, columns = matrix.values.shape
    heat: Chart = {
        "type": "heatmap",
        "x": list(range(columns)),
        "y": list(range(rows)),
        "z": [numbers(row, 4) for row in matrix.values],
        "text": [[_text(text) for text in row] for row in matrix.words],
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
        "colorscale": [[0, "--paper"], [1, "--train"]],
        "zmin": matrix.low,
        "zmax": matrix.high,
        "xgap": 1 if columns <= _MOST_PARTED else 0,
        "ygap": 1 if columns <= _MOST_PARTED else 0,
        "showscale": bool(matrix.scale),
        "colorbar": {"tickformat": "~%", "thickness": 12, "outlinewidth": 0},
    }
    return [heat, *_cell_texts(matrix)]


def _cell_texts(matrix: Matrix) -> list[Chart]:
    """Return what is written in the cells; empty ones, which have no colour to point at, say what they are."""
    shades, traces = LIGHT.sequential, []
    cells = [(row, column, text) for row, line in enumerate(matrix.texts) for column, text in enumerate(line) if text]
    for is_empty in (False, True):
        chosen = [one for one in cells if np.isnan(matrix.values[one[:2]]) == is_empty]
        if not chosen:
            continue
        colors = []
        for row, column, _ in chosen:
            share = (matrix.values[row, column] - matrix.low) / max(matrix.high - matrix.low, 1e-12)
            # In dark pages ink is light, and so is the blue's lighter end there.
            shade = shades[0 if is_empty else int(np.clip(share * 255, 0, 255))]
            colors.append(f"--{LIGHT.text_on(tuple(shade))}")
        words = [_text(matrix.words[row][column]) if len(matrix.words) else "" for row, column, _ in chosen]
        said = (
            {"customdata": words, "hovertemplate": "%{customdata}<extra></extra>"}
            if is_empty
            else {"hoverinfo": "skip"}
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "text",
                "x": [column for _, column, _ in chosen],
                "y": [row for row, _, _ in chosen],
                "text": [_text(text) for *_, text in chosen],
                "textfont": {"size": 11, "color": colors},
                **said,
            }
        )
    return traces


def _matrix_layout(matrix: Matrix) -> Chart:
    rows, columns = matrix.values.shape
    return {
        "xaxis": _cell_axis(matrix.x, columns) | ({"tickangle": 90} if columns > _MOST_WIDE else _slant(matrix.x)),
        "yaxis": _cell_axis(matrix.y, rows) | {"tickangle": 0},
        "shapes": [
            {
                "type": "rect",
                "x0": frame.column - 0.5 + frame.inset,
                "x1": frame.column + 0.5 - frame.inset,
                "y0": frame.row - 0.5 + frame.inset,
                "y1": frame.row + 0.5 - frame.inset,
                "line": {"color": "--held-out", "width": 2.5, "dash": frame.dash},
            }
            for frame in matrix.frames
        ],
        "hovermode": "closest",
        "showlegend": False,
    }


def _cell_axis(axis: Axis, n: int) -> Chart:
    found = _axis(axis) | {"showgrid": False, "showline": False, "fixedrange": n <= _MOST_PARTED}
    ends = [-0.5, n - 0.5]
    found["range"] = ends[::-1] if axis.backwards else ends
    return found | {"tickfont": {"size": 10}} if n > _MOST_WIDE else found
