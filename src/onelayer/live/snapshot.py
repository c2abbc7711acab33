"""What is shown of training: what it is of, where it is at one moment, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from onelayer.errors import OnelayerError, printable
from onelayer.training.history import History
from onelayer.training.state import TrainingState

__all__ = ["Snapshot", "ended_phrase", "failed_phrase", "outcome_lines"]


_LONGEST_SIDE = 64  # of a picture of weights; larger images are thinned out


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Training at one moment, in copies that training does not touch.

    Parameters
    ----------
    epoch, max_epochs, step : int
        Completed epochs and steps.
    history : History
    seconds : float
        Since training began.
    weights : ndarray of shape (k, h, w, c), or (1, h, w, c) for two classes, or None
        On scaled features, as training has them.
    """

    epoch: int
    max_epochs: int
    step: int
    history: History
    seconds: float
    weights: npt.NDArray[Any] | None = None

    @classmethod
    def of(cls, state: TrainingState, seconds: float, image_shape: tuple[int, ...] | None) -> Snapshot:
        """Copy what is shown of ``state``: pixels of weights for ``image_shape``, every other one of large images."""
        weights = state.solver.parameters.weights
        return cls(
            state.epoch,
            state.monitor.parameters.max_epochs,
            state.solver.step,
            state.history.copy(),
            seconds,
            None if image_shape is None else _pictures(weights, image_shape),
        )


def _pictures(weights: npt.NDArray[Any], image_shape: tuple[int, ...]) -> npt.NDArray[Any]:
    every = -(-max(image_shape[:2]) // _LONGEST_SIDE)
    images = weights.reshape(-1, *image_shape)[:, ::every, ::every]
    return images[1:] - images[:1] if len(images) == 2 else images.copy()


PARTS = {"test": "Test", "validation": "Validation", "train": "Training"}


def ended_phrase(metrics: Mapping[str, Any]) -> str:
    """Return how training ended, from what metrics.json holds.

    Examples
    --------
    >>> ended_phrase({"interrupted": False, "stopped_epoch": None, "epochs": 50})
    'Training has ended after 50 epochs.'
    """
    if metrics["interrupted"]:
        return "Training was stopped: the model holds what was learned until then."
    if metrics["stopped_epoch"] is not None:
        return f"Training has ended early, in epoch {metrics['stopped_epoch']}."
    return f"Training has ended after {metrics['epochs']} epochs."


def failed_phrase(error: BaseException) -> str:
    """Return that training ended by an error.

    Examples
    --------
    >>> failed_phrase(KeyboardInterrupt())
    'Training was broken off.'
    """
    if isinstance(error, OnelayerError):
        return f"Training failed: {printable(str(error), 500)}"
    return "Training was broken off." if isinstance(error, KeyboardInterrupt) else "Training failed: see the terminal."


def outcome_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Return the accuracy on each part, and where the report is.

    Examples
    --------
    >>> part = {"accuracy": 0.93, "accuracy_interval": [0.9, 0.95], "loss": 0.25, "n": 360}
    >>> outcome_lines({"test": part, "run_dir": "/runs/one"})
    ['Test accuracy 93.00% (95% interval 90.00% to 95.00%, 360 rows), loss 0.2500.', 'Report: /runs/one/report.html']
    """
    lines = []
    for name in PARTS:
        if name in metrics:
            part = metrics[name]
            low, high = part["accuracy_interval"]
            loss = "not finite" if part["loss"] is None else f"{part['loss']:.4f}"
            lines.append(
                f"{PARTS[name]} accuracy {part['accuracy']:.2%} "
                f"(95% interval {low:.2%} to {high:.2%}, {part['n']:,} rows), loss {loss}."
            )
    report = Path(metrics["run_dir"]).absolute() / "report.html"
    return [*lines, f"Report: {printable(str(report), 2000)}"]
