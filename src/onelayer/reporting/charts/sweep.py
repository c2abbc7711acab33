"""What a sweep found: accuracy and loss against each value, and two values at once as a heat map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from onelayer.reporting.charts.chart import Chart, chart_text, log_axis, numbers
from onelayer.reporting.sweep_scales import color_floor, place_of, shown_values, sides_of_heat_map, value_text
from onelayer.reporting.theme import LIGHT
from onelayer.selection import SweepResult, SweptAxis, Trial

__all__ = ["sweep_accuracy_chart", "sweep_heat_map_chart", "sweep_loss_chart", "trial_words"]

_HEIGHT = 380
_MOST_DOTS = 2000
_MOST_WRITTEN = 150
_INSET = 0.07  # of a cell: the dashed frame stands inside the solid one

Height = Callable[[Trial], float | None]


def sweep_accuracy_chart(sweep: SweepResult, name: str) -> Chart:
    """Return the validation accuracy against the values of one parameter, as the figure of that name has it.

    Examples
    --------
    >>> trial = {"status": "finished", "epochs": 5, "validation_loss": 0.5, "validation_accuracy": 0.9}
    >>> trial |= {"values": {"l2": 0.1}, "accuracy_interval": (0.8, 1.0), "standard_error": 0.03}
    >>> table = {"axes": [{"name": "l2", "values": [0.1], "scale": "list"}], "trials": [trial], "chosen": trial}
    >>> table |= {"one_se": trial, "n_models": 1, "n_diverged": 0, "n_folds": 1, "passes": 1, "seconds": 1.5}
    >>> chart = sweep_accuracy_chart(SweepResult.check(table), "l2")
    >>> [trace["name"] for trace in chart.traces]
    ['best at each value', 'one-standard-error choice', 'chosen']
    """
    axis = sweep.axis(name)
    best = [trial for trial in sweep.best_by_value(axis) if trial is not None]
    line = _points(sweep, axis, best, _accuracy, "best at each value") | _line_style(axis)
    line["error_y"] = {
        "type": "data",
        "array": numbers([trial.standard_error or 0.0 for trial in best]),
        "color": "--held-out",
        "thickness": 1.2,
        "width": 4,
    }
    bound = (sweep.choices[0].validation_accuracy or 0.0) - (sweep.choices[0].standard_error or 0.0)
    layout = {
        "xaxis": _x_axis(axis),
        "yaxis": {"title": {"text": "validation accuracy"}, "tickformat": "~%"},
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": bound,
                "y1": bound,
                "line": {"color": "--muted", "width": 1.3, "dash": "dot"},
            }
        ],
    }
    traces = [*_others(sweep, axis, _accuracy), line, *_diverged(sweep, axis), *_choices(sweep, axis, _accuracy)]
    return _chart(traces, layout)


def sweep_loss_chart(sweep: SweepResult, name: str) -> Chart:
    """Return the validation loss against the values of one parameter, as the figure of that name has it."""
    axis = sweep.axis(name)
    best = [trial for trial in sweep.best_by_value(axis) if trial is not None and trial.validation_loss is not None]
    losses = [trial.validation_loss for trial in sweep.trials if trial.validation_loss is not None]
    line = _points(sweep, axis, best, _loss, "best at each value") | _line_style(axis)
    y_axis: dict[str, Any] = {"title": {"text": "validation loss"}}
    if min(losses) > 0 and max(losses) > 10 * min(losses):
        y_axis |= log_axis(losses)
    layout = {"xaxis": _x_axis(axis), "yaxis": y_axis}
    return _chart([*_others(sweep, axis, _loss), line, *_diverged(sweep, axis), *_choices(sweep, axis, _loss)], layout)


def sweep_heat_map_chart(sweep: SweepResult) -> Chart:
    """Return the validation accuracy over two parameters, the choices framed, as the figure of that name has it."""
    across, down = sides_of_heat_map(sweep)
    found = {_cell(trial, across, down): trial for trial in sweep.trials}
    rows = [[found.get((column, row)) for column in range(len(across.values))] for row in range(len(down.values))]
    heat = {
        "type": "heatmap",
        "z": [numbers([_nan(None if one is None else one.validation_accuracy) for one in row]) for row in rows],
        "customdata": [["" if one is None else trial_words(sweep, one) for one in row] for row in rows],
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
        "colorscale": [[0, "--paper"], [1, "--train"]],
        "zmin": color_floor(sweep),
        "zmax": sweep.choices[0].validation_accuracy,
        "xgap": 1,
        "ygap": 1,
        "showscale": False,
    }
    lost = [trial for trial in sweep.trials if trial.validation_accuracy is None]
    crosses = {
        "type": "scatter",
        "mode": "markers",
        "x": [_cell(trial, across, down)[0] for trial in lost],
        "y": [_cell(trial, across, down)[1] for trial in lost],
        "marker": {"symbol": "x-thin", "size": 8, "line": {"color": "--muted", "width": 1.5}},
        "customdata": [trial_words(sweep, trial) for trial in lost],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    frames = [
        _frame(_cell(sweep.choices[0], across, down), 0.0, "solid"),
        _frame(_cell(sweep.choices[1], across, down), _INSET, "dash"),
    ]
    layout = {
        "xaxis": _heat_map_axis(across),
        "yaxis": _heat_map_axis(down) | {"tickangle": 0},
        "shapes": frames,
    }
    height = 130 + 38 * max(3, min(len(down.values), 15))
    return _chart([heat, *_written(sweep, across, down), *([crosses] if lost else [])], layout, height)


def _chart(traces: Sequence[dict[str, Any]], layout: dict[str, Any], height: int = _HEIGHT) -> Chart:
    return Chart(traces, {**layout, "hovermode": "closest", "showlegend": False}, height)


def _accuracy(trial: Trial) -> float | None:
    return trial.validation_accuracy


def _loss(trial: Trial) -> float | None:
    return trial.validation_loss


def _points(sweep: SweepResult, axis: SweptAxis, trials: Sequence[Trial], height: Height, name: str) -> dict[str, Any]:
    """Return trials as points with their words, at the place of their value."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place_of(axis, trial.values[axis.name]) for trial in trials],
        "y": numbers([_nan(height(trial)) for trial in trials]),
        "customdata": [trial_words(sweep, trial) for trial in trials],
        "hovertemplate": "%{customdata}<extra></extra>",
        "name": name,
    }


