"""How training ended, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onelayer.errors import OnelayerError, printable

__all__ = ["ended_phrase", "failed_phrase", "outcome_lines"]

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
