"""The linear model: scores Z = X Wᵀ + b, and gradient = residual × input.

With residual R = ∂L/∂Z the chain rule gives ∂L/∂W = Rᵀ X and ∂L/∂b = Σᵢ Rᵢ, whatever the loss: this is the sentence
that each of the five reports derives for its own loss (tdt4265-a1, dd2424-a1-bonus, uvic-a3, cse344-a1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from onelayer.arrays import Array
from onelayer.models.products import multiply_rows, sum_outer_products

__all__ = ["Linear", "LinearParameters"]


class LinearParameters(NamedTuple):
    """Weights ``(k, d)`` and intercepts ``(k,)``; for m models trained together ``(m, k, d)`` and ``(m, k)``."""

    weights: Array
    intercepts: Array

    def copy(self) -> LinearParameters:
        """Return a copy that shares no memory with this one."""
        return LinearParameters(self.weights.copy(), self.intercepts.copy())

    def is_finite(self) -> bool:
        """Whether every number is finite."""
        return bool(np.isfinite(self.weights).all() and np.isfinite(self.intercepts).all())


class Linear:
    """Scores Z = X Wᵀ + b.

    Examples
    --------
    >>> parameters = LinearParameters(np.array([[1.0, 2.0]]), np.array([0.5]))
    >>> scores, pull_back = Linear().forward(parameters, np.array([[3.0, 4.0]]))
    >>> scores
    array([[11.5]])
    >>> pull_back(np.array([[2.0]])).weights
    array([[6., 8.]])
    """

    def scores(self, parameters: LinearParameters, X: Array) -> Array:
        """Return the scores of X ``(n, d)``: ``(n, k)``, or ``(n, m, k)`` for m models."""
        weights, intercepts = parameters
        scores = multiply_rows(X, weights.reshape(-1, weights.shape[-1]))
        scores += intercepts.reshape(-1)
        return scores.reshape(len(X), *intercepts.shape)

    def forward(self, parameters: LinearParameters, X: Array) -> tuple[Array, Callable[[Array], LinearParameters]]:
        """Return the scores and the function that pulls a residual of their shape back to the parameters."""

        def pull_back(residual: Array) -> LinearParameters:
            flat = residual.reshape(len(X), -1)
            on_weights, on_intercepts = sum_outer_products(flat, X), flat.sum(axis=0)
            return LinearParameters(
                on_weights.reshape(parameters.weights.shape), on_intercepts.reshape(parameters.intercepts.shape)
            )

        return self.scores(parameters, X), pull_back
