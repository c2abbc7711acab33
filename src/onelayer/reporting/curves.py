"""Learning curves: losses and accuracies over the steps of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from onelayer.reporting.theme import LIGHT, NOTE_SIZE, Theme, new_axes, style_axes

__all__ = [
    "Mark",
    "accuracy_figure",
    "block_statistics",
    "drawable",
    "loss_figure",
    "smoothed_losses",
    "spans_decades",
    "trend_figure",
]

Columns = Mapping[str, npt.NDArray[Any]]

_SIZE = (4.9, 3.0)
_SMOOTHED_STEPS = 10
_MOST_BLOCKS = 1000
_LARGEST_LINEAR_RATIO = 4
_LARGEST_DRAWN = 1e30  # a loss beyond it has diverged, and matplotlib's scales overflow long before float64 does


@dataclass(frozen=True)
class Mark:
    """A step of note, drawn as a vertical line.

    Parameters
    ----------
    step : int
    label : str
    """

    step: int
    label: str


def loss_figure(history: Columns, marks: Sequence[Mark] = (), theme: Theme = LIGHT) -> Figure:
    """Draw the training loss and the validation loss over the steps.

    The training loss is drawn as mean and standard deviation of blocks of 10 steps, or more in runs of over 10,000.

    Parameters
    ----------
    history : mapping of str to ndarray of shape (s,)
        ``step`` and ``batch_loss``; where something was validated, ``validation_step`` and ``validation_loss``.
    marks : sequence of Mark
    theme : Theme

    Examples
    --------
    >>> history = {"step": np.arange(40), "epoch": np.arange(40) // 10, "batch_loss": np.linspace(2, 1, 40)}
    >>> len(loss_figure(history).axes[0].lines)
    1
    """
    figure, axes = new_axes(theme, *_SIZE)
    style_axes(axes, theme, x_label=_step_label(history), y_label="loss")
    size, steps, means, deviations = smoothed_losses(history)
    floor = -np.inf
    if spans_decades(means):
        _use_logarithms(axes)
        floor = np.nanmin(means) / 2  # where the deviation reaches down to 0, its logarithm would have no end
    axes.fill_between(
        steps, np.maximum(means - deviations, floor), means + deviations, color=theme.train, alpha=0.2, linewidth=0
    )
    axes.plot(steps, means, color=theme.train, label=f"training, mean of {size:,} steps")
    _plot_validations(axes, history, "validation_loss", label="validation", color=theme.held_out)
    _finish(axes, marks, theme)
    return figure


def accuracy_figure(
    history: Columns, marks: Sequence[Mark] = (), majority_share: float | None = None, theme: Theme = LIGHT
) -> Figure:
    """Draw training and validation accuracy over the steps, and what always naming the majority class would give.

    Parameters
    ----------
    history : mapping of str to ndarray of shape (s,)
        ``validation_step``, ``train_accuracy`` and ``validation_accuracy``; either may be missing.
    marks : sequence of Mark
    majority_share : float or None
        Share of the largest class, 0 to 1.
    theme : Theme

    Examples
    --------
    >>> history = {"validation_step": np.arange(4), "validation_accuracy": np.linspace(0.5, 0.9, 4)}
    >>> accuracy_figure(history, majority_share=0.1).axes[0].get_ylabel()
    'accuracy'
    """
    figure, axes = new_axes(theme, *_SIZE)
    style_axes(axes, theme, x_label=_step_label(history), y_label="accuracy")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    _plot_validations(axes, history, "train_accuracy", label="training", color=theme.train)
    _plot_validations(axes, history, "validation_accuracy", label="validation", color=theme.held_out)
    if majority_share is not None:
        axes.axhline(majority_share, color=theme.muted, linewidth=1.2, linestyle=":", label="majority class")
    _finish(axes, marks, theme)
    return figure


def trend_figure(history: Columns, x_key: str, y_key: str, label: str, theme: Theme = LIGHT) -> Figure:
    """Draw one column of the history over the steps, from 0 up.

    Examples
    --------
    >>> history = {"step": np.arange(4), "learning_rate": np.full(4, 0.1)}
    >>> len(trend_figure(history, "step", "learning_rate", "learning rate").axes[0].lines)
    1
    """
    figure, axes = new_axes(theme, _SIZE[0], 2.0)
    style_axes(axes, theme, x_label=_step_label(history), y_label=label)
    axes.plot(history[x_key], drawable(history[y_key]), color=theme.train)
    _finish(axes, (), theme)
    axes.set_ylim(bottom=0)
    return figure


def smoothed_losses(
    history: Columns,
) -> tuple[int, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the training loss in blocks: their size, and as :func:`block_statistics` has it, step, mean and deviation.

    Blocks have 10 steps, or more in runs of over 10,000.

    Examples
    --------
    >>> smoothed_losses({"step": np.arange(2), "batch_loss": np.array([2.0, 1.0])})
    (10, array([0.5]), array([1.5]), array([0.5]))
    """
    losses = drawable(history["batch_loss"])
    size = _SMOOTHED_STEPS * max(1, -(-len(losses) // (_SMOOTHED_STEPS * _MOST_BLOCKS)))
    return size, *block_statistics(history["step"], losses, size)


def block_statistics(
    steps: npt.NDArray[Any], values: npt.NDArray[Any], size: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the mean step, the mean and the standard deviation of consecutive blocks of ``size`` values.

    A last, shorter block counts. A block with NaN is NaN.

    Parameters
    ----------
    steps, values : ndarray of shape (s,)
    size : int

    Returns
    -------
    steps, means, deviations : ndarray of shape (ceil(s / size),)

    Examples
    --------
    >>> block_statistics(np.arange(5), np.array([1.0, 3.0, 5.0, 5.0, 9.0]), 2)
    (array([0.5, 2.5, 4. ]), array([2., 5., 9.]), array([1., 0., 0.]))
    """
    starts = np.arange(0, len(values), size)
    if not len(starts):
        return np.empty(0), np.empty(0), np.empty(0)
    counts = np.diff([*starts, len(values)])
    means = np.add.reduceat(values, starts) / counts
    squares = np.add.reduceat((values - np.repeat(means, counts)) ** 2, starts) / counts
    return np.add.reduceat(steps.astype(np.float64), starts) / counts, means, np.sqrt(squares)


def drawable(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return values with NaN for those too large to draw, infinities among them.

    Examples
    --------
    >>> drawable(np.array([1.0, -np.inf, 1e200]))
    array([ 1., nan, nan])
    """
    return np.where(np.abs(values) <= _LARGEST_DRAWN, values, np.nan)


def spans_decades(means: npt.NDArray[Any]) -> bool:
    """Return whether a linear scale would show no more than one steep fall and a flat line."""
    finite = means[np.isfinite(means)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > _LARGEST_LINEAR_RATIO * finite.min())


def _use_logarithms(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("loss, logarithmic")


def _plot_validations(axes: Axes, history: Columns, key: str, *, label: str, color: str) -> None:
    values = drawable(history.get(key, np.empty(0)))
    finite = np.isfinite(values)
    if finite.any():
        marker = "o" if finite.sum() <= 30 else ""
        axes.plot(
            history["validation_step"][finite], values[finite], color=color, label=label, marker=marker, markersize=3.5
        )


def _step_label(history: Columns) -> str:
    counts = np.unique(history.get("epoch", np.empty(0)), return_counts=True)[1]
    return f"step ({counts.max():,} an epoch)" if len(counts) else "step"


def _finish(axes: Axes, marks: Sequence[Mark], theme: Theme) -> None:
    for mark, style in zip(marks, ("--", "-."), strict=False):
        axes.axvline(mark.step, color=theme.ink, linewidth=1.2, linestyle=style, label=mark.label)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.02)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, labelcolor=theme.ink, fontsize=NOTE_SIZE)
