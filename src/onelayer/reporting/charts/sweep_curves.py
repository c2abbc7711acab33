"""The learning curves of a sweep's trials."""

from __future__ import annotations

from typing import Any

from onelayer.reporting.charts.chart import Chart, numbers
from onelayer.reporting.charts.sweep import trial_words
from onelayer.reporting.sweep_curves import TrialCurve, are_shaded, trial_curves
from onelayer.selection import SweepResult

__all__ = ["sweep_curves_chart"]

_HEIGHT = 380


def sweep_curves_chart(sweep: SweepResult) -> Chart:
    """Return the validation accuracy of the trials over the epochs, as the figure of that name has it."""
    styles: dict[str, dict[str, Any]] = {
        "other": {"color": "--train" if are_shaded(sweep) else "--muted", "width": 1.3},
        "one-se": {"color": "--ink", "width": 2, "dash": "dash"},
        "chosen": {"color": "--held-out", "width": 2.6},
    }
    traces = [_trace(sweep, one, styles[one.kind]) for one in trial_curves(sweep)]
    layout = {
        "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "validation accuracy"}, "tickformat": "~%"},
        "hovermode": "closest",
        "showlegend": False,
    }
    return Chart(traces, layout, _HEIGHT)


def _trace(sweep: SweepResult, one: TrialCurve, line: dict[str, Any]) -> dict[str, Any]:
    lone = len(one.curve.epochs) == 1
    return {
        "type": "scatter",
        "mode": "markers" if lone else "lines",
        "x": numbers(one.curve.epochs),
        "y": numbers(one.curve.accuracy),
        "line": line,
        **({"marker": {"color": line["color"], "size": 5}} if lone else {}),
        "opacity": one.opacity,
        "text": trial_words(sweep, one.trial),
        "hovertemplate": "%{text}<br>here %{y:.2%} after %{x:.3~g} epochs<extra></extra>",
        "name": one.kind,
    }
