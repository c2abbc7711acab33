"""Penalties on the weights, added to the mean loss by the objective.

    R(W, b) = ½·l2·‖W‖²  (+ ½·l2·‖b‖² with ``penalize_bias``),   ∂R/∂W = l2·W,   the Hessian l2 times the identity.

The factor ½ makes the gradient l2·W. Reports that update with 2λW (tdt4265-a1, dd2424-a1-bonus, uvic-a3, cse344-a1) are
written as l2 = 2λ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from onelayer.arrays import AnyArray, namespace_of
from onelayer.errors import ConfigError

__all__ = ["L2"]


@dataclass(frozen=True, eq=False)
class L2:
    """The squared Euclidean norm of the weights, times l2/2.

    Parameters
    ----------
    l2 : float, or float array (m,)
        Strength, at least 0; one for each of m models if an array.
    penalize_bias : bool
        Whether the intercepts are penalised too.

    Raises
    ------
    ConfigError
        If a strength is negative or not finite.

    Examples
    --------
    >>> penalty = L2(0.5)
    >>> float(penalty.value(np.array([[2.0, 4.0]]), np.array([1.0])))
    5.0
    >>> penalty.gradient(np.array([[2.0, 4.0]]), np.array([1.0]))
    (array([[1., 2.]]), array([0.]))
    """

    l2: float | AnyArray = 0.0
    penalize_bias: bool = False

    def __post_init__(self) -> None:
        strengths = np.asarray(self.l2, dtype=np.float64)
        if strengths.ndim > 1 or not np.all(np.isfinite(strengths) & (strengths >= 0)):
            raise ConfigError(f"l2 must be a finite number and at least 0, not {self.l2!r}")

    @cached_property
    def is_zero(self) -> bool:
        """Whether nothing is penalized."""
        return not np.any(self.l2)

    def value(self, weights: AnyArray, intercepts: AnyArray) -> AnyArray:
        """Return R, an array () or, for m models, (m,).

        Parameters
        ----------
        weights : float array (k, d) or (m, k, d)
        intercepts : float array (k,) or (m, k)
        """
        xp = namespace_of(weights)
        squares = xp.sum(xp.vecdot(weights, weights), axis=-1)
        if self.penalize_bias:
            squares = squares + xp.vecdot(intercepts, intercepts)
        return 0.5 * self._strength(weights, 0, xp) * squares

    def gradient(self, weights: AnyArray, intercepts: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ∂R/∂W and ∂R/∂b, arrays of the shapes of weights and intercepts.

        Parameters
        ----------
        weights : float array (k, d) or (m, k, d)
        intercepts : float array (k,) or (m, k)
        """
        xp = namespace_of(weights)
        on_weights = self._strength(weights, 2, xp) * weights
        if self.penalize_bias:
            return on_weights, self._strength(weights, 1, xp) * intercepts
        return on_weights, xp.zeros_like(intercepts)

    def hessian_product(self, direction_weights: AnyArray, direction_intercepts: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return the Hessian of R times a direction; shapes as for :meth:`gradient`.

        R is quadratic and without linear term: this is its gradient at the direction.
        """
        return self.gradient(direction_weights, direction_intercepts)

    def _strength(self, like: AnyArray, trailing_axes: int, xp: Any) -> AnyArray:
        """Return l2 in the dtype of ``like``; an array (m,) with axes of length 1 appended."""
        if np.ndim(self.l2) == 0:
            return float(self.l2)
        strengths = xp.asarray(self.l2, dtype=like.dtype, device=like.device)
        return xp.reshape(strengths, (-1, *(1,) * trailing_axes))
