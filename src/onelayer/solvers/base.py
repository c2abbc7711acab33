"""What a solver is: explicit state in, steps, and a reason to end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.objective import Objective
from onelayer.rows import LabelledRows
from onelayer.tree import Tree

__all__ = [
    "CAPABILITIES",
    "Solution",
    "Solver",
    "SolverState",
    "Status",
    "Steps",
    "check_capabilities",
    "find_solver",
    "of_models",
]

CAPABILITIES: Final[Mapping[str, str]] = {
    "has_curvature": "curvature, a Hessian in score space",
    "has_conjugate": "a conjugate, which a certificate needs",
}
"""What a solver may need of a loss: the attribute that says whether it is there, and what it is called."""


class Status(StrEnum):
    """Whether a run goes on, or why it ended."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED_EARLY = "stopped early"
    STOPPED_BY_CALLBACK = "stopped by a callback"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"


@dataclass
class SolverState(ABC):
    """Where a solver is: parameters, of one model or m of them, and steps taken."""

    parameters: Tree
    step: int = 0

    @abstractmethod
    def copy(self) -> Self:
        """Return a copy that shares no memory with this one."""

    @abstractmethod
    def select(self, models: Array) -> Self:
        """Return the state of those of m models that the bool array ``models`` (m,) marks."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps that were taken.

    Attributes
    ----------
    losses, rates : (steps,) float64 or, for m models, (steps, m)
        The mean loss (without penalty) on what each step looked at, before it; and its learning rate.
    """

    losses: Array
    rates: Array


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver ended with.

    Attributes
    ----------
    parameters : Tree or None
        None where it diverged.
    status : Status
    epochs, steps : int
        How many were gone through, counting an epoch that was ended early.
    objective : float or None
        J at the parameters, where it was computed on all training rows.
    gap : float or None
        A bound on how far J is above its minimum, where there is a certificate.
    """

    parameters: Any
    status: Status
    epochs: int
    steps: int
    objective: float | None = None
    gap: float | None = None


class Solver(ABC):
    """Changes parameters so that an objective falls; all that it remembers is in its state.

    To add a solver, write one file with a subclass, and enter it in ``SOLVERS`` in ``solvers/__init__.py``.

    Class attributes
    ----------------
    name : str
    needs : frozenset of str
        Capabilities of a loss, of :data:`CAPABILITIES`, without which it can't work.
    reads : frozenset of str
        Parameters of training that are its own: with another solver they have no meaning.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    @abstractmethod
    def of(
        cls,
        objective: Objective,
        training: LabelledRows,
        targets: Array,
        models: Sequence[Any],
        seed: int,
        threads: int,
        *,
        fit_intercept: bool = True,
    ) -> Self:
        """Return a solver of a problem.

        Parameters
        ----------
        objective : Objective
            What is to fall; its penalty has a strength for each of m models.
        training : LabelledRows
        targets : (n,) labels or (n, k) probabilities
        models : sequence of parameters of training, one or m
        seed : int
        threads : int
        fit_intercept : bool
        """

    @property
    @abstractmethod
    def steps_per_epoch(self) -> int:
        """Steps from one end of an epoch to the next."""

    @property
    @abstractmethod
    def objective(self) -> Objective:
        """What is to fall, with the penalties of the models that are trained."""

    def work(self, state: Any) -> int:
        """Return about how many multiplications one step's products have, by which threads are given out."""
        return int(state.parameters.size)

    @property
    def longest_run(self) -> int:
        """Epochs that may go into one call where nobody looks in between."""
        return 1

    @abstractmethod
    def init(self, start: Tree) -> SolverState:
        """Return the state to begin with; ``start`` is changed in place by the steps."""

    @abstractmethod
    def step(
        self,
        state: Any,
        epoch: int,
        first: int,
        end: int,
        *,
        epochs: int = 1,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Steps:
        """Take the steps from ``first`` to before ``end`` of an epoch, or all steps of several epochs.

        Parameters
        ----------
        state : SolverState
            Changed in place.
        epoch : int
            From 0; the first of ``epochs``.
        first, end : int
        epochs : int
            With more than one, ``first`` is 0 and ``end`` the steps of an epoch.
        stopping : callable
            Asked before each step, or many times a second; true ends the call there.

        Returns
        -------
        Steps
            Those that were taken. A model trained alone ends with the first loss that is not finite; of m models those
            that diverge go on with undefined numbers, and the others do not notice.
        """

    @abstractmethod
    def terminate(self, state: Any, epoch: int) -> Array:
        """Return which of m models (of one, ``(1,)``) are at their end when ``epoch`` epochs are through, bool (m,)."""

    @abstractmethod
    def select(self, models: Array) -> Self:
        """Return the solver of those of m models that the bool array ``models`` (m,) marks."""


def check_capabilities(solver: type[Solver], loss: Any) -> None:
    """Raise ConfigError if a loss lacks what a solver needs; it names both, what is missing, and what to do."""
    for capability in sorted(solver.needs):
        if not getattr(loss, capability, False):
            raise ConfigError(
                f"solver={solver.name!r} needs a loss with {CAPABILITIES.get(capability, capability)}, "
                f"which loss={loss.name!r} does not have: use another loss, or solver='sgd'"
            )


def find_solver(name: str, solvers: Mapping[str, type[Solver]]) -> type[Solver]:
    """Return the solver of this name; raises ConfigError with the nearest known name."""
    if name not in solvers:
        hint = did_you_mean(str(name), solvers) or f"; known are {', '.join(solvers)}"
        raise ConfigError(f"unknown solver {printable(str(name))!r}{hint}")
    return solvers[name]


def of_models(factor: float | Array, like: Array) -> float | Array:
    """Give a factor ``(m,)`` the dtype of ``like`` and as many axes; one number stays as it is."""
    if isinstance(factor, float | int):
        return factor
    return np.asarray(factor).astype(like.dtype).reshape(-1, *(1,) * (like.ndim - 1))
