"""The linear model: scores Z = X Wᵀ + b, and gradient = residual × input.

With residual R = ∂L/∂Z the chain rule gives ∂L/∂W = Rᵀ X, ∂L/∂b = Σᵢ Rᵢ and ∂L/∂X = R W, whatever the loss: this is
the sentence that each of the five reports derives for its own loss (tdt4265-a1, dd2424-a1-bonus, uvic-a3, cse344-a1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from onelayer.arrays import Array
from onelayer.models.base import Draw, Model, PullBack
from onelayer.models.products import multiply_rows, sum_outer_products
from onelayer.tree import Tree

__all__ = ["Linear", "LinearParameters"]


@dataclass(frozen=True, eq=False)
class LinearParameters(Tree):
    """Weights ``(k, d)`` and intercepts ``(k,)``; for m models trained together ``(m, k, d)`` and ``(m, k)``."""

    axes: ClassVar = {"weights": 2, "intercepts": 1}
    biases: ClassVar = frozenset({"intercepts"})

    weights: Array
    intercepts: Array


class Linear(Model[LinearParameters]):
    """Scores Z = X Wᵀ + b.

    Examples
    --------
    >>> parameters = LinearParameters(np.array([[1.0, 2.0]]), np.array([0.5]))
    >>> scores, pull_back = Linear().forward(parameters, np.array([[3.0, 4.0]]))
    >>> scores
    array([[11.5]])
    >>> gradient, on_inputs = pull_back(np.array([[2.0]]), inputs=True)
    >>> gradient.weights, on_inputs
    (array([[6., 8.]]), array([[2., 4.]]))
    """

    name = "linear"
    has_linear_scores = True

    def start(self, d: int, k: int, draw: Draw) -> LinearParameters:
        """Return weights and intercepts, drawn in that order."""
        return LinearParameters(draw(k, d), draw(k))

    def scores(self, parameters: LinearParameters, X: Array) -> Array:
        """Return the scores of X ``(n, d)``: ``(n, k)``, or ``(n, m, k)`` for m models."""
        weights, intercepts = parameters
        scores = multiply_rows(X, weights.reshape(-1, weights.shape[-1]))
        scores += intercepts.reshape(-1)
        return scores.reshape(len(X), *intercepts.shape)

    def forward(self, parameters: LinearParameters, X: Array) -> tuple[Array, PullBack[LinearParameters]]:
        """Return the scores, and the function that pulls a residual of their shape back."""

        def pull_back(residual: Array, *, inputs: bool = False) -> tuple[LinearParameters, Array | None]:
            flat = residual.reshape(len(X), -1)
            on_weights, on_intercepts = sum_outer_products(flat, X), flat.sum(axis=0)
            gradient = LinearParameters(
                on_weights.reshape(parameters.weights.shape), on_intercepts.reshape(parameters.intercepts.shape)
            )
            # Of one model R W; of m models each its own, along the axis that scores have it on.
            return gradient, np.einsum("...k,...kd->...d", residual, parameters.weights) if inputs else None

        return self.scores(parameters, X), pull_back
