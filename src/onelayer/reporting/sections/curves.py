"""Learning curves, and what else goes over the steps of training."""

from __future__ import annotations

from typing import Final

import numpy as np

from onelayer.figures import Figure, TrainingMark, accuracy_figure, loss_figure, trend_figure
from onelayer.figures.curves import TRENDS
from onelayer.figures.scales import drawable
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Content

__all__ = ["curve_figures", "curves_content", "training_marks", "trend_figures", "trends_content"]

_HIGHER_IS_BETTER: Final = {"validation_loss": False, "validation_accuracy": True}


def curves_content(data: ReportData) -> Content:
    """Return the loss where there were steps, the accuracies where something was validated."""
    figures = curve_figures(data)
    return Content("" if figures else "Training took no step.", figures=figures)


def trends_content(data: ReportData) -> Content:
    """Return ‖W‖² where something was validated, and the learning rate where there were steps."""
    figures = trend_figures(data)
    absent = ""
    if not figures:
        absent = "Training took no step."
    elif "weight-norm" not in {figure.name for figure in figures}:
        absent = "‖W‖² is recorded at validations, and nothing was validated on."
    return Content(absent, figures=figures)


def curve_figures(data: ReportData) -> list[Figure]:
    """Return the learning curves that there are."""
    marks = training_marks(data)
    found = loss_figure(data.history, marks), accuracy_figure(data.history, marks, data.majority_share)
    return [figure for figure in found if figure is not None]


def trend_figures(data: ReportData) -> list[Figure]:
    """Return what else goes over the steps."""
    found = (trend_figure(data.history, name) for name in TRENDS)
    return [figure for figure in found if figure is not None]


def training_marks(data: ReportData) -> list[TrainingMark]:
    """Return the best validation by the monitored figure, and where early stopping ended the training.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> history = {"validation_step": np.arange(3), "validation_loss": np.array([2.0, 1.0, 1.5])}
    >>> training_marks(ReportData("t", {"keep": "best"}, RunFigures(), history, ["a", "b"]))
    [TrainingMark(step=1, label='weights kept', note='Kept are the weights of the best validation loss.')]
    """
    marks = []
    monitor = str(data.config.get("monitor", "validation_loss"))
    values = drawable(data.history.get(monitor, np.empty(0)))
    if monitor in _HIGHER_IS_BETTER and np.isfinite(values).any():
        best = np.nanargmax(values) if _HIGHER_IS_BETTER[monitor] else np.nanargmin(values)
        of_best, note = f"best {monitor.replace('_', ' ')}", ""
        if data.config.get("keep") == "best":
            of_best, note = "weights kept", f"Kept are the weights of the {of_best}."
        marks.append(TrainingMark(int(data.history["validation_step"][best]), of_best, note))
    steps, stopped = data.history.get("step", np.empty(0)), data.figures.stopped_epoch
    if stopped is not None and len(steps):
        marks.append(TrainingMark(int(steps[-1]), "stopped early", f"Training was stopped in epoch {stopped}."))
    return marks