def _line_style(axis: SweptAxis) -> dict[str, Any]:
    """Return the style of the best at each value: joined where the values are numbers, as something lies between."""
    return {
        "mode": "lines+markers" if axis.has_numbers else "markers",
        "line": {"color": "--held-out", "width": 2},
        "marker": {"color": "--held-out", "size": 7},
    }


def _others(sweep: SweepResult, axis: SweptAxis, height: Height) -> list[dict[str, Any]]:
    """Return all trials as dots, where there are others than the best at each value; of very many some."""
    if len(sweep.axes) == 1:
        return []
    trials = [trial for trial in sweep.trials if height(trial) is not None]
    every = -(-len(trials) // _MOST_DOTS)
    style = {"color": "--muted", "opacity": 0.5, "size": 5}
    return [_points(sweep, axis, trials[::every], height, "other trials") | {"marker": style}]


def _diverged(sweep: SweepResult, axis: SweptAxis) -> list[dict[str, Any]]:
    """Return a cross at the foot of each value with which a model diverged."""
    lost = {place_of(axis, t.values[axis.name]): t for t in sweep.trials if t.validation_accuracy is None}
    if not lost:
        return []
    alone = len(sweep.axes) == 1
    texts = [f"{axis.name} = {chart_text(value_text(t.values[axis.name]))}" for t in lost.values()]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": list(lost),
            "y": [0.03] * len(lost),
            "yaxis": "y2",
            "marker": {"symbol": "x-thin", "size": 9, "line": {"color": "--ink", "width": 1.5}},
            "customdata": [f"{text}: {'diverged' if alone else 'some diverged'}" for text in texts],
            "hovertemplate": "%{customdata}<extra></extra>",
            "name": "diverged",
        }
    ]


