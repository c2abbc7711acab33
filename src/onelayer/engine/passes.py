"""Sums over all rows in one pass: losses and decisions, gradients, Hessian products; for one model or m at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.engine import arguments
from onelayer.engine.library import DenseRows, losses, native
from onelayer.errors import ConfigError, InputError

__all__ = ["PassJob", "PassSums"]


@dataclass(frozen=True, eq=False)
class PassSums:
    """Sums over all rows, added up in float64; each of m models has those that it has alone, bit by bit.

    Attributes
    ----------
    loss, correct, weight : float, or (m,)
        Σ w·ℓ, Σ w·[decided rightly] and Σ w.
    weights, intercepts : arrays shaped as those of the job, or None
        Σ w·∂ℓ/∂W and Σ w·∂ℓ/∂b, or Σ w·∂²ℓ · direction, where they were asked for.
    """

    loss: Any
    correct: Any
    weight: Any
    weights: Array | None = None
    intercepts: Array | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class PassJob:
    """One pass over all rows.

    Parameters
    ----------
    rows : DenseRows
        n rows of d features.
    targets : (n,) integers, or (n, k) probabilities where the loss takes them
    loss : str
    weights, intercepts : (k, d) and (k,), or (m, k, d) and (m, k); float32 or float64
    with_gradient : bool
        Whether the gradient's sums are wanted.
    directions, direction_intercepts : arrays shaped as weights and intercepts, or None
        With them, sums of Hessian products are made. Several directions for one model are as many models with the same
        weights. ``hinge`` has no curvature and is refused.
    row_weights : (n,) or (n, m), or None
    label_smoothing : float
    n_threads : int

    Raises
    ------
    ConfigError, InputError, InputTypeError
        Before any work, if something is of the wrong type, shape or range.
    """

    rows: DenseRows
    targets: Array
    loss: str
    weights: Array
    intercepts: Array
    with_gradient: bool = False
    directions: Array | None = None
    direction_intercepts: Array | None = None
    row_weights: Array | None = None
    label_smoothing: float = 0.0
    n_threads: int = 1
    checked: dict[str, Any] = field(init=False, repr=False)
    """What the compiled function is handed."""

    def __post_init__(self) -> None:
        dtype = arguments.float_type(self.weights)
        if self.weights.ndim not in (2, 3) or 0 in self.weights.shape:
            raise InputError(f"weights must have shape (k, d) or (m, k, d), not {self.weights.shape}")
        rows, n, d = arguments.rows_argument(self.rows)
        outputs = self.weights.shape[:-1]
        weights = arguments.array("weights", self.weights, dtype, (*outputs, d))
        intercepts = arguments.array("intercepts", self.intercepts, dtype, outputs)
        directions: tuple[Array | None, Array | None] = None, None
        if self.directions is not None:
            if not losses()[arguments.check_loss(self.loss)][1]:
                raise ConfigError(f"{self.loss} has no curvature; use squared_hinge")
            directions = (
                arguments.array("directions", self.directions, dtype, weights.shape),
                arguments.array("direction_intercepts", np.asarray(self.direction_intercepts), dtype, outputs),
            )
        row_weights = arguments.row_weights(self.row_weights, n, outputs[:-1], dtype)
        if row_weights is not None and row_weights.ndim == 2:  # the pass goes through the rows of a model
            row_weights = np.ascontiguousarray(row_weights.T)
        wanted = self.with_gradient or self.directions is not None
        checked = {
            "rows": rows,
            "targets": arguments.targets_argument(self.targets, self.loss, n, outputs[-1], dtype, self.label_smoothing),
            "scaling": arguments.scaling_argument(self.rows, d, dtype),
            "row_weights": row_weights,
            "loss": arguments.check_loss(self.loss),
            "weights": _stacked(weights, 3),
            "intercepts": _stacked(intercepts, 2),
            "directions": _stacked(directions[0], 3),
            "direction_intercepts": _stacked(directions[1], 2),
            "sums": np.zeros((len(weights) if weights.ndim == 3 else 1, 3)),
            "gradient": np.zeros(weights.shape) if wanted else None,
            "intercept_gradient": np.zeros(intercepts.shape) if wanted else None,
            "threads": arguments.check_threads(self.n_threads),
        }
        object.__setattr__(self, "checked", checked)

    def run(self) -> PassSums:
        """Go through the rows; once, for sums are added to those of the job."""
        module, isa = native()
        module.pass_over(engine=isa, **self.checked)
        sums = self.checked["sums"]
        loss, correct, weight = sums[0] if self.weights.ndim == 2 else sums.T
        return PassSums(loss, correct, weight, self.checked["gradient"], self.checked["intercept_gradient"])


def _stacked(value: Array | None, ndim: int) -> Array | None:
    return value if value is None or value.ndim == ndim else value[np.newaxis]
