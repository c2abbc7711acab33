"""scikit-learn's callbacks, told of training: one task for the fit, one below it for each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onelayer.solvers import Status
from onelayer.training.listeners import Listener
from onelayer.training.state import TrainingState

__all__ = ["SklearnCallbacks"]


class SklearnCallbacks(Listener):
    """Passes each occasion on to the estimator's callbacks; what they return can end training."""

    def __init__(
        self, estimator: Any, epochs: int, data: dict[str, Any], attributes: Callable[[TrainingState], dict[str, Any]]
    ) -> None:
        self.estimator, self.data, self.attributes = estimator, data, attributes
        self.fit_task = estimator._init_callback_context(task_name="fit", max_subtasks=epochs)
        self.epoch_task: Any = None

    @property
    def is_idle(self) -> bool:
        """Whether there is no callback to pass anything on to."""
        # scikit-learn has no public way to ask; should this name go, every callback counts as one that listens.
        return not getattr(self.fit_task, "_callbacks", True)

    def on_train_begin(self, state: TrainingState) -> None:
        """Begin the task of the fit."""
        self.fit_task.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_begin(self, state: TrainingState) -> None:
        """Begin the task of an epoch."""
        self.epoch_task = self.fit_task.subcontext(task_name="epoch")
        self.epoch_task.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_end(self, state: TrainingState) -> bool:
        """End the task of the epoch; return whether a callback wants training to end."""
        task, self.epoch_task = self.epoch_task, None
        return bool(
            task.call_on_fit_task_end(
                estimator=self.estimator, **self.data, reconstruction_attributes=lambda: self.attributes(state)
            )
        )

    def on_train_end(self, state: TrainingState) -> None:
        """End the tasks that are still under way."""
        if state.status is Status.RUNNING:  # an error: as in scikit-learn, what is under way then never ends
            return
        if self.epoch_task is not None:  # ended within an epoch
            self.on_epoch_end(state)
        self.fit_task.call_on_fit_task_end(
            estimator=self.estimator, **self.data, reconstruction_attributes=lambda: self.attributes(state)
        )
