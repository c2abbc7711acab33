"""Everything that training carries from one epoch to the next, and its form in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.models.linear import LinearParameters
from onelayer.solvers.sgd import SGDState
from onelayer.solvers.status import Status
from onelayer.training.early_stopping import Monitor
from onelayer.training.history import STEP_KEYS, VALIDATION_KEYS, History
from onelayer.training.parameters import TrainingParameters

__all__ = ["TrainingState"]

_MOST_STEPS = 2**53


@dataclass
class TrainingState:
    """Where training is.

    Attributes
    ----------
    solver : SGDState
        Parameters, velocity and steps taken.
    monitor : Monitor
        Best value so far and validations since.
    epoch : int
        Epochs completed.
    best : LinearParameters or None
        The parameters of the best validation.
    history : History
    status : Status
    stopped_epoch : int or None
        The epoch (from 0) in which early stopping ended training.
    """

    solver: SGDState
    monitor: Monitor
    epoch: int = 0
    best: LinearParameters | None = None
    history: History = field(default_factory=History)
    status: Status = Status.RUNNING
    stopped_epoch: int | None = None

    @property
    def kept(self) -> LinearParameters:
        """The parameters that ``keep`` asks for: the best if something was validated, else the last."""
        best = self.best if self.monitor.parameters.keep == "best" else None
        return best or self.solver.parameters

    def continued(self, parameters: TrainingParameters) -> TrainingState:
        """Return a state to go on from with the kept parameters, nothing validated yet; this one stays as it is."""
        velocity = None if self.solver.velocity is None else self.solver.velocity.copy()
        solver = SGDState(self.kept.copy(), velocity, self.solver.step)
        return TrainingState(solver, Monitor(parameters), self.epoch, history=self.history)

    def to_checkpoint(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return arrays and plain values from which :meth:`from_checkpoint` makes the same state."""
        arrays = {f"history.{key}": values for key, values in self.history.arrays().items()}
        groups = {"parameters": self.solver.parameters, "velocity": self.solver.velocity, "best": self.best}
        for name, group in groups.items():
            if group is not None:
                arrays |= {f"{name}.{key}": values for key, values in group._asdict().items()}
        values = {
            "epoch": self.epoch,
            "step": self.solver.step,
            "monitor_best": self.monitor.best.hex(),  # exact, and JSON has no infinity
            "since_best": self.monitor.since_best,
        }
        return arrays, values

    @classmethod
    def from_checkpoint(cls, arrays: Mapping[str, Array], values: Mapping[str, Any], monitor: Monitor) -> TrainingState:
        """Return the state that :meth:`to_checkpoint` described.

        Raises
        ------
        KeyError, TypeError, ValueError, OverflowError
            If something is missing or odd.
        """

        def group(name: str) -> LinearParameters:
            return LinearParameters(*(np.array(arrays[f"{name}.{key}"]) for key in LinearParameters._fields))

        parameters = group("parameters")
        others = {name: group(name) for name in ("velocity", "best") if f"{name}.weights" in arrays}
        for name, other in others.items():
            if any(a.shape != b.shape or a.dtype != b.dtype for a, b in zip(other, parameters, strict=True)):
                raise ValueError(f"{name}, which is not of the parameters' shape and type")
        monitor.best, monitor.since_best = float.fromhex(values["monitor_best"]), _count(values, "since_best")
        solver = SGDState(parameters, others.get("velocity"), _count(values, "step"))
        return cls(solver, monitor, _count(values, "epoch"), others.get("best"), _history(arrays))


def _count(values: Mapping[str, Any], key: str) -> int:
    count = values[key]
    if not isinstance(count, int) or not 0 <= count < _MOST_STEPS:
        raise ValueError(f"{key}={printable(repr(count), 40)} is no count")
    return count


def _history(arrays: Mapping[str, Array]) -> History:
    columns = {key: arrays[f"history.{key}"] for key in (*STEP_KEYS, *VALIDATION_KEYS)}
    for keys in (STEP_KEYS, VALIDATION_KEYS):
        shapes = {columns[key].shape for key in keys}
        if len(shapes) > 1 or len(shapes.pop()) != 1:
            raise ValueError(f"its history has no columns of one length: {', '.join(keys)}")
    return History(columns)
