"""What a sweep found, as figures: accuracy and loss against each value, and two values at once as a heat map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator, PercentFormatter, StrMethodFormatter

from onelayer.reporting.sweep_scales import color_floor, place_of, shown_values, sides_of_heat_map, value_text
from onelayer.reporting.theme import LABEL_SIZE, LIGHT, NOTE_SIZE, Theme, legend_below, new_axes, style_axes
from onelayer.selection import SweepResult, SweptAxis, Trial

__all__ = ["sweep_accuracy_figure", "sweep_heat_map", "sweep_loss_figure"]

_SIZE = (4.9, 3.0)
_MOST_WRITTEN = 150


def sweep_accuracy_figure(sweep: SweepResult, name: str, theme: Theme = LIGHT) -> Figure:
    """Draw the validation accuracy against the values of one parameter.

    The line is the best over the other parameters, with its standard error; all other trials are dots. Diverged ones
    are crosses at the bottom.

    Parameters
    ----------
    sweep : SweepResult
    name : str
        Of the parameter.
    theme : Theme
    """
    figure, axes = new_axes(theme, *_SIZE)
    axis = sweep.axis(name)
    style_axes(axes, theme, x_label=name, y_label="validation accuracy")
    _scatter(axes, sweep, axis, theme, [trial.validation_accuracy for trial in sweep.trials])
    best = [trial for trial in sweep.best_by_value(axis) if trial is not None]
    axes.errorbar(
        [_place(axis, trial) for trial in best],
        [trial.validation_accuracy or 0.0 for trial in best],
        yerr=[trial.standard_error or 0.0 for trial in best],
        color=theme.held_out,
        linestyle=_line(axis),
        marker="o",
        markersize=4,
        capsize=2.5,
        elinewidth=1.1,
        label=f"best at each {name}, ± standard error" if len(sweep.axes) > 1 else "accuracy ± standard error",
    )
    bound = (sweep.choices[0].validation_accuracy or 0.0) - (sweep.choices[0].standard_error or 0.0)
    axes.axhline(bound, color=theme.muted, linewidth=1.2, linestyle=":", label="one standard error below the best")
    _mark_diverged(axes, sweep, axis, theme)
    _finish(axes, sweep, axis, theme, [trial.validation_accuracy for trial in (sweep.choices[0], sweep.choices[1])])
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))
    return figure


def sweep_loss_figure(sweep: SweepResult, name: str, theme: Theme = LIGHT) -> Figure:
    """Draw the validation loss against the values of one parameter.

    The line belongs to the trials of :func:`sweep_accuracy_figure`: the most accurate at each value.

    Parameters
    ----------
    sweep : SweepResult
    name : str
        Of the parameter.
    theme : Theme
    """
    figure, axes = new_axes(theme, *_SIZE)
    axis = sweep.axis(name)
    style_axes(axes, theme, x_label=name, y_label="validation loss")
    losses = [trial.validation_loss for trial in sweep.trials if trial.validation_loss is not None]
    if min(losses) > 0 and max(losses) > 10 * min(losses):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(losses) < 1e3 * min(losses) else (1,)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    _scatter(axes, sweep, axis, theme, [trial.validation_loss for trial in sweep.trials])
    best = [
        (_place(axis, trial), trial.validation_loss)
        for trial in sweep.best_by_value(axis)
        if trial is not None and trial.validation_loss is not None
    ]
    label = f"loss of the most accurate at each {name}" if len(sweep.axes) > 1 else "loss"
    axes.plot(
        *zip(*best, strict=True), color=theme.held_out, linestyle=_line(axis), marker="o", markersize=4, label=label
    )
    _mark_diverged(axes, sweep, axis, theme)
    _finish(axes, sweep, axis, theme, [trial.validation_loss for trial in (sweep.choices[0], sweep.choices[1])])
    return figure


def sweep_heat_map(sweep: SweepResult, theme: Theme = LIGHT) -> Figure:
    """Draw the validation accuracy over two parameters, the chosen cell framed, the one-standard-error choice dashed.

    Parameters
    ----------
    sweep : SweepResult
        With two axes; the one of more values goes across.
    theme : Theme
    """
    across, down = sides_of_heat_map(sweep)
    accuracies = np.full((len(down.values), len(across.values)), np.nan)
    for trial in sweep.trials:
        if trial.validation_accuracy is not None:
            accuracies[_cell(trial, down, across)] = trial.validation_accuracy
    width, height = (float(np.clip(0.52 * len(axis.values), 1.6, 7.0)) for axis in (across, down))
    figure, axes = new_axes(theme, width, height)
    style_axes(axes, theme, x_label=across.name, y_label=down.name, grid="")
    norm = Normalize(color_floor(sweep), np.nanmax(accuracies), clip=True)
    image = axes.imshow(
        accuracies, cmap=theme.sequential, norm=norm, aspect="auto", origin="lower", interpolation="none"
    )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for axis, set_ticks in ((across, axes.set_xticks), (down, axes.set_yticks)):
        shown = shown_values(axis, everywhere=True) or []
        places, texts = [axis.values.index(value) for value in shown], [value_text(value) for value in shown]
        set_ticks(places, texts, fontsize=NOTE_SIZE, parse_math=False)
    if max(len(value_text(value)) for value in across.values) > 5:
        axes.tick_params(axis="x", rotation=40)
    _write_cells(axes, accuracies, norm, theme)
    for trial, style, grow in ((sweep.choices[1], (0, (2, 1.5)), -0.08), (sweep.choices[0], "solid", 0.0)):
        row, column = _cell(trial, down, across)
        side = 1.0 + grow
        corner = (column - side / 2, row - side / 2)
        axes.add_patch(
            Rectangle(corner, side, side, fill=False, edgecolor=theme.held_out, linewidth=2.5, linestyle=style)
        )
    bar = figure.colorbar(image, cax=axes.inset_axes((1.04, 0.0, 0.035, 1.0)), format=PercentFormatter(xmax=1))
    bar.set_label("validation accuracy", color=theme.ink, fontsize=NOTE_SIZE)
    bar.ax.tick_params(colors=theme.muted, labelcolor=theme.ink, labelsize=NOTE_SIZE)
    bar.outline.set_visible(False)
    return figure


def _line(axis: SweptAxis) -> str:
    """Return the style of the line through the values: none where they are no numbers, as nothing lies between them."""
    return "-" if axis.has_numbers else ""


def _place(axis: SweptAxis, trial: Trial) -> float:
    return place_of(axis, trial.values[axis.name])


def _cell(trial: Trial, down: SweptAxis, across: SweptAxis) -> tuple[int, int]:
    return down.values.index(trial.values[down.name]), across.values.index(trial.values[across.name])


def _scatter(axes: Axes, sweep: SweepResult, axis: SweptAxis, theme: Theme, heights: list[float | None]) -> None:
    if len(sweep.axes) == 1:
        return
    points = [(_place(axis, t), y) for t, y in zip(sweep.trials, heights, strict=True) if y is not None]
    x, y = zip(*points, strict=True)
    axes.scatter(x, y, s=13, color=theme.muted, alpha=0.45, linewidths=0, label="other trials")


def _mark_diverged(axes: Axes, sweep: SweepResult, axis: SweptAxis, theme: Theme) -> None:
    places = sorted({_place(axis, trial) for trial in sweep.trials if trial.validation_accuracy is None})
    if places:
        axes.plot(
            places,
            [0.03] * len(places),
            transform=axes.get_xaxis_transform(),
            color=theme.ink,
            marker="x",
            linestyle="",
            markersize=6,
            label="diverged" if len(sweep.axes) == 1 else "some diverged",
        )


def _finish(axes: Axes, sweep: SweepResult, axis: SweptAxis, theme: Theme, heights: list[float | None]) -> None:
    """Mark the two choices, and give the horizontal axis the scale of the values."""
    trials = {"chosen": sweep.choices[0], "one-standard-error choice": sweep.choices[1]}
    for (label, trial), y, marker in zip(trials.items(), heights, ("*", "D"), strict=True):
        size = 15 if marker == "*" else 8
        axes.plot(
            [_place(axis, trial)],
            [np.nan if y is None else y],
            marker=marker,
            markersize=size,
            markerfacecolor=theme.train if marker == "*" else "none",
            markeredgecolor=theme.paper if marker == "*" else theme.ink,
            markeredgewidth=0.8 if marker == "*" else 1.5,
            linestyle="",
            label=label,
            zorder=5,
        )
    if axis.scale == "log":
        axes.set_xscale("log")
    shown = shown_values(axis)
    if shown is not None:
        texts = [value_text(value) for value in shown]
        axes.set_xticks([place_of(axis, value) for value in shown], texts, fontsize=LABEL_SIZE - 1, parse_math=False)
        axes.xaxis.set_minor_locator(NullLocator())
        if sum(map(len, texts)) > 40:
            axes.tick_params(axis="x", rotation=30)
    axes.margins(x=0.05)
    legend_below(axes, theme, columns=2)


def _write_cells(axes: Axes, accuracies: npt.NDArray[np.float64], norm: Normalize, theme: Theme) -> None:
    if accuracies.size > _MOST_WRITTEN:
        return
    for (row, column), accuracy in np.ndenumerate(accuracies):
        text = "×" if np.isnan(accuracy) else f"{100 * accuracy:.1f}"
        color = theme.ink if np.isnan(accuracy) else theme.text_on(theme.sequential(norm(accuracy)))
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
