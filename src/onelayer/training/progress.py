"""Progress of training on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from onelayer.solvers import Status
from onelayer.training.listeners import Listener
from onelayer.training.state import TrainingState

__all__ = ["Progress"]

SECONDS_BETWEEN_LINES = 5.0


class Progress(Listener):
    """Shows epoch, loss, accuracy and time left.

    Where stderr is no terminal it writes a line at most every few seconds, and one at the end.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Bar | None = None
        self._next_line = 0.0
        self._written = -1  # the epoch of the last line

    def on_train_begin(self, state: TrainingState) -> None:
        """Show the bar, if there is a terminal to show it on."""
        self._next_line = monotonic() + SECONDS_BETWEEN_LINES
        if not self._console.is_terminal:
            return
        columns = (
            "epoch",
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeRemainingColumn(),
        )
        self._bar = Bar(*columns, console=self._console, transient=True, expand=True)
        self._bar.add_task("epoch", total=_epochs(state), completed=state.epoch, figures="")
        self._bar.start()

    def on_validation(self, state: TrainingState) -> None:
        """Show the newest figures."""
        self._show(state)

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Show how far training is."""
        self._show(state)
        if self._bar is None and monotonic() >= self._next_line:
            self._write_line(state)
            self._next_line = monotonic() + SECONDS_BETWEEN_LINES
        return False

    def on_train_end(self, state: TrainingState) -> None:
        """Take the bar away and leave one line."""
        if self._bar is not None:
            self._bar.stop()
        if state.status is not Status.RUNNING and (self._written != state.epoch or _ending(state)):
            self._write_line(state)

    def _show(self, state: TrainingState) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=state.epoch, figures=figures(state))

    def _write_line(self, state: TrainingState) -> None:
        sys.stderr.write(f"epoch {state.epoch}/{_epochs(state)}{_ending(state)}  {figures(state)}\n")
        self._written = state.epoch


def _ending(state: TrainingState) -> str:
    """Return how training ended, if not after its last epoch."""
    return "" if state.status in (Status.RUNNING, Status.FINISHED) else f" ({state.status})"


def _epochs(state: TrainingState) -> int:
    return state.monitor.parameters.max_epochs


def figures(state: TrainingState) -> str:
    """Return the newest figures in one short line: those of the last validation, else the last batch's loss.

    They are the training loss, the validation loss and the validation accuracy.
    """
    validation = state.history.last_validation
    if validation is None:
        loss = state.history.last_batch_loss
        return "" if loss is None else f"batch loss {loss:.4f}"
    return (
        f"loss {validation['train_loss']:.4f}  validation {validation['validation_loss']:.4f}"
        f"  accuracy {validation['validation_accuracy']:.2%}"
    )
