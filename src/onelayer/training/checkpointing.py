"""Checkpoints while training goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from onelayer.storage.checkpoints import save_checkpoint
from onelayer.training.listeners import Listener
from onelayer.training.state import TrainingState

__all__ = ["Checkpointing"]


class Checkpointing(Listener):
    """Writes a checkpoint at the end of an epoch, if the last is ``seconds`` old.

    A kill in between costs those seconds.

    Parameters
    ----------
    path : Path
    values : mapping
        Kept in the checkpoint beside the state: what it belongs to.
    seconds : float
        Least time between two checkpoints.
    """

    def __init__(self, path: Path, values: Mapping[str, Any], seconds: float = 1.0) -> None:
        self.path, self.values, self.seconds = path, dict(values), seconds
        self._due = 0.0

    def on_train_begin(self, state: TrainingState) -> None:
        """Begin to count time."""
        self._due = monotonic() + self.seconds

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Write the checkpoint if it is due."""
        if monotonic() >= self._due:
            arrays, values = state.to_checkpoint()
            save_checkpoint(self.path, arrays, {**self.values, **values})
            self._due = monotonic() + self.seconds
        return False
