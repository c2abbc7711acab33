"""Sums over all rows in one pass: losses and decisions, gradients, Hessian products; for one model or m at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.engine import arguments
from onelayer.engine.library import losses, native
from onelayer.errors import ConfigError, InputError

__all__ = ["evaluate", "hessian_product_sums", "loss_and_gradient_sums"]


def evaluate(X: Array, targets: Array, weights: Array, intercepts: Array, **options: Any) -> tuple[Any, Any, Any]:
    """Return Σ w·loss, Σ w·[decided rightly] and Σ w over all rows, added up in float64.

    Each is a float, or ``(m,)`` for m models, of which each has the figures that it has alone, bit by bit.

    Parameters
    ----------
    X : (N, d) C-contiguous array, uint8, float32 or float64
    targets : (n,) integers, or (n, k) probabilities where the loss takes them
    weights, intercepts : (k, d) and (k,), or (m, k, d) and (m, k); float32 or float64
    **options
        ``loss`` (needed), and as in :func:`train_segment` ``shift``, ``scale``, ``indices``, ``mirrored``,
        ``image_shape``, ``row_weights`` (n,) or (n, m),
        ``label_smoothing``, ``n_threads``.

    Raises
    ------
    ConfigError, InputError, InputTypeError

    Examples
    --------
    >>> from onelayer import engine
    >>> if engine.available():
    ...     X, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    ...     assert evaluate(X, y, np.array([[-2.0], [2.0]]), np.zeros(2), loss="squared_hinge") == (0.0, 2.0, 2.0)
    """
    sums = _Pass(X, targets, weights, intercepts, **options).run()
    return sums[0], sums[1], sums[2]


def loss_and_gradient_sums(
    X: Array, targets: Array, weights: Array, intercepts: Array, **options: Any
) -> tuple[Any, Array, Array, Any]:
    """Return Σ w·ℓ, Σ w·∂ℓ/∂W, Σ w·∂ℓ/∂b and Σ w over all rows, in float64.

    The second and third are shaped as weights and intercepts, the others are as of :func:`evaluate`.

    Parameters, errors: as :func:`evaluate`.
    """
    work = _Pass(X, targets, weights, intercepts, **options)
    gradient = work.with_gradient()
    sums = work.run()
    return sums[0], *gradient, sums[2]


def hessian_product_sums(
    X: Array,
    targets: Array,
    weights: Array,
    intercepts: Array,
    directions: Array,
    direction_intercepts: Array,
    **options: Any,
) -> tuple[Array, Array]:
    """Return Σ w·∂²ℓ · direction over all rows, in float64, shaped as weights and intercepts.

    Several directions for one model are as many models with the same weights.

    Parameters, errors: as :func:`evaluate`; directions have the shapes of weights and intercepts. ``hinge`` has no
    curvature and is refused.
    """
    work = _Pass(X, targets, weights, intercepts, **options)
    if not losses()[work.loss][1]:
        raise ConfigError(f"{work.loss} has no curvature; use squared_hinge")
    work.directions = arguments.array("directions", directions, weights.dtype, weights.shape)
    work.direction_intercepts = arguments.array(
        "direction_intercepts", direction_intercepts, weights.dtype, intercepts.shape
    )
    gradient = work.with_gradient()
    work.run()
    return gradient


class _Pass:
    def __init__(
        self,
        X: Array,
        targets: Array,
        weights: Array,
        intercepts: Array,
        *,
        loss: str,
        shift: Array | float = 0.0,
        scale: Array | float = 1.0,
        indices: Array | None = None,
        mirrored: Array | None = None,
        image_shape: tuple[int, int, int] | None = None,
        row_weights: Array | None = None,
        label_smoothing: float = 0.0,
        n_threads: int = 1,
    ) -> None:
        dtype = arguments.float_type(weights)
        if weights.ndim not in (2, 3) or 0 in weights.shape:
            raise InputError(f"weights must have shape (k, d) or (m, k, d), not {weights.shape}")
        self.rows, n, d = arguments.rows_argument(X, indices, mirrored, image_shape)
        self.single, self.k, self.m = weights.ndim == 2, weights.shape[-2], 1 if weights.ndim == 2 else len(weights)
        self.weights = arguments.array("weights", weights, dtype, (*weights.shape[:-1], d))
        self.intercepts = arguments.array("intercepts", intercepts, dtype, weights.shape[:-1])
        self.loss = arguments.check_loss(loss)
        self.targets = arguments.targets_argument(targets, loss, n, self.k, dtype, label_smoothing)
        self.scaling = arguments.scaling_argument(shift, scale, d, dtype)
        self.row_weights = self._row_weights(row_weights, n, dtype)
        self.threads = arguments.check_threads(n_threads)
        self.directions: Array | None = None
        self.direction_intercepts: Array | None = None
        self.gradient: tuple[Array, Array] | None = None

    def _row_weights(self, row_weights: Array | None, n: int, dtype: Any) -> Array | None:
        if row_weights is None:
            return None
        if np.ndim(row_weights) == 2:
            return arguments.float_array("row_weights", np.transpose(row_weights), dtype, (self.m, n))
        return arguments.float_array("row_weights", row_weights, dtype, (n,))

    def with_gradient(self) -> tuple[Array, Array]:
        self.gradient = np.zeros(self.weights.shape), np.zeros(self.intercepts.shape)
        return self.gradient

    def run(self) -> Array:
        module, isa = native()
        sums = np.zeros((self.m, 3))
        module.pass_over(
            engine=isa,
            rows=self.rows,
            targets=self.targets,
            scaling=self.scaling,
            row_weights=self.row_weights,
            loss=self.loss,
            weights=self._stacked(self.weights, 3),
            intercepts=self._stacked(self.intercepts, 2),
            directions=self._stacked(self.directions, 3),
            direction_intercepts=self._stacked(self.direction_intercepts, 2),
            sums=sums,
            gradient=None if self.gradient is None else self.gradient[0],
            intercept_gradient=None if self.gradient is None else self.gradient[1],
            threads=self.threads,
        )
        return sums[0] if self.single else sums.T

    @staticmethod
    def _stacked(value: Array | None, ndim: int) -> Array | None:
        return value if value is None or value.ndim == ndim else value[np.newaxis]
