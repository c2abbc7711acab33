"""What a sweep found: accuracy and loss against each value, two values at once as a matrix, and the learning curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from onelayer.figures.scales import LARGEST_DRAWN, every, log_ticks, loss_axis, value_text
from onelayer.figures.specification import Axis, Feet, Figure, Frame, Mark, Matrix, Plot, Rule, Series, Symbol
from onelayer.selection import SweepResult, SweptAxis, Trial

__all__ = [
    "has_several_losses",
    "sweep_accuracy_figure",
    "sweep_curves_figure",
    "sweep_loss_figure",
    "sweep_matrix_figure",
    "values_text",
]

_MOST_NAMED: Final = 12
_MOST_WRITTEN: Final = 150
_MOST_CURVES: Final = 60
_PALEST, _DARKEST = 0.25, 0.95
_INSET: Final = 0.07  # of a cell: the dashed frame stands inside the solid one

Height = Callable[[Trial], float | None]


def sweep_accuracy_figure(sweep: SweepResult, name: str) -> Figure:
    """Return the validation accuracy against the values of the parameter ``name``.

    The line is the best over the other parameters, with its standard error; all other trials are dots. Diverged ones
    are crosses at the foot.
    """
    axis, (chosen, _) = sweep.axis(name), sweep.choices
    best = [trial for trial in sweep.best_by_value(axis) if trial is not None]
    accuracies = np.array([trial.validation_accuracy for trial in best])
    errors = np.array([trial.standard_error or 0.0 for trial in best])
    several = len(sweep.axes) > 1
    bound = (chosen.validation_accuracy or 0.0) - (chosen.standard_error or 0.0)
    label = f"best at each {name}, ± standard error" if several else "accuracy ± standard error"
    marks = [
        *_others(sweep, axis, _accuracy),
        _best_line(sweep, axis, best, accuracies, label, errors),
        Rule("y", bound, "one standard error below the best", "muted", "dot"),
        *_diverged(sweep, axis),
        *_choices(sweep, axis, _accuracy),
    ]
    message = f"Validation accuracy goes from {accuracies.min():.1%} to {accuracies.max():.1%} over {name}"
    if several:
        message += ", the best of the other parameters at each value"
    caption = "Each point is a model on rows it was not trained on. "
    if sweep.n_folds > 1:
        caption += f"Means over {sweep.n_folds} folds; the standard error is that of the mean."
    else:
        caption += "The standard error is the binomial one."
    plot = Plot(marks, _value_axis(axis), Axis("validation accuracy", "percent"), legend="shared")
    return Figure(f"sweep-accuracy-{name}", message, caption, plot)


def sweep_loss_figure(sweep: SweepResult, name: str) -> Figure | None:
    """Return the validation loss against the values of the parameter ``name``; None where there is none to compare.

    The line belongs to the trials of :func:`sweep_accuracy_figure`: the most accurate at each value.
    """
    axis = sweep.axis(name)
    best = [trial for trial in sweep.best_by_value(axis) if trial is not None and trial.validation_loss is not None]
    if not best or has_several_losses(sweep):
        return None
    losses = np.array([trial.validation_loss for trial in best])
    label = f"loss of the most accurate at each {name}" if len(sweep.axes) > 1 else "loss"
    marks = [
        *_others(sweep, axis, _loss),
        _best_line(sweep, axis, best, losses, label),
        *_diverged(sweep, axis),
        *_choices(sweep, axis, _loss),
    ]
    message = f"Validation loss of these models goes from {losses.min():.3g} to {losses.max():.3g}"
    y = loss_axis("validation loss", [t.validation_loss for t in sweep.trials if t.validation_loss is not None])
    plot = Plot(marks, _value_axis(axis), y, legend="shared")
    return Figure(f"sweep-loss-{name}", message, "Mean loss without penalty.", plot)


def sweep_matrix_figure(sweep: SweepResult) -> Figure | None:
    """Return the validation accuracy over two parameters, the choices framed; None unless two were varied.

    The parameter of more values goes across.
    """
    if len(sweep.axes) != 2:
        return None
    across, down = sorted(sweep.axes, key=lambda axis: -len(axis.values))
    chosen, one_se = sweep.choices
    found = {_cell(trial, down, across): trial for trial in sweep.trials}
    trials = [[found.get((row, column)) for column in range(len(across.values))] for row in range(len(down.values))]
    values = np.array(
        [[np.nan if (t is None or (a := t.validation_accuracy) is None) else a for t in row] for row in trials]
    )
    is_written = values.size <= _MOST_WRITTEN
    matrix = Matrix(
        values,
        _cell_axis(across),
        _cell_axis(down),
        low=_color_floor(values),
        high=float(np.nanmax(values)),
        texts=[[_cell_text(trial, is_written) for trial in row] for row in trials],
        words=[["" if trial is None else _trial_words(sweep, trial) for trial in row] for row in trials],
        frames=[Frame(*_cell(one_se, down, across), "dash", _INSET), Frame(*_cell(chosen, down, across))],
        scale="validation accuracy",
        size=(_side(across), _side(down)),
    )
    message = f"{chosen.validation_accuracy or 0:.2%} is the highest, at {values_text(chosen.values)}"
    caption = (
        f"Validation accuracy in percent; of {matrix.low:.0%} or less, palest. Framed: the chosen "
        "combination; dashed: the simplest within one standard error of it. × diverged."
    )
    return Figure("sweep-heat-map", message, caption, matrix)


def sweep_curves_figure(sweep: SweepResult) -> Figure | None:
    """Return the validation accuracy of the trials over the epochs, at most 60 besides those of the choices.

    None where no curve has two points, so that there is no line to draw, or the chosen has none.

    Examples
    --------
    >>> trial = {"status": "finished", "epochs": 2, "validation_loss": 0.5, "validation_accuracy": 0.9}
    >>> trial |= {"values": {"l2": 0.1}, "accuracy_interval": (0.8, 1.0), "standard_error": 0.03}
    >>> table = {"axes": [{"name": "l2", "values": [0.1], "scale": "list"}], "trials": [trial], "chosen": trial}
    >>> table |= {"one_se": trial, "n_folds": 1, "passes": 1, "seconds": 1.5}
    >>> table |= {"curves": [{"epochs": [1, 2], "accuracy": [0.8, 0.9]}]}
    >>> [series.label for series in sweep_curves_figure(SweepResult.check(table)).panel.marks]
    ['chosen']
    """
    chosen, one_se = sweep.choices
    if not chosen.curve.epochs or all(len(trial.curve.epochs) < 2 for trial in sweep.trials):
        return None
    shaded = len(sweep.axes) == 1 and sweep.axes[0].has_numbers  # by how large the value is
    others = [trial for trial in sweep.trials if trial not in (chosen, one_se)]
    color, opacity = ("train", _shade) if shaded else ("muted", _flat)
    curves = [
        _curve(sweep, trial, "other trials", color, 1.2, opacity(sweep, trial))
        for trial in others[:: every(len(others), _MOST_CURVES)]
    ]
    if one_se != chosen:
        curves.append(_curve(sweep, one_se, "one-standard-error choice", "ink", 1.8, dash="dash"))
    curves.append(_curve(sweep, chosen, "chosen", "held-out", 2.2))
    which = "all" if len(curves) == len(sweep.trials) else f"{len(curves):,} of {len(sweep.trials):,}"
    first, last = chosen.curve.accuracy[0], chosen.curve.accuracy[-1]
    message = f"Over its epochs the chosen goes from {first:.1%} to {last:.1%}; {which} trials are drawn"
    shade = f"; of the others, the stronger the colour the larger {sweep.axes[0].name}" if shaded else ""
    mean = f" Means over {sweep.n_folds} folds." if sweep.n_folds > 1 else ""
    caption = (
        f"Validation accuracy. Thick: the chosen; dashed: the simplest within one standard error of it{shade}.{mean}"
    )
    plot = Plot(curves, Axis("epoch", "count", first=0.0), Axis("validation accuracy", "percent"), legend="shared")
    return Figure("sweep-curves", message, caption, plot)


def has_several_losses(sweep: SweepResult) -> bool:
    """Return whether the loss itself was varied, so that losses can't be compared."""
    return any(axis.name == "loss" for axis in sweep.axes)