def _choices(sweep: SweepResult, axis: SweptAxis, height: Height) -> list[dict[str, Any]]:
    """Return the two choices as marks over all else."""
    outline = {"symbol": "diamond-open", "size": 14, "color": "--ink", "line": {"color": "--ink", "width": 2}}
    star = {"symbol": "star", "size": 15, "color": "--train", "line": {"color": "--paper", "width": 1}}
    return [
        _points(sweep, axis, [sweep.choices[1]], height, "one-standard-error choice") | {"marker": outline},
        _points(sweep, axis, [sweep.choices[0]], height, "chosen") | {"marker": star},
    ]


def _x_axis(axis: SweptAxis) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": chart_text(axis.name, 40)}, "zeroline": False}
    if axis.scale == "log":
        found |= {"type": "log", "dtick": 1, "exponentformat": "power"}
    shown = shown_values(axis)
    if shown is not None:
        found |= {"tickvals": [place_of(axis, value) for value in shown], **_named(shown)}
    if axis.scale == "list":
        found |= {"fixedrange": True, "range": [-0.5, len(axis.values) - 0.5]}  # nothing lies between its values
    return found


def _heat_map_axis(axis: SweptAxis) -> dict[str, Any]:
    shown = shown_values(axis, everywhere=True) or []
    return {
        "title": {"text": chart_text(axis.name, 40)},
        "tickvals": [axis.values.index(value) for value in shown],
        **_named(shown),
        "range": [-0.5, len(axis.values) - 0.5],
        "showgrid": False,
        "showline": False,
        "fixedrange": True,
    }


def _named(values: Sequence[object]) -> dict[str, Any]:
    """Return the names of values at their ticks, slanted where they might not have room beside each other."""
    texts = [value_text(value) for value in values]
    room = max(map(len, texts)) * len(texts) <= 36
    return {"ticktext": [chart_text(text) for text in texts], "tickangle": 0 if room else -40}


def _cell(trial: Trial, across: SweptAxis, down: SweptAxis) -> tuple[int, int]:
    return across.values.index(trial.values[across.name]), down.values.index(trial.values[down.name])


def _frame(cell: tuple[int, int], inset: float, dash: str) -> dict[str, Any]:
    (column, row), reach = cell, 0.5 - inset
    return {
        "type": "rect",
        "x0": column - reach,
        "x1": column + reach,
        "y0": row - reach,
        "y1": row + reach,
        "line": {"color": "--held-out", "width": 2.5, "dash": dash},
    }


def _written(sweep: SweepResult, across: SweptAxis, down: SweptAxis) -> list[dict[str, Any]]:
    """Return the accuracies as text in their cells, unless there are too many to be read."""
    if len(across.values) * len(down.values) > _MOST_WRITTEN:
        return []
    floor, best = color_floor(sweep), sweep.choices[0].validation_accuracy or 0.0
    trials = [(trial, trial.validation_accuracy) for trial in sweep.trials if trial.validation_accuracy is not None]
    shades = [LIGHT.sequential(min(max((share - floor) / (best - floor), 0.0), 1.0)) for _, share in trials]
    return [
        {
            "type": "scatter",
            "mode": "text",
            "x": [_cell(trial, across, down)[0] for trial, _ in trials],
            "y": [_cell(trial, across, down)[1] for trial, _ in trials],
            "text": [f"{100 * share:.1f}" for _, share in trials],
            # In dark pages ink is light, and so is the blue's lighter end there.
            "textfont": {
                "size": 11,
                "color": ["--ink" if LIGHT.text_on(shade) == LIGHT.ink else "--paper" for shade in shades],
            },
            "hoverinfo": "skip",
        }
    ]


def trial_words(sweep: SweepResult, trial: Trial) -> str:
    """Return what is said of a trial where the pointer is on it."""
    lines = [f"{axis.name} = {chart_text(value_text(trial.values[axis.name]))}" for axis in sweep.axes]
    if trial.validation_accuracy is None:
        return "<br>".join([*lines, "diverged"])
    error = "" if trial.standard_error is None else f" ± {trial.standard_error:.2%}"
    lines.append(f"<b>accuracy {trial.validation_accuracy:.2%}</b>{error}")
    if trial.validation_loss is not None:
        lines.append(f"loss {trial.validation_loss:.4g}")
    return "<br>".join([*lines, f"{trial.epochs:,} epochs"])


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
