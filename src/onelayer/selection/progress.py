"""The progress of a sweep on stderr."""

from __future__ import annotations

import sys
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from onelayer.training.listeners import Listener

__all__ = ["SweepProgress"]

SECONDS_BETWEEN_LINES = 5.0


class SweepProgress(Listener):
    """Shows pass, epoch and models on stderr: a bar on a terminal, else a line at most every few seconds."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Bar | None = None
        self._next_line = monotonic() + SECONDS_BETWEEN_LINES
        self._number, self._models, self._epochs = 0, 0, 0

    def on_pass_begin(self, number: int, models: int, epochs: int) -> None:
        """Begin a new bar."""
        self._number, self._models, self._epochs = number, models, epochs
        self.on_passes_end()
        if self._console.is_terminal:
            text = TextColumn("{task.description}", markup=False)
            columns = (text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, console=self._console, transient=True)
            self._bar.add_task(f"pass {number}, {models} models: epoch", total=epochs)
            self._bar.start()

    def on_pass_epoch_end(self, epoch: int, running: int) -> None:
        """Show how far the pass is."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=epoch + 1)
        elif monotonic() >= self._next_line:
            sys.stderr.write(
                f"pass {self._number}: epoch {epoch + 1}/{self._epochs}, {running} of {self._models} models running\n"
            )
            self._next_line = monotonic() + SECONDS_BETWEEN_LINES

    def on_passes_end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
