"""Learning curves: losses, accuracies and what else goes over the steps of training, of one run or of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.figures.scales import drawable, every, loss_axis
from onelayer.figures.specification import Axis, Band, Dash, Figure, Mark, Plot, Rule, Series
from onelayer.figures.theme import RUN_COLORS

__all__ = [
    "COMPARED",
    "TRENDS",
    "TrainingMark",
    "accuracy_figure",
    "block_statistics",
    "compared_figure",
    "loss_figure",
    "smoothed_losses",
    "steps_an_epoch",
    "trend_figure",
]

Columns = Mapping[str, Array]

_SMOOTHED_STEPS: Final = 10
_MOST_BLOCKS: Final = 1000
_MOST_DOTS: Final = 30  # of a line: more would hide it
_MARK_DASHES: Final[Sequence[Dash]] = ("dash", "dashdot")
_RUN_DASHES: Final[Sequence[Dash]] = ("solid", "dash", "dot")


@dataclass(frozen=True)
class TrainingMark:
    """A step of note, drawn as a vertical line.

    Parameters
    ----------
    step : int
    label : str
    note : str
        What the caption says of it.
    """

    step: int
    label: str
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of histories that is drawn: its place, the key of its steps, and its words."""

    key: str
    label: str
    title: str
    caption: str
    steps: str = "validation_step"


TRENDS: Final[Mapping[str, Column]] = {
    "weight-norm": Column(
        "weight_norm_squared",
        "‖W‖²",
        "Squared norm of the weights",
        "Of the weights on scaled features, as the penalty has it.",
    ),
    "learning-rate": Column("learning_rate", "learning rate", "Learning rate", "As the schedule has it.", "step"),
}

COMPARED: Final[Mapping[str, Column]] = {
    "validation-accuracy": Column("validation_accuracy", "validation accuracy", "Validation accuracy of each run", ""),
    "validation-loss": Column("validation_loss", "validation loss", "Validation loss of each run", ""),
    "batch-loss": Column(
        "batch_loss", "training loss", "Training loss of each run, means of blocks of mini-batches", "", "step"
    ),
    "weight-norm-squared": Column("weight_norm_squared", "‖W‖²", "Squared norm of the weights of each run", ""),
}


def loss_figure(history: Columns, marks: Sequence[TrainingMark] = ()) -> Figure | None:
    """Return the training loss and the validation loss over the steps; None where there was no step.

    The training loss is drawn as mean and standard deviation of blocks of 10 steps, or more in runs of over 10,000.

    Parameters
    ----------
    history : mapping of str to ndarray of shape (s,)
        ``step`` and ``batch_loss``; where something was validated, ``validation_step`` and ``validation_loss``.
    marks : sequence of TrainingMark

    Examples
    --------
    >>> history = {"step": np.arange(40), "epoch": np.arange(40) // 10, "batch_loss": np.linspace(2, 1, 40)}
    >>> loss_figure(history).message
    'Training loss goes from 2 to 1.12 in 40 steps'
    """
    losses = drawable(history.get("batch_loss", np.empty(0)))
    if not len(losses):
        return None
    message = f"Training loss goes from {losses[0]:.3g} to {losses[-10:].mean():.3g} in {len(losses):,} steps"
    message += _best(history, "validation_loss", "; the lowest validation loss is {:.3g}", np.nanmin)
    size, steps, means, deviations = smoothed_losses(history)
    notes = "".join(f" {mark.note}" for mark in marks if mark.note)
    caption = f"Loss without penalty. Training: mean and standard deviation of blocks of {size:,} mini-batches.{notes}"
    axis = loss_axis("loss", means)
    # Where the deviation reaches down to 0, its logarithm would have no end.
    floor = np.nanmin(means) / 2 if axis.log else -np.inf
    drawn: list[Mark] = [
        Band(steps, np.maximum(means - deviations, floor), means + deviations),
        Series(steps, means, f"training, mean of {size:,} steps"),
        *_validations(history, "validation_loss", "validation", "held-out"),
    ]
    return Figure("loss", message, caption, _over_steps(history, drawn, axis, marks))


