"""What a model is: rows to scores, residuals back to gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic, Protocol, TypeVar

from onelayer.arrays import Array
from onelayer.tree import Tree

__all__ = ["Draw", "Model", "PullBack"]

P = TypeVar("P", bound=Tree)
P_co = TypeVar("P_co", bound=Tree, covariant=True)

Draw = Callable[..., Array]
"""Returns an array of the shape it is given, to start from."""


class PullBack(Protocol[P_co]):
    """Carries a residual ∂L/∂Z ``(n, k)`` or ``(n, m, k)`` back through the model."""

    def __call__(self, residual: Array, *, inputs: bool = False) -> tuple[P_co, Array | None]:
        """Return ∂L/∂parameters and, if ``inputs``, ∂L/∂X, for m models ``(n, m, d)``; else None for it."""


class Model(ABC, Generic[P]):
    """Scores Z as a function of parameters and rows X ``(n, d)``; it has no state of its own.

    To add a model, write one file with a subclass and its tree of parameters, enter it in ``models/__init__.py``, and
    hand it to an ``Objective``: losses, penalties, gradient check, SGD, scaling and checkpoints take any.
    """

    name: ClassVar[str]
    has_linear_scores: ClassVar[bool] = False
    """Whether scores are linear in the parameters, so that curvature of the loss is all the curvature there is."""

    @abstractmethod
    def start(self, d: int, k: int, draw: Draw) -> P:
        """Return parameters for d features and k outputs to start from."""

    @abstractmethod
    def forward(self, parameters: P, X: Array) -> tuple[Array, PullBack[P]]:
        """Return the scores ``(n, k)``, or ``(n, m, k)`` for m models, and what pulls a residual back."""

    def scores(self, parameters: P, X: Array) -> Array:
        """Return the scores alone."""
        return self.forward(parameters, X)[0]

    def kink_margins(self, parameters: P, X: Array) -> Array | None:
        """Return for each row the numbers ``(n, …)`` at whose change of sign scores have no derivative.

        None where scores have derivatives everywhere.
        """
        return None
