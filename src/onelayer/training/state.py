"""Everything that training carries from one epoch to the next, and its form in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.solvers import SGDState, Solution, SolverState, Status
from onelayer.training.early_stopping import Monitor
from onelayer.training.history import STEP_KEYS, VALIDATION_KEYS, History
from onelayer.training.parameters import TrainingParameters
from onelayer.tree import Tree

__all__ = ["ModelState", "TrainingState"]

_MOST_STEPS = 2**53


@dataclass
class ModelState:
    """One of the models that are trained, and what became of it so far.

    Attributes
    ----------
    parameters : TrainingParameters
    monitor : Monitor
        Best value so far and validations since.
    history : History
    best : Tree or None
        The parameters of the best validation.
    best_validation : int or None
        Which validation that was, from 0.
    status : Status
    stopped_epoch : int or None
        The epoch (from 0) in which early stopping ended training.
    solution : Solution or None
        What it ended with; None while it runs.
    """

    parameters: TrainingParameters
    monitor: Monitor
    history: History = field(default_factory=History)
    best: Tree | None = None
    best_validation: int | None = None
    status: Status = Status.RUNNING
    stopped_epoch: int | None = None
    solution: Solution | None = None

    @classmethod
    def of(cls, parameters: TrainingParameters) -> ModelState:
        """Return the state of a model of which nothing is known yet."""
        return cls(parameters, Monitor(parameters))

    def kept(self, last: Tree) -> Tree:
        """Return the parameters that ``keep`` asks for: the best if something was validated, else the last."""
        return last if self.best is None or self.parameters.keep == "last" else self.best

    @property
    def kept_validation(self) -> int | None:
        """Which validation (from 0) is that of the kept parameters; None where nothing was validated."""
        if not self.history.n_validations:
            return None
        is_last = self.best_validation is None or self.parameters.keep == "last"
        return self.history.n_validations - 1 if is_last else self.best_validation


@dataclass
class TrainingState:
    """Where training is, of one model or of m that are trained together.

    What it says of "the" model is of the first, which is the only one where a model is trained alone.

    Attributes
    ----------
    solver : SolverState
        Of the models that are running: of m models its parameters have an axis of as many as still run.
    models : list of ModelState
    epoch : int
        Epochs completed.
    position : int
        Steps taken in the epoch that is under way.
    running : (models that run,) integers
        Their positions in ``models``.
    """

    solver: Any
    models: list[ModelState]
    epoch: int = 0
    position: int = 0
    running: Array = field(default_factory=lambda: np.zeros(1, np.intp))

    @classmethod
    def of(cls, solver: SolverState, models: list[TrainingParameters]) -> TrainingState:
        """Return the state in which training begins."""
        return cls(solver, [ModelState.of(model) for model in models], running=np.arange(len(models)))

    @property
    def is_running(self) -> bool:
        """Whether any model is to go on."""
        return any(self.models[j].status is Status.RUNNING for j in self.running.tolist())

    @property
    def is_alone(self) -> bool:
        """Whether one model is trained by itself, without an axis of models."""
        return self.solver.parameters.m is None

    @property
    def monitor(self) -> Monitor:
        """The monitor of the model."""
        return self.models[0].monitor

    @property
    def history(self) -> History:
        """The history of the model."""
        return self.models[0].history

    @property
    def best(self) -> Tree | None:
        """The parameters of the model's best validation."""
        return self.models[0].best

    @property
    def status(self) -> Status:
        """Whether the model runs, or why it ended."""
        return self.models[0].status

    @property
    def stopped_epoch(self) -> int | None:
        """The epoch (from 0) in which early stopping ended the model's training."""
        return self.models[0].stopped_epoch

    @property
    def kept(self) -> Any:
        """The model's parameters that ``keep`` asks for."""
        return self.models[0].kept(self.solver.parameters)

    def continued(self, parameters: TrainingParameters) -> TrainingState:
        """Return a state to go on from with the kept parameters, nothing validated yet; this one stays as it is."""
        solver = self.solver.copy()
        solver.parameters = self.kept.copy()
        return TrainingState(solver, [ModelState(parameters, Monitor(parameters), self.history)], self.epoch)

    def to_checkpoint(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return arrays and plain values from which :meth:`from_checkpoint` makes the same state."""
        arrays = {f"history.{key}": values for key, values in self.history.arrays().items()}
        groups = {"parameters": self.solver.parameters, "velocity": self.solver.velocity, "best": self.best}
        for name, group in groups.items():
            if group is not None:
                arrays |= {f"{name}.{key}": values for key, values in group.items()}
        values = {
            "epoch": self.epoch,
            "step": self.solver.step,
            "monitor_best": self.monitor.best.hex(),  # exact, and JSON has no infinity
            "since_best": self.monitor.since_best,
        }
        return arrays, values

    @classmethod
    def from_checkpoint(
        cls, arrays: Mapping[str, Array], values: Mapping[str, Any], parameters: TrainingParameters, like: Tree
    ) -> TrainingState:
        """Return the state that :meth:`to_checkpoint` described; ``like`` are parameters of that model.

        Raises
        ------
        KeyError, TypeError, ValueError, OverflowError
            If something is missing or odd.
        """

        def group(name: str) -> Tree:
            return type(like)(*(np.array(arrays[f"{name}.{key}"]) for key in like.names()))

        first = like.names()[0]
        found = group("parameters")
        others = {name: group(name) for name in ("velocity", "best") if f"{name}.{first}" in arrays}
        for name, other in others.items():
            if any(a.shape != b.shape or a.dtype != b.dtype for a, b in zip(other, found, strict=True)):
                raise ValueError(f"{name}, which is not of the parameters' shape and type")
        monitor = Monitor(parameters, float.fromhex(values["monitor_best"]), _count(values, "since_best"))
        solver = SGDState(found, _count(values, "step"), others.get("velocity"))
        model = ModelState(parameters, monitor, _history(arrays), others.get("best"))
        if model.best is not None:
            model.best_validation = max(model.history.n_validations - 1 - monitor.since_best, 0)
        return cls(solver, [model], _count(values, "epoch"))


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
