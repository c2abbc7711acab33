"""Solvers: what changes parameters so that an objective falls."""

from onelayer.solvers.sgd import SGD, SGDState
from onelayer.solvers.status import Status

__all__ = ["SGD", "SGDState", "Status"]
