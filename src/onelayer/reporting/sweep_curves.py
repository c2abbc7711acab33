"""The learning curves of a sweep's trials, as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from onelayer.reporting.sweep_scales import place_of
from onelayer.reporting.theme import LIGHT, Theme, legend_below, new_axes, style_axes
from onelayer.selection import Curve, SweepResult, Trial

__all__ = ["MOST_CURVES", "TrialCurve", "are_shaded", "has_curves", "sweep_curves_figure", "trial_curves"]

MOST_CURVES = 60
_SIZE = (4.9, 3.0)
_PALEST, _DARKEST = 0.25, 0.95


@dataclass(frozen=True)
class TrialCurve:
    """A curve, what it is drawn as, and how dark."""

    trial: Trial
    curve: Curve
    kind: Literal["other", "one-se", "chosen"]
    opacity: float


def has_curves(sweep: SweepResult) -> bool:
    """Return whether there is a curve of the chosen, and some curve has two points, so that there is a line to draw."""
    if not sweep.choices[0].curve.epochs:
        return False
    return any(len(trial.curve.epochs) > 1 for trial in sweep.trials)


def are_shaded(sweep: SweepResult) -> bool:
    """Return whether curves tell by their shade how large the value is: where there is one parameter, of numbers."""
    return len(sweep.axes) == 1 and sweep.axes[0].has_numbers


def trial_curves(sweep: SweepResult) -> list[TrialCurve]:
    """Return the curves to draw, at most 60 besides those of the choices, in the order of drawing.

    Examples
    --------
    >>> trial = {"status": "finished", "epochs": 2, "validation_loss": 0.5, "validation_accuracy": 0.9}
    >>> trial |= {"values": {"l2": 0.1}, "accuracy_interval": (0.8, 1.0), "standard_error": 0.03}
    >>> table = {"axes": [{"name": "l2", "values": [0.1], "scale": "list"}], "trials": [trial], "chosen": trial}
    >>> table |= {"one_se": trial, "n_models": 1, "n_diverged": 0, "n_folds": 1, "passes": 1, "seconds": 1.5}
    >>> table |= {"curves": [{"epochs": [1, 2], "accuracy": [0.8, 0.9]}]}
    >>> [one.kind for one in trial_curves(SweepResult.check(table))]
    ['chosen']
    """
    pairs = [(trial, trial.curve) for trial in sweep.trials]
    others = [pair for pair in pairs if pair[0] not in (sweep.choices[0], sweep.choices[1])]
    every = max(1, -(-len(others) // MOST_CURVES))
    found = [TrialCurve(*pair, "other", _opacity(sweep, pair[0])) for pair in others[::every]]
    if sweep.choices[1] != sweep.choices[0]:
        found.append(TrialCurve(sweep.choices[1], sweep.choices[1].curve, "one-se", 1.0))
    found.append(TrialCurve(sweep.choices[0], sweep.choices[0].curve, "chosen", 1.0))
    return found


def sweep_curves_figure(sweep: SweepResult, theme: Theme = LIGHT) -> Figure:
    """Draw the validation accuracy of the trials over the epochs.

    Parameters
    ----------
    sweep : SweepResult
        With a curve of at least two points.
    theme : Theme
    """
    figure, axes = new_axes(theme, *_SIZE)
    style_axes(axes, theme, x_label="epoch", y_label="validation accuracy")
    styles: dict[str, dict[str, Any]] = {
        "other": {
            "color": theme.train if are_shaded(sweep) else theme.muted,
            "linewidth": 1.1,
            "label": "other trials",
        },
        "one-se": {"color": theme.ink, "linewidth": 1.8, "linestyle": "--", "label": "one-standard-error choice"},
        "chosen": {"color": theme.held_out, "linewidth": 2.2, "label": "chosen"},
    }
    for one in trial_curves(sweep):
        marker = "o" if len(one.curve.epochs) == 1 else ""
        axes.plot(
            one.curve.epochs, one.curve.accuracy, alpha=one.opacity, marker=marker, markersize=3, **styles[one.kind]
        )
    _set_scales(axes, theme)
    return figure


def _opacity(sweep: SweepResult, trial: Trial) -> float:
    """Return how dark a curve is: the darker the larger its value, where that can be told."""
    if not are_shaded(sweep):
        return 0.5
    (axis,) = sweep.axes
    rank = sorted(place_of(axis, value) for value in axis.values).index(place_of(axis, trial.values[axis.name]))
    return _PALEST + (_DARKEST - _PALEST) * rank / max(1, len(axis.values) - 1)


def _set_scales(axes: Axes, theme: Theme) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))
    axes.margins(x=0.02)
    legend = legend_below(axes, theme, columns=3)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)
