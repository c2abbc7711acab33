"""Who is told of training as it goes, and may end it."""

from __future__ import annotations

from onelayer.training.state import TrainingState

__all__ = ["Listener"]


class Listener:
    """Does nothing at each occasion; subclasses override those they care for.

    A listener changes nothing in the state.
    """

    def on_train_begin(self, state: TrainingState) -> None:
        """Training begins, or goes on from a checkpoint."""

    def on_epoch_begin(self, state: TrainingState) -> None:
        """Epoch ``state.epoch`` begins."""

    def on_validation(self, state: TrainingState) -> None:
        """Take note of the validation that ``state.history`` has last."""

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Take note that an epoch has ended (``state.epoch`` counts it); return true to end training here."""
        return False

    def asks_to_stop(self) -> bool:
        """Return true to end training as Ctrl-C does; asked before each step, or many times a second."""
        return False

    def on_train_end(self, state: TrainingState) -> None:
        """Training has ended, for the reason in ``state.status``, or by an error (the status is still ``running``)."""
