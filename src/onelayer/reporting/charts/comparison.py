"""Curves of several runs over each other, one colour a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onelayer.reporting.charts.chart import Chart, chart_text, log_axis, numbers
from onelayer.reporting.charts.curves import Columns, steps_per_epoch
from onelayer.reporting.curves import drawable, smoothed_losses, spans_decades

__all__ = ["RUN_COLORS", "overlaid_chart"]

RUN_COLORS = 7
_DASHES = ("solid", "dash", "dot")
_MOST_POINTS = 1000


def overlaid_chart(histories: Sequence[tuple[str, Columns]], key: str, label: str) -> Chart | None:
    """Return one column of all histories over epochs; None where no run has it.

    Parameters
    ----------
    histories : sequence of (str, mapping)
        Name and history of each run, in the order that gives them their colours.
    key : str
        ``batch_loss`` (smoothed), or a column of validations.
    label : str
        Of the vertical axis.

    Examples
    --------
    >>> history = {"epoch": np.arange(3), "validation_step": np.arange(3), "validation_loss": np.array([3.0, 2.0, 1.0])}
    >>> chart = overlaid_chart([("one", history), ("two", history)], "validation_loss", "loss")
    >>> [trace["line"]["color"] for trace in chart.traces]
    ['--run-0', '--run-1']
    """
    traces: list[dict[str, Any]] = []
    for place, (name, history) in enumerate(histories):
        points = _points(history, key)
        if points is None:
            continue
        share = key.endswith("accuracy")
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": chart_text(name, 40),
                "x": numbers(points[0]),
                "y": numbers(points[1]),
                "line": {"color": f"--run-{place % RUN_COLORS}", "width": 2, "dash": _DASHES[place // RUN_COLORS % 3]},
                "hovertemplate": "%{y:.2%}" if share else "%{y:.4g}",
            }
        )
    if not traces:
        return None
    y_axis: dict[str, Any] = {"title": {"text": label}}
    drawn = np.concatenate([np.array(trace["y"], float) for trace in traces])
    if key.endswith("loss") and spans_decades(drawn):
        y_axis = log_axis(drawn) | {"title": {"text": f"{label}, logarithmic"}}
    if key.endswith("accuracy"):
        y_axis["tickformat"] = "~%"
    layout = {"xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero"}, "yaxis": y_axis, "hovermode": "x unified"}
    return Chart(traces, layout | {"showlegend": True}, 340 + 14 * len(traces))


def _points(history: Columns, key: str) -> tuple[Any, Any] | None:
    """Return where a run's values stand, in epochs, and the values."""
    an_epoch = steps_per_epoch(history)
    if an_epoch is None or not len(history.get(key, ())):
        return None
    if key == "batch_loss":
        _, steps, values, _ = smoothed_losses(history)
    else:
        steps, values = history["validation_step"], drawable(history[key])
    if not np.isfinite(values).any():
        return None
    every = max(1, -(-len(values) // _MOST_POINTS))
    return (steps[::every] + 1) / an_epoch, values[::every]
