"""Charts of the classes: recall, calibration, confusion of many classes, rows in each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from onelayer.evaluation import ReliabilityBin, wilson_interval
from onelayer.reporting.charts.chart import Chart, chart_text, numbers, vertical_line
from onelayer.reporting.confusion import row_rates
from onelayer.reporting.recalls import Recalls

__all__ = ["class_counts_chart", "confusion_chart", "recall_chart", "reliability_chart"]

_MOST_NAMED = 30
_PART_COLORS = {"train": "--train", "validation": "--held-out", "test": "--third"}


def recall_chart(recalls: Recalls, class_names: Sequence[str]) -> Chart:
    """Return one bar a class with its 95% interval, and the accuracy of all rows as a line."""
    places = list(range(len(recalls.order)))
    names = [f"{chart_text(class_names[index])} ({recalls.counts[index]:,})" for index in recalls.order.tolist()]
    shares = recalls.shares[recalls.order]
    lower, upper = recalls.intervals[recalls.order].T
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": places,
        "x": numbers(shares),
        "marker": {"color": "--train-soft"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": numbers(upper - shares),
            "arrayminus": numbers(shares - lower),
            "color": "--ink",
            "thickness": 1.3,
            "width": 4,
        },
        "customdata": [[name, f"{low:.1%} to {high:.1%}"] for name, low, high in zip(names, lower, upper, strict=True)],
        "hovertemplate": "%{customdata[0]}: %{x:.2%}<br>95% interval %{customdata[1]}<extra></extra>",
        "showlegend": False,
    }
    layout = {
        "xaxis": {"title": {"text": "recall, with its 95% interval"}, "range": [0, 1.01], "tickformat": ".0%"},
        "yaxis": _named_axis(places, names),
        "shapes": [
            vertical_line(recalls.accuracy, f"accuracy of all, {recalls.accuracy:.1%}", dash="dash", color="--held-out")
        ],
        "hovermode": "closest",
        "bargap": 0.35,
    }
    return Chart([bar], layout, 110 + 28 * len(places))


def reliability_chart(bins: Sequence[ReliabilityBin]) -> Chart:
    """Return the accuracy at each confidence with its 95% interval, beside that of a calibrated model."""
    full = [one for one in bins if one.count and one.confidence is not None and one.accuracy is not None]
    counts = np.array([one.count for one in full])
    accuracies = np.array([one.accuracy for one in full], float)
    lower, upper = wilson_interval(np.clip(np.round(accuracies * counts), 0, counts), counts)
    points = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": numbers([one.confidence or 0.0 for one in full]),
        "y": numbers(accuracies),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": numbers(np.maximum(upper - accuracies, 0)),
            "arrayminus": numbers(np.maximum(accuracies - lower, 0)),
            "color": "--train",
            "thickness": 1.3,
        },
        "customdata": [f"{count:,}" for count in counts],
        "line": {"color": "--train", "width": 1.5},
        "marker": {"color": "--train", "size": numbers(6 + 12 * np.sqrt(counts / max(counts.max(initial=1), 1)), 3)},
        "name": "this model, 95% intervals",
        "hovertemplate": "confidence %{x:.1%}, right %{y:.1%}<br>%{customdata} rows<extra></extra>",
    }
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "--muted", "width": 1.3, "dash": "dot"},
        "name": "calibrated",
        "hoverinfo": "skip",
    }
    layout = {
        "xaxis": {"title": {"text": "confidence"}, "range": [0, 1.02], "tickformat": ".0%"},
        "yaxis": {"title": {"text": "share that is right"}, "range": [0, 1.04], "tickformat": ".0%"},
        "hovermode": "closest",
    }
    return Chart([ideal, points], layout, 400)


def confusion_chart(counts: npt.NDArray[Any], class_names: Sequence[str]) -> Chart:
    """Return the confusion matrix of many classes as a heat map of the shares of each true class."""
    places = list(range(len(counts)))
    names = [chart_text(name) for name in class_names]
    heat = {
        "type": "heatmap",
        "z": [numbers(row, 3) for row in row_rates(counts)],
        "x": places,
        "y": places,
        "customdata": counts.tolist(),
        "text": [[f"{true} taken for {predicted}" for predicted in names] for true in names],
        "colorscale": [[0, "--paper"], [1, "--train"]],
        "zmin": 0,
        "zmax": 1,
        "hovertemplate": "%{text}<br>%{customdata} rows, %{z:.1%}<extra></extra>",
        "colorbar": {"tickformat": ".0%", "thickness": 12, "outlinewidth": 0},
    }
    shown = places[:: -(-len(places) // 40)]
    ticks = {"tickvals": shown, "ticktext": [names[place] for place in shown], "tickfont": {"size": 10}}
    layout = {
        "xaxis": {"title": {"text": "predicted class"}, "tickangle": 90, "showgrid": False, **ticks},
        "yaxis": {"title": {"text": "true class"}, "autorange": "reversed", "showgrid": False, **ticks},
        "hovermode": "closest",
    }
    return Chart([heat], layout, 620)


def class_counts_chart(counts: Mapping[str, Sequence[int]], class_names: Sequence[str]) -> Chart:
    """Return the rows of each class in each part as bars."""
    names = [chart_text(name) for name in class_names]
    places = list(range(len(names)))
    few = len(names) <= _MOST_NAMED
    across, down = ("y", "x") if few else ("x", "y")
    traces = [
        {
            "type": "bar",
            "orientation": "h" if few else "v",
            across: places,
            down: list(values),
            "name": part,
            "marker": {"color": _PART_COLORS[part]},
            "customdata": names,
            "hovertemplate": f"%{{customdata}}: %{{{down}:,}} {part} rows<extra></extra>",
        }
        for part, values in counts.items()
    ]
    axis = _named_axis(places, names) if few else {"showticklabels": False, "title": {"text": "class"}}
    layout = {
        f"{across}axis": axis,
        f"{down}axis": {"title": {"text": "rows"}, "tickformat": ",d"},
        "barmode": "stack",
        "bargap": 0.25,
        "hovermode": "closest",
    }
    return Chart(traces, layout, 110 + 24 * len(names) if few else 340)


def _named_axis(places: list[int], names: list[str]) -> dict[str, Any]:
    return {"tickvals": places, "ticktext": names, "autorange": "reversed", "showgrid": False, "zeroline": False}
