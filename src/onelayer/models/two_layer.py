"""A network with one hidden layer: z₁ = W₁ x + b₁, a = φ(z₁), scores z₂ = W₂ a + b₂ (cse344-a1).

With residual R = ∂L/∂Z₂ the last layer has *residual × input* with a for input: ∂L/∂W₂ = Rᵀ A, ∂L/∂b₂ = Σᵢ Rᵢ. The
residual of the hidden layer is R₁ = (R W₂) ∘ φ′(Z₁), and with it once more ∂L/∂W₁ = R₁ᵀ X, ∂L/∂b₁ = Σᵢ R₁ᵢ and
∂L/∂X = R₁ W₁. ``onelayer derive two-layer`` proves it step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from onelayer.arrays import Array
from onelayer.models.base import Draw, Model, PullBack
from onelayer.models.linear import Linear, LinearParameters
from onelayer.tree import Tree

__all__ = ["TwoLayer", "TwoLayerParameters"]


@dataclass(frozen=True, eq=False)
class TwoLayerParameters(Tree):
    """Weights ``(h, d)`` and intercepts ``(h,)`` of the hidden layer, ``(k, h)`` and ``(k,)`` of the last one."""

    axes: ClassVar = {"hidden_weights": 2, "hidden_intercepts": 1, "weights": 2, "intercepts": 1}
    biases: ClassVar = frozenset({"hidden_intercepts", "intercepts"})
    at_inputs: ClassVar = ("hidden_weights", "hidden_intercepts")

    hidden_weights: Array
    hidden_intercepts: Array
    weights: Array
    intercepts: Array

    @property
    def hidden_layer(self) -> LinearParameters:
        """The hidden layer as a linear model of the inputs."""
        return LinearParameters(self.hidden_weights, self.hidden_intercepts)

    @property
    def last_layer(self) -> LinearParameters:
        """The last layer as a linear model of the hidden units."""
        return LinearParameters(self.weights, self.intercepts)


@dataclass(frozen=True)
class TwoLayer(Model[TwoLayerParameters]):
    """A hidden layer of h units with LeakyReLU, then a linear one.

    Parameters
    ----------
    hidden : int
        h, the number of hidden units.
    slope : float
        φ(z) is z above 0 and slope · z below; at 0 the derivative is taken to be the slope.

    Examples
    --------
    >>> ones = TwoLayerParameters(np.ones((2, 1)), np.zeros(2), np.ones((1, 2)), np.zeros(1))
    >>> scores, pull_back = TwoLayer(hidden=2, slope=0.5).forward(ones, np.array([[3.0], [-1.0]]))
    >>> scores.ravel()
    array([ 6., -1.])
    >>> gradient, on_inputs = pull_back(np.array([[1.0], [1.0]]), inputs=True)
    >>> gradient.hidden_weights.ravel(), on_inputs.ravel()
    (array([2.5, 2.5]), array([2., 1.]))
    """

    name = "two-layer"

    hidden: int
    slope: float = 0.01

    def start(self, d: int, k: int, draw: Draw) -> TwoLayerParameters:
        """Return parameters of both layers, drawn in the order of their names."""
        return TwoLayerParameters(draw(self.hidden, d), draw(self.hidden), draw(k, self.hidden), draw(k))

    def forward(self, parameters: TwoLayerParameters, X: Array) -> tuple[Array, PullBack[TwoLayerParameters]]:
        """Return the scores of one network ``(n, k)``, and what pulls a residual back."""
        z, to_hidden = Linear().forward(parameters.hidden_layer, X)
        slopes = np.where(z > 0, 1, self.slope).astype(z.dtype)
        scores, to_last = Linear().forward(parameters.last_layer, z * slopes)

        def pull_back(residual: Array, *, inputs: bool = False) -> tuple[TwoLayerParameters, Array | None]:
            on_last, on_units = to_last(residual, inputs=True)
            on_hidden, on_inputs = to_hidden(on_units * slopes, inputs=inputs)
            return TwoLayerParameters(*on_hidden, *on_last), on_inputs

        return scores, pull_back

    def kink_margins(self, parameters: TwoLayerParameters, X: Array) -> Array:
        """Return the scores of the hidden units ``(n, h)``."""
        return Linear().scores(parameters.hidden_layer, X)