def accuracy_figure(
    history: Columns, marks: Sequence[TrainingMark] = (), majority_share: float | None = None
) -> Figure | None:
    """Return training and validation accuracy over the steps; None where nothing was validated.

    Parameters
    ----------
    history : mapping of str to ndarray of shape (s,)
        ``validation_step``, ``train_accuracy`` and ``validation_accuracy``; either may be missing.
    marks : sequence of TrainingMark
    majority_share : float or None
        What always naming the largest class would give, 0 to 1; it is left out where it is so far below all accuracies
        that it would flatten them.

    Examples
    --------
    >>> history = {"validation_step": np.arange(4), "validation_accuracy": np.linspace(0.5, 0.9, 4)}
    >>> accuracy_figure(history).message
    'Accuracy over the steps of training; on validation rows 90.0%'
    """
    found = [drawable(history.get(key, np.empty(0))) for key in ("train_accuracy", "validation_accuracy")]
    accuracies = np.concatenate(found)
    if not np.isfinite(accuracies).any():
        return None
    message = "Accuracy over the steps of training"
    message += _best(history, "train_accuracy", "; the highest on training rows is {:.1%}", np.nanmax)
    message += _best(history, "validation_accuracy", "; on validation rows {:.1%}", np.nanmax)
    drawn: list[Mark] = [
        *_validations(history, "train_accuracy", "training", "train"),
        *_validations(history, "validation_accuracy", "validation", "held-out"),
    ]
    caption = "Accuracy at each validation."
    if majority_share is not None and _is_in_view(majority_share, accuracies):
        drawn.append(Rule("y", majority_share, "majority class", "muted", "dot"))
        caption += " The dotted line is what always naming the majority class would give."
    return Figure("accuracy", message, caption, _over_steps(history, drawn, Axis("accuracy", "percent"), marks))


def trend_figure(history: Columns, name: str) -> Figure | None:
    """Return one column of the history over the steps, from 0 up; None where there is none, or its ends are not finite.

    Parameters
    ----------
    history : mapping of str to ndarray of shape (s,)
    name : {"weight-norm", "learning-rate"}

    Examples
    --------
    >>> trend_figure({"step": np.arange(4), "learning_rate": np.full(4, 0.1)}, "learning-rate").message
    'Learning rate stays at 0.1'
    """
    column = TRENDS[name]
    values = drawable(history.get(column.key, np.empty(0)))
    if not len(values) or not np.isfinite(values[[0, -1]]).all():
        return None
    last = "almost 0" if abs(values[-1]) < 1e-3 * abs(values[0]) else f"{values[-1]:.3g}"
    message = f"{column.title} goes from {values[0]:.3g} to {last}"
    if np.all(values == values[0]):
        message = f"{column.title} stays at {values[0]:.3g}"
    step = every(len(values))
    series = Series(history[column.steps][::step], values[::step])
    plot = _over_steps(history, [series], Axis(column.label, first=0.0), (), height=2.0)
    return Figure(name, message, column.caption, plot)


