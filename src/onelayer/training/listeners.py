"""Who is told of a run as it goes, and may end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onelayer.training.state import TrainingState

__all__ = ["Listener", "RunDescription"]


@dataclass(frozen=True)
class RunDescription:
    """What is trained on what. Names are text, whatever they look like.

    Parameters
    ----------
    title : str
    config : mapping
        The resolved configuration.
    class_names : sequence of str, of length k
    image_shape : (h, w, c) or None
        Of the rows, where they are pixels.
    no_pictures : str
        Why weights are not shown as pictures, if they are not.
    majority_share : float or None
        Share of the largest class among the validation rows, 0 to 1.
    """

    title: str
    config: Mapping[str, Any] = field(default_factory=dict)
    class_names: Sequence[str] = ("0", "1")
    image_shape: tuple[int, ...] | None = None
    no_pictures: str = "The rows are not pixels, so that weights make no picture."
    majority_share: float | None = None


class Listener:
    """Does nothing at each occasion; subclasses override those they care for, and change nothing in the state.

    An experiment tells of ``on_run_begin``, of its training, of ``on_figures`` and ``on_artefact``, and of
    ``on_run_end``. A sweep tells of its passes too, before the training of its choice. ``fit`` tells of training alone.
    """

    def on_run_begin(self, description: RunDescription) -> None:
        """Begin a run: the data is there."""

    def on_pass_begin(self, number: int, models: int, epochs: int) -> None:
        """Begin pass ``number`` (from 1) of a sweep: this many models, for at most this many epochs."""

    def on_pass_epoch_end(self, epoch: int, running: int) -> None:
        """Take note that an epoch (from 0) of a pass has ended; this many models go on."""

    def on_passes_end(self) -> None:
        """Take note that the last pass of a sweep has ended, or was broken off."""

    def on_train_begin(self, state: TrainingState) -> None:
        """Training begins, or goes on from a checkpoint."""

    def on_epoch_begin(self, state: TrainingState) -> None:
        """Epoch ``state.epoch`` begins."""

    def on_steps(self, state: TrainingState) -> None:
        """Take note of the steps that ``state.history`` has last."""

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

    def on_figures(self, metrics: Mapping[str, Any]) -> None:
        """Take the figures of merit of the evaluated model, as metrics.json holds them."""

    def on_artefact(self, name: str, path: Path) -> None:
        """Take note of a file that the run wrote: ``model``, ``report``, ``predictions`` and so on."""

    def on_run_end(self) -> None:
        """Take note that the run has ended, and everything is written."""