def values_text(values: Mapping[str, object]) -> str:
    """Return values as text.

    Examples
    --------
    >>> values_text({"l2": 0.1, "loss": "hinge"})
    'l2 = 0.1, loss = hinge'
    """
    return ", ".join(f"{name} = {value_text(value)}" for name, value in values.items())


def _accuracy(trial: Trial) -> float | None:
    return trial.validation_accuracy


def _loss(trial: Trial) -> float | None:
    return trial.validation_loss


def _place(axis: SweptAxis, value: Any) -> float:
    """Return where a value lies: at itself, or evenly where it is one of a list."""
    return float(axis.values.index(value) if _is_even(axis) else value)


def _is_even(axis: SweptAxis) -> bool:
    """Return whether values lie evenly: single choices, and numbers so far apart that no scale holds them."""
    if axis.scale == "list":
        return True
    sizes = [abs(float(value)) for value in axis.values if isinstance(value, int | float)]
    return max(sizes) > LARGEST_DRAWN or (axis.scale == "log" and min(sizes) < 1 / LARGEST_DRAWN)


def _points(
    sweep: SweepResult, axis: SweptAxis, trials: Sequence[Trial], height: Height, label: str, **style: Any
) -> Series:
    """Return trials as points with their words, at the place of their value."""
    heights = [height(trial) for trial in trials]
    return Series(
        np.array([_place(axis, trial.values[axis.name]) for trial in trials]),
        np.array([np.nan if one is None else one for one in heights]),
        label,
        words=[_trial_words(sweep, trial) for trial in trials],
        **style,
    )


