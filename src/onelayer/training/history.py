"""What happened at each step and each validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from onelayer.arrays import Array

__all__ = ["STEP_KEYS", "VALIDATION_KEYS", "History"]

STEP_KEYS: Final = ("step", "epoch", "batch_loss", "learning_rate")
VALIDATION_KEYS: Final = (
    "validation_step",
    "validation_epoch",
    "train_loss",
    "train_accuracy",
    "train_objective",
    "validation_loss",
    "validation_accuracy",
    "validation_objective",
    "weight_norm_squared",
)
INTEGER_KEYS: Final = {"step", "epoch", "validation_step", "validation_epoch"}


class History:
    """Grows by one segment of steps, or one validation, at a time.

    Per step (arrays of one length): ``step`` and ``epoch`` (both from 0), ``batch_loss`` (mean over the batch before
    its step, without penalty) and ``learning_rate``. Per validation: ``validation_step``, ``validation_epoch``, then
    ``loss`` (without penalty), ``accuracy`` and ``objective`` (with it) of the training and the validation rows, and
    ``weight_norm_squared``: ‖W‖² in the scaled space, and ‖b‖² with it where the intercepts are penalised too.

    Of models that are trained together only validations are kept, and of the validation rows alone; the columns of what
    is not recorded are then missing.
    """

    def __init__(self, arrays: Mapping[str, Array] | None = None) -> None:
        self._segments: dict[str, list[Array]] = {key: [] for key in STEP_KEYS}
        self._validations: dict[str, list[float]] = {key: [] for key in VALIDATION_KEYS}
        for key, values in (arrays or {}).items():
            if key in self._segments:
                self._segments[key] = [values] if len(values) else []
            else:
                self._validations[key].extend(values.tolist())

    def add_steps(self, first_step: int, epoch: int, losses: Array, rates: Array) -> None:
        """Record a step for each of ``losses``, from the global index ``first_step`` on; further rates are left out."""
        count = len(losses)
        if count == 0:
            return
        for key, values in zip(
            STEP_KEYS, (first_step + np.arange(count), np.full(count, epoch), losses, rates[:count]), strict=True
        ):
            self._segments[key].append(values)

    def add_validation(self, record: Mapping[str, float]) -> None:
        """Record one validation."""
        for key in VALIDATION_KEYS:
            if key in record:
                self._validations[key].append(record[key])

    @property
    def last_validation(self) -> dict[str, float] | None:
        """The newest validation record, if there is one."""
        return (
            {key: values[-1] for key, values in self._validations.items() if values}
            if self._validations["validation_step"]
            else None
        )

    @property
    def n_validations(self) -> int:
        """How many validations there were."""
        return len(self._validations["validation_step"])

    @property
    def last_batch_loss(self) -> float | None:
        """The loss of the newest batch, if there is one."""
        return float(self._segments["batch_loss"][-1][-1]) if self._segments["batch_loss"] else None

    def copy(self) -> History:
        """Return a history that stays as this one is now, at the cost of a few lists: arrays in it are never changed.

        Examples
        --------
        >>> history = History()
        >>> earlier = history.copy()
        >>> history.add_steps(0, 0, np.array([2.5]), np.array([0.1]))
        >>> earlier.last_batch_loss, history.last_batch_loss
        (None, 2.5)
        """
        other = History()
        other._segments = {key: list(parts) for key, parts in self._segments.items()}
        other._validations = {key: list(values) for key, values in self._validations.items()}
        return other

    def arrays(self) -> dict[str, Array]:
        """Return everything as 1-D arrays: int64 for steps and epochs, float64 for the rest."""
        steps = {key: np.concatenate(parts) if parts else np.empty(0) for key, parts in self._segments.items()}
        count = self.n_validations
        validations = {key: np.array(values) for key, values in self._validations.items() if len(values) == count}
        return {
            key: values.astype(np.int64 if key in INTEGER_KEYS else np.float64)
            for key, values in (steps | validations).items()
        }