def compared_figure(histories: Sequence[tuple[str, Columns]], name: str) -> Figure | None:
    """Return one column of several runs over epochs; None where no run has it.

    Parameters
    ----------
    histories : sequence of (str, mapping)
        Name and history of each run, in the order that gives them their colours.
    name : str
        One of :data:`COMPARED`.

    Examples
    --------
    >>> history = {"epoch": np.arange(3), "validation_step": np.arange(3), "validation_loss": np.array([3.0, 2.0, 1.0])}
    >>> [one.color for one in compared_figure([("one", history), ("two", history)], "validation-loss").panel.marks]
    ['run-0', 'run-1']
    """
    column = COMPARED[name]
    drawn = []
    for place, (run, history) in enumerate(histories):
        points = _points(history, column)
        if points is not None:
            dash = _RUN_DASHES[place // RUN_COLORS % len(_RUN_DASHES)]
            drawn.append(Series(*points, printable(run, 40), f"run-{place % RUN_COLORS}", dash=dash))
    if not drawn:
        return None
    if column.key.endswith("accuracy"):
        axis = Axis(column.label, "percent")
    elif column.key.endswith("loss"):
        axis = loss_axis(column.label, np.concatenate([series.y for series in drawn]))
    else:
        axis = Axis(column.label)
    size = (4.9, 2.8 + 0.17 * len(drawn))  # with room for a legend of that many
    plot = Plot(drawn, Axis("epoch", first=0.0), axis, size)
    return Figure(name, column.title, "Over epochs; one colour a run.", plot)


def smoothed_losses(history: Columns) -> tuple[int, Array, Array, Array]:
    """Return the training loss in blocks: their size, and as :func:`block_statistics` has it, step, mean and deviation.

    Blocks have 10 steps, or more in runs of over 10,000.

    Examples
    --------
    >>> smoothed_losses({"step": np.arange(2), "batch_loss": np.array([2.0, 1.0])})
    (10, array([0.5]), array([1.5]), array([0.5]))
    """
    losses = drawable(history["batch_loss"])
    size = _SMOOTHED_STEPS * every(len(losses), _SMOOTHED_STEPS * _MOST_BLOCKS)
    return size, *block_statistics(history["step"], losses, size)


def block_statistics(steps: Array, values: Array, size: int) -> tuple[Array, Array, Array]:
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


def steps_an_epoch(history: Columns) -> int | None:
    """Return how many steps the longest epoch has; None where there is none.

    Examples
    --------
    >>> steps_an_epoch({"epoch": np.array([0, 0, 0, 1, 1])})
    3
    """
    counts = np.unique(history.get("epoch", np.empty(0)), return_counts=True)[1]
    return int(counts.max()) if len(counts) else None


def _over_steps(
    history: Columns, drawn: Sequence[Mark], y: Axis, marks: Sequence[TrainingMark], height: float = 3.0
) -> Plot:
    rules = [Rule("x", mark.step, mark.label, dash=dash) for mark, dash in zip(marks, _MARK_DASHES, strict=False)]
    return Plot(
        [*drawn, *rules], Axis("step", "count", first=0.0), y, (4.9, height), steps_an_epoch=steps_an_epoch(history)
    )


def _validations(history: Columns, key: str, label: str, color: str) -> list[Series]:
    """Return a column of validations as a line, where some of it is finite."""
    values = drawable(history.get(key, np.empty(0)))
    finite = np.isfinite(values)
    n = int(finite.sum())
    if not n:
        return []
    steps, values = history["validation_step"][finite][:: every(n)], values[finite][:: every(n)]
    return [Series(steps, values, label, color, symbol="dot" if n <= _MOST_DOTS else "")]


def _points(history: Columns, column: Column) -> tuple[Array, Array] | None:
    """Return where a run's values stand, in epochs, and the values."""
    an_epoch = steps_an_epoch(history)
    if an_epoch is None or not len(history.get(column.key, ())):
        return None
    if column.key == "batch_loss":
        _, steps, values, _ = smoothed_losses(history)
    else:
        steps, values = history[column.steps], drawable(history[column.key])
    if not np.isfinite(values).any():
        return None
    step = every(len(values), _MOST_BLOCKS)
    return (steps[::step] + 1) / an_epoch, values[::step]


def _is_in_view(share: float, accuracies: Array) -> bool:
    """Return whether a line at ``share`` leaves the accuracies room to be told apart."""
    accuracies = accuracies[np.isfinite(accuracies)]
    if not len(accuracies):
        return False
    return share > float(accuracies.min()) - max(float(np.ptp(accuracies)), 0.05)


def _best(history: Columns, key: str, text: str, best: Callable[..., float]) -> str:
    values = drawable(history.get(key, np.empty(0)))
    return text.format(best(values)) if np.isfinite(values).any() else ""