def _others(sweep: SweepResult, axis: SweptAxis, height: Height) -> list[Mark]:
    """Return all trials as dots, where there are others than the best at each value; of very many some."""
    if len(sweep.axes) == 1:
        return []
    trials = [trial for trial in sweep.trials if height(trial) is not None][:: every(len(sweep.trials))]
    style = {"color": "muted", "width": 0.0, "symbol": "dot", "size": 3.6, "opacity": 0.45}
    return [_points(sweep, axis, trials, height, "other trials", **style)]


def _best_line(
    sweep: SweepResult, axis: SweptAxis, best: Sequence[Trial], heights: Any, label: str, errors: Any = None
) -> Series:
    """Return the best at each value, joined where the values are numbers, as something lies between them."""
    return Series(
        np.array([_place(axis, trial.values[axis.name]) for trial in best]),
        heights,
        label,
        "held-out",
        width=1.5 if axis.has_numbers else 0.0,
        symbol="dot",
        size=4.0,
        low=None if errors is None else heights - errors,
        high=None if errors is None else heights + errors,
        words=[_trial_words(sweep, trial) for trial in best],
    )


def _diverged(sweep: SweepResult, axis: SweptAxis) -> list[Mark]:
    """Return a cross at the foot of each value with which a model diverged."""
    lost = {_place(axis, t.values[axis.name]): t for t in sweep.trials if t.validation_accuracy is None}
    if not lost:
        return []
    label = "diverged" if len(sweep.axes) == 1 else "some diverged"
    places = sorted(lost)
    words = [f"{axis.name} = {value_text(lost[place].values[axis.name])}: {label}" for place in places]
    return [Feet(np.array(places), label, words)]


