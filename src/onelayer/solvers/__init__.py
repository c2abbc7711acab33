"""Solvers: what changes parameters so that an objective falls. ``SOLVERS`` is where a new one is entered."""

from onelayer.solvers.base import (
    CAPABILITIES,
    Solution,
    Solver,
    SolverState,
    Status,
    Steps,
    check_capabilities,
    find_solver,
)
from onelayer.solvers.sgd import SGD, Descent, SGDParameters, SGDState

__all__ = [
    "CAPABILITIES",
    "SGD",
    "SOLVERS",
    "Descent",
    "SGDParameters",
    "SGDState",
    "Solution",
    "Solver",
    "SolverState",
    "Status",
    "Steps",
    "check_capabilities",
    "find_solver",
]

SOLVERS: dict[str, type[Solver]] = {solver.name: solver for solver in (SGD,)}
