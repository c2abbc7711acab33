"""Penalties on the parameters, added to the mean loss by the objective.

    R(W, b) = ½·l2·‖W‖²  (+ ½·l2·‖b‖² with ``penalize_bias``),   ∂R/∂W = l2·W,   the Hessian l2 times the identity.

The factor ½ makes the gradient l2·W. Reports that update with 2λW (tdt4265-a1, dd2424-a1-bonus, uvic-a3, cse344-a1) are
written as l2 = 2λ. Of a model with several weight arrays, W stands for all of them, and b for all intercepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np

from onelayer.arrays import AnyArray, namespace_of
from onelayer.errors import ConfigError
from onelayer.tree import Tree

__all__ = ["L2", "Penalty"]

P = TypeVar("P", bound=Tree)


class Penalty(Protocol):
    """What an objective needs of a penalty: functions of the parameters alone."""

    @property
    def is_zero(self) -> bool:
        """Whether nothing is penalised."""

    def value(self, parameters: Any) -> Any:
        """Return R, a number or, for m models, (m,)."""

    def gradient(self, parameters: P) -> P:
        """Return ∂R/∂parameters."""

    def hessian_product(self, direction: P) -> P:
        """Return the Hessian of R times a direction."""


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
    >>> from onelayer.models import LinearParameters
    >>> penalty, parameters = L2(0.5), LinearParameters(np.array([[2.0, 4.0]]), np.array([1.0]))
    >>> float(penalty.value(parameters))
    5.0
    >>> penalty.gradient(parameters)
    LinearParameters(weights=array([[1., 2.]]), intercepts=array([0.]))
    """

    l2: float | AnyArray = 0.0
    penalize_bias: bool = False

    def __post_init__(self) -> None:
        strengths = np.asarray(self.l2, dtype=np.float64)
        if strengths.ndim > 1 or not np.all(np.isfinite(strengths) & (strengths >= 0)):
            raise ConfigError(f"l2 must be a finite number and at least 0, not {self.l2!r}")

    @cached_property
    def is_zero(self) -> bool:
        """Whether nothing is penalised."""
        return not np.any(self.l2)

    def value(self, parameters: Tree) -> AnyArray:
        """Return R, an array () or, for m models, (m,)."""
        total: AnyArray = 0.0
        for name, part in parameters.items():
            if self._penalizes(parameters, name):
                xp = namespace_of(part)
                squares = xp.vecdot(part, part)
                for _ in range(parameters.axes[name] - 1):
                    squares = xp.sum(squares, axis=-1)
                total, like = total + squares, part
        return 0.5 * self._strength(like, 0) * total

    def gradient(self, parameters: P) -> P:
        """Return ∂R/∂parameters."""
        return type(parameters)(
            *(
                self._strength(part, parameters.axes[name]) * part
                if self._penalizes(parameters, name)
                else namespace_of(part).zeros_like(part)
                for name, part in parameters.items()
            )
        )

    def hessian_product(self, direction: P) -> P:
        """Return the Hessian of R times a direction.

        R is quadratic and without linear term: this is its gradient at the direction.
        """
        return self.gradient(direction)

    def _penalizes(self, parameters: Tree, name: str) -> bool:
        return self.penalize_bias or name not in parameters.biases

    def _strength(self, like: AnyArray, trailing_axes: int) -> AnyArray:
        """Return l2 in the dtype of ``like``; an array (m,) with axes of length 1 appended."""
        if np.ndim(self.l2) == 0:
            return float(self.l2)
        xp = namespace_of(like)
        strengths = xp.asarray(self.l2, dtype=like.dtype, device=like.device)
        return xp.reshape(strengths, (-1, *(1,) * trailing_axes))