def _choices(sweep: SweepResult, axis: SweptAxis, height: Height) -> list[Mark]:
    """Return the two choices as marks over all else."""
    chosen, one_se = sweep.choices
    diamond = {"color": "ink", "width": 0.0, "symbol": "diamond", "size": 12.5}
    star = {"color": "train", "width": 0.0, "symbol": "star", "size": 15.0}
    return [
        _points(sweep, axis, [one_se], height, "one-standard-error choice", **diamond),
        _points(sweep, axis, [chosen], height, "chosen", **star),
    ]


def _curve(
    sweep: SweepResult, trial: Trial, label: str, color: str, width: float, opacity: float = 1.0, **style: Any
) -> Series:
    x, y = np.array(trial.curve.epochs), np.array(trial.curve.accuracy)
    symbol: Symbol = "dot" if len(x) == 1 else ""
    return Series(x, y, label, color, width, symbol=symbol, opacity=opacity, words=_trial_words(sweep, trial), **style)


def _shade(sweep: SweepResult, trial: Trial) -> float:
    """Return how dark a curve is: the darker the larger its value."""
    (axis,) = sweep.axes
    rank = sorted(_place(axis, value) for value in axis.values).index(_place(axis, trial.values[axis.name]))
    return _PALEST + (_DARKEST - _PALEST) * rank / max(1, len(axis.values) - 1)


def _flat(sweep: SweepResult, trial: Trial) -> float:
    return 0.5


def _value_axis(axis: SweptAxis) -> Axis:
    """Return the axis of a parameter: its values are named where they are few, else there are round numbers."""
    if _is_even(axis) or len(axis.values) <= _MOST_NAMED // 2:
        ticks = [(_place(axis, value), value_text(value)) for value in _named(axis)]
    elif axis.scale == "log":
        places = [_place(axis, value) for value in axis.values]
        ticks = log_ticks(min(places), max(places))
    else:
        ticks = None
    ends = (-0.5, len(axis.values) - 0.5) if _is_even(axis) else (None, None)
    return Axis(axis.name, log=axis.scale == "log" and not _is_even(axis), first=ends[0], last=ends[1], ticks=ticks)


def _cell_axis(axis: SweptAxis) -> Axis:
    return Axis(axis.name, ticks=[(axis.values.index(value), value_text(value)) for value in _named(axis)])


def _named(axis: SweptAxis) -> list[Any]:
    return list(axis.values)[:: every(len(axis.values), _MOST_NAMED)]


def _side(axis: SweptAxis) -> float:
    return float(np.clip(0.52 * len(axis.values), 1.6, 7.0))


def _cell(trial: Trial, down: SweptAxis, across: SweptAxis) -> tuple[int, int]:
    return down.values.index(trial.values[down.name]), across.values.index(trial.values[across.name])


def _cell_text(trial: Trial | None, is_written: bool) -> str:
    if trial is None:
        return ""
    if trial.validation_accuracy is None:
        return "×"
    return f"{100 * trial.validation_accuracy:.1f}" if is_written else ""


def _color_floor(accuracies: Any) -> float:
    """Return the accuracy with which the colours begin; what is lower has the palest one too.

    It lies as far below the median as the best lies above it: a few models that learnt nothing do not take the
    colours from all others.
    """
    best = float(np.nanmax(accuracies))
    return float(min(max(np.nanmin(accuracies), 2 * np.nanmedian(accuracies) - best), best - 1e-3))


def _trial_words(sweep: SweepResult, trial: Trial) -> str:
    """Return what is said of a trial where the pointer is on it."""
    lines = [f"{axis.name} = {value_text(trial.values[axis.name])}" for axis in sweep.axes]
    if trial.validation_accuracy is None:
        return "\n".join([*lines, "diverged"])
    error = "" if trial.standard_error is None else f" ± {trial.standard_error:.2%}"
    lines.append(f"accuracy {trial.validation_accuracy:.2%}{error}")
    if trial.validation_loss is not None:
        lines.append(f"loss {trial.validation_loss:.4g}")
    return "\n".join([*lines, f"{trial.epochs:,} epochs"])
