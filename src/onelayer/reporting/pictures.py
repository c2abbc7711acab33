"""Which pictures a report has, what each says in words, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from onelayer.errors import printable
from onelayer.reporting.confusion import MOST_WITH_RATES, confusion_figure
from onelayer.reporting.curves import Mark, accuracy_figure, drawable, loss_figure, smoothed_losses, trend_figure
from onelayer.reporting.data import ReportData
from onelayer.reporting.recalls import MOST_BARS, Recalls, recall_figure
from onelayer.reporting.theme import Theme
from onelayer.reporting.weights import weight_figure, weight_limit

__all__ = [
    "Picture",
    "class_pictures",
    "curve_pictures",
    "share_in_view",
    "training_marks",
    "trend_pictures",
    "weight_pictures",
]

_HIGHER_IS_BETTER = {"validation_loss": False, "validation_accuracy": True}


@dataclass(frozen=True)
class Picture:
    """One picture of a report.

    Parameters
    ----------
    name : str
        The stem of its file's name.
    message : str
        What it shows, in words: the text for those who don't see it.
    caption : str
        How to read it.
    draw : callable
        From a theme to the figure.
    """

    name: str
    message: str
    caption: str
    draw: Callable[[Theme], Figure]


def curve_pictures(data: ReportData) -> list[Picture]:
    """Return the learning curves: the loss where there were steps, the accuracies where something was validated."""
    history, marks = data.history, training_marks(data)
    pictures = []
    losses = drawable(history.get("batch_loss", np.empty(0)))
    if len(losses):
        message = f"Training loss goes from {losses[0]:.3g} to {losses[-10:].mean():.3g} in {len(losses):,} steps"
        message += _best_message(history.get("validation_loss"), "; the lowest validation loss is {:.3g}", np.nanmin)
        blocks = f"blocks of {smoothed_losses(history)[0]:,} mini-batches"
        caption = f"Loss without penalty. Training: mean and standard deviation of {blocks}.{_marks_text(data)}"
        pictures.append(Picture("loss", message, caption, lambda theme: loss_figure(history, marks, theme)))
    if any(len(history.get(key, ())) for key in ("train_accuracy", "validation_accuracy")):
        message = "Accuracy over the steps of training"
        message += _best_message(history.get("train_accuracy"), "; the highest on training rows is {:.1%}", np.nanmax)
        message += _best_message(history.get("validation_accuracy"), "; on validation rows {:.1%}", np.nanmax)
        share = share_in_view(data)
        line = "" if share is None else " The dotted line is what always naming the majority class would give."
        caption = f"Accuracy at each validation.{line}"
        pictures.append(
            Picture("accuracy", message, caption, lambda theme: accuracy_figure(history, marks, share, theme))
        )
    return pictures


def trend_pictures(data: ReportData) -> list[Picture]:
    """Return ‖W‖² where something was validated, and the learning rate where there were steps."""
    columns = {
        "weight-norm": ("validation_step", "weight_norm_squared", "‖W‖²", "Squared norm of the weights"),
        "learning-rate": ("step", "learning_rate", "learning rate", "Learning rate"),
    }
    captions = {
        "weight-norm": "Of the weights on scaled features, as the penalty has it.",
        "learning-rate": "As the schedule has it.",
    }
    pictures = []
    for name, (x_key, y_key, label, title) in columns.items():
        values = drawable(data.history.get(y_key, np.empty(0)))
        if len(values) and np.isfinite(values[[0, -1]]).all():
            last = "almost 0" if abs(values[-1]) < 1e-3 * abs(values[0]) else f"{values[-1]:.3g}"
            message = f"{title} goes from {values[0]:.3g} to {last}"
            if np.all(values == values[0]):
                message = f"{title} stays at {values[0]:.3g}"

            def draw(theme: Theme, x_key: str = x_key, y_key: str = y_key, label: str = label) -> Figure:
                return trend_figure(data.history, x_key, y_key, label, theme)

            pictures.append(Picture(name, message, captions[name], draw))
    return pictures


def class_pictures(data: ReportData) -> list[Picture]:
    """Return the confusion matrix and the recall of each class, where the run was evaluated."""
    names = data.class_names
    if data.confusion is None or not data.confusion.n:
        return []
    counts = np.asarray(data.confusion)
    hits, recalls = np.diagonal(counts), Recalls.of(counts)
    split = data.figures.evaluated_on
    shown = "In each cell the count, and" if len(names) <= MOST_WITH_RATES else "Colour shows"
    shares = recalls.shares
    lowest, highest = int(np.nanargmin(shares)), int(np.nanargmax(shares))
    recall_message = (
        f"Recall is lowest for {printable(names[lowest])} ({shares[lowest]:.1%}) "
        f"and highest for {printable(names[highest])} ({shares[highest]:.1%})"
    )
    some = f" The {MOST_BARS} classes with the lowest recall of {len(names)}." if len(names) > MOST_BARS else ""
    return [
        Picture(
            "confusion",
            f"{hits.sum():,} of {counts.sum():,} {split} rows are on the diagonal{_confusion_message(counts, data)}",
            f"Rows are true classes, columns predicted ones. {shown} the share of the true class.",
            lambda theme: confusion_figure(counts, names, theme),
        ),
        Picture(
            "recall",
            recall_message,
            f"Share of each class's {split} rows that is recognised, with Wilson intervals; rows in brackets.{some}",
            lambda theme: recall_figure(recalls, names, theme),
        ),
    ]


def weight_pictures(data: ReportData) -> list[Picture]:
    """Return the class weights as pictures, where the features are pixels."""
    images, names = data.weight_images, data.class_names
    if images is None:
        return []
    if len(images) < len(names):
        names = [f"{names[1]} against {names[0]}"]
    height, width = images.shape[1:3]
    what = "each class" if len(images) > 1 else printable(names[0])
    message = f"Weights of {what} as {height} × {width} pixels, on a scale of ±{weight_limit(images):.3g}"
    if images.shape[3] == 1:
        caption = "A pixel that speaks for the class is vermilion, one against it blue; one scale for all classes."
    else:
        caption = "Mid-grey is 0; a channel that speaks for the class is brighter. One scale for all classes."
    return [Picture("weights", message, caption, lambda theme: weight_figure(images, names, theme))]


def training_marks(data: ReportData) -> list[Mark]:
    """Return the best validation by the monitored figure, and where early stopping ended the training.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> history = {"validation_step": np.arange(3), "validation_loss": np.array([2.0, 1.0, 1.5])}
    >>> training_marks(ReportData("t", {"keep": "best"}, RunFigures(), history, ["a", "b"]))
    [Mark(step=1, label='weights kept')]
    """
    marks = []
    monitor = str(data.config.get("monitor", "validation_loss"))
    values = drawable(data.history.get(monitor, np.empty(0)))
    if monitor in _HIGHER_IS_BETTER and np.isfinite(values).any():
        best = np.nanargmax(values) if _HIGHER_IS_BETTER[monitor] else np.nanargmin(values)
        label = "weights kept" if data.config.get("keep") == "best" else f"best {_monitor_text(data)}"
        marks.append(Mark(int(data.history["validation_step"][best]), label))
    steps, stopped = data.history.get("step", np.empty(0)), data.figures.stopped_epoch
    if stopped is not None and len(steps):
        marks.append(Mark(int(steps[-1]), "stopped early"))
    return marks


def share_in_view(data: ReportData) -> float | None:
    """Return the majority class's share, unless it is so far below all accuracies that it would flatten them.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> history = {"validation_accuracy": np.array([0.6, 0.8])}
    >>> [
    ...     share_in_view(ReportData("t", {}, RunFigures(), history, ["a", "b"], majority_share=share))
    ...     for share in (0.1, 0.5)
    ... ]
    [None, 0.5]
    """
    found = [drawable(data.history.get(key, np.empty(0))) for key in ("train_accuracy", "validation_accuracy")]
    accuracies = np.concatenate(found)
    accuracies = accuracies[np.isfinite(accuracies)]
    if data.majority_share is None or not len(accuracies):
        return None
    room = max(float(np.ptp(accuracies)), 0.05)
    return data.majority_share if data.majority_share > accuracies.min() - room else None


def _marks_text(data: ReportData) -> str:
    """Return what the marks in the curves say."""
    texts = {
        "weights kept": f"Kept are the weights of the best {_monitor_text(data)}.",
        "stopped early": f"Training was stopped in epoch {data.figures.stopped_epoch}.",
    }
    return "".join(f" {texts[mark.label]}" for mark in training_marks(data) if mark.label in texts)


def _monitor_text(data: ReportData) -> str:
    return str(data.config.get("monitor", "validation_loss")).replace("_", " ")


def _best_message(values: npt.NDArray[np.float64] | None, text: str, best: Callable[..., float]) -> str:
    values = drawable(np.empty(0) if values is None else values)
    return text.format(best(values)) if np.isfinite(values).any() else ""


def _confusion_message(counts: npt.NDArray[np.int64], data: ReportData) -> str:
    errors = counts - np.diag(np.diagonal(counts))
    if not errors.any():
        return ""
    true, predicted = np.unravel_index(np.argmax(errors), errors.shape)
    names = [printable(data.class_names[int(index)]) for index in (true, predicted)]
    return f"; the most frequent mistake is {names[0]} taken for {names[1]}, {errors[true, predicted]:,} times"
