"""Learning curves, ‖W‖² and the learning rate over the steps of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from onelayer.reporting.charts.chart import Chart, log_axis, numbers, vertical_line
from onelayer.reporting.curves import Mark, drawable, smoothed_losses, spans_decades

__all__ = ["accuracy_chart", "loss_chart", "steps_per_epoch", "trend_chart"]

Columns = Mapping[str, npt.NDArray[Any]]

_DASHES = ("dash", "dashdot")
_MOST_POINTS = 2000


def loss_chart(history: Columns, marks: Sequence[Mark] = ()) -> Chart:
    """Return the training loss, smoothed with its spread, and the validation loss.

    Examples
    --------
    >>> history = {"step": np.arange(40), "epoch": np.arange(40) // 10, "batch_loss": np.linspace(2, 1, 40)}
    >>> [trace.get("name") for trace in loss_chart(history).traces]
    [None, 'spread', 'training']
    """
    _, steps, means, deviations = smoothed_losses(history)
    logarithmic = spans_decades(means)
    floor = np.nanmin(means) / 2 if logarithmic else -np.inf
    band = {"x": numbers(steps), "type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    traces: list[dict[str, Any]] = [
        {**band, "y": numbers(np.maximum(means - deviations, floor)), "showlegend": False},
        {
            **band,
            "y": numbers(means + deviations),
            "fill": "tonexty",
            "fillcolor": "--train-band",
            "name": "spread",
            "showlegend": False,
        },
        _line(steps, means, "training", "--train", "%{y:.4g}"),
        *_validations(history, "validation_loss", "validation", "--held-out", "%{y:.4g}"),
    ]
    y_axis = {"title": {"text": "loss, logarithmic" if logarithmic else "loss"}}
    return _over_steps(history, traces, y_axis | (log_axis(means) if logarithmic else {}), marks)


def accuracy_chart(history: Columns, marks: Sequence[Mark] = (), majority_share: float | None = None) -> Chart:
    """Return training and validation accuracy, and what always naming the majority class would give."""
    traces = [
        *_validations(history, "train_accuracy", "training", "--train", "%{y:.2%}"),
        *_validations(history, "validation_accuracy", "validation", "--held-out", "%{y:.2%}"),
    ]
    chart = _over_steps(history, traces, {"title": {"text": "accuracy"}, "tickformat": "~%"}, marks)
    if majority_share is None:
        return chart
    line = {"x0": 0, "x1": 1, "xref": "paper", "y0": majority_share, "y1": majority_share, "type": "line"}
    style = {"line": {"color": "--muted", "width": 1.3, "dash": "dot"}, "name": "majority class", "showlegend": True}
    shapes = [*chart.layout["shapes"], line | style]
    # A shape does not stretch its axis, so an invisible point does.
    last = history.get("validation_step", np.zeros(1))[-1:]
    point = {"x": numbers(last), "y": [majority_share], "mode": "markers", "marker": {"size": 1, "opacity": 0}}
    hidden = point | {"type": "scatter", "hoverinfo": "skip", "showlegend": False}
    return Chart([*chart.traces, hidden], {**chart.layout, "shapes": shapes}, chart.height, chart.steps_per_epoch)


def trend_chart(history: Columns, x_key: str, y_key: str, label: str) -> Chart:
    """Return one column of the history over the steps."""
    values = drawable(history[y_key])
    every = max(1, -(-len(values) // _MOST_POINTS))
    trace = _line(history[x_key][::every], values[::every], label, "--train", "%{y:.4g}")
    axis = {"title": {"text": label}, "rangemode": "tozero"}
    return _over_steps(history, [trace | {"showlegend": False}], axis, (), height=260)


def steps_per_epoch(history: Columns) -> int | None:
    """Return how many steps the longest epoch has; None where there is none.

    Examples
    --------
    >>> steps_per_epoch({"epoch": np.array([0, 0, 0, 1, 1])})
    3
    """
    counts = np.unique(history.get("epoch", np.empty(0)), return_counts=True)[1]
    return int(counts.max()) if len(counts) else None


def _over_steps(
    history: Columns,
    traces: Sequence[Mapping[str, Any]],
    y_axis: Mapping[str, Any],
    marks: Sequence[Mark],
    height: int = 360,
) -> Chart:
    shapes = [vertical_line(m.step, m.label, dash=dash) for m, dash in zip(marks, _DASHES, strict=False)]
    layout = {"xaxis": {"title": {"text": "step"}, "rangemode": "tozero"}, "yaxis": dict(y_axis), "shapes": shapes}
    return Chart(traces, {**layout, "hovermode": "x unified"}, height, steps_per_epoch(history))


def _line(x: npt.NDArray[Any], y: npt.NDArray[Any], name: str, color: str, hover: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": numbers(x, 7),
        "y": numbers(y),
        "name": name,
        "line": {"color": color, "width": 2},
        "hovertemplate": hover,
    }


def _validations(history: Columns, key: str, name: str, color: str, hover: str) -> list[dict[str, Any]]:
    values = drawable(history.get(key, np.empty(0)))
    finite = np.isfinite(values)
    if not finite.any():
        return []
    every = max(1, -(-int(finite.sum()) // _MOST_POINTS))
    line = _line(history["validation_step"][finite][::every], values[finite][::every], name, color, hover)
    few = {"mode": "lines+markers", "marker": {"color": color, "size": 5}} if finite.sum() <= 30 else {}
    return [line | few]
