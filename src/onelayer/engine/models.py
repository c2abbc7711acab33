"""Many models at once, on the same rows in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.engine import arguments
from onelayer.engine.library import native
from onelayer.errors import InputError

__all__ = ["train_models_segment"]


def train_models_segment(
    X: Array,
    targets: Array,
    order: Array,
    learning_rates: Array,
    weights: Array,
    intercepts: Array,
    *,
    loss: str,
    batch_size: int,
    momentum: Array | float = 0.0,
    velocity: tuple[Array, Array] | None = None,
    l2: Array | float = 0.0,
    penalize_bias: bool = False,
    fit_intercept: bool = True,
    shift: Array | float = 0.0,
    scale: Array | float = 1.0,
    indices: Array | None = None,
    mirrored: Array | None = None,
    image_shape: tuple[int, int, int] | None = None,
    row_weights: Array | None = None,
    label_smoothing: float = 0.0,
    n_threads: int = 1,
) -> Array:
    """Train m models over the batches of ``order`` in one pass.

    Each ends where :func:`train_segment` would have brought it alone, up to rounding, and exactly the same whatever
    the number of threads. Models go in groups of 16 (8 in float64; less without AVX-512): a number of models that fills
    its groups is the fastest. Threads share the groups out among themselves, and where groups are too few for all
    threads, the outputs of a group.

    Parameters
    ----------
    X, targets, order, loss, batch_size, penalize_bias, fit_intercept, shift, scale, indices, mirrored, image_shape,
    label_smoothing, n_threads
        As for :func:`train_segment`.
    learning_rates : (steps, m) float
    weights, intercepts : (m, k, d) and (m, k), float32 or float64
        Changed in place.
    momentum, l2 : (m,) or float
    velocity : pair of arrays shaped as weights and intercepts, or None
        Changed in place; needed where any momentum is not 0.
    row_weights : (n,), (n, m) or None

    Returns
    -------
    (steps, m) float64
        The mean loss of each model on each batch before its step.

    Raises
    ------
    ConfigError, InputError, InputTypeError
        Before any work, if something is of the wrong type, shape or range.
    """
    module, isa = native()
    rows, n, d = arguments.rows_argument(X, indices, mirrored, image_shape)
    dtype = arguments.float_type(weights)
    m, k = weights.shape[:2] if weights.ndim == 3 else (0, 0)
    if 0 in (m, k):
        raise InputError(f"weights must have shape (m, k, d), not {weights.shape}")
    arguments.array("weights", weights, dtype, (m, k, d), written=True)
    arguments.array("intercepts", intercepts, dtype, (m, k), written=True)
    momenta = arguments.float_array("momentum", momentum, np.float64, (m,))
    if velocity is None and momenta.any():
        raise InputError(f"momentum={momentum} needs a velocity")
    if velocity is not None:
        arguments.array("velocity of the weights", velocity[0], dtype, (m, k, d), written=True)
        arguments.array("velocity of the intercepts", velocity[1], dtype, (m, k), written=True)
    order = arguments.positions("order", order, n)
    steps = arguments.count_steps(len(order), batch_size, np.shape(learning_rates)[:1])
    rates = arguments.float_array("learning_rates", learning_rates, np.float64, (steps, m))
    losses = np.empty((steps, m))
    module.train_models(
        engine=isa,
        rows=rows,
        targets=arguments.targets_argument(targets, loss, n, k, dtype, label_smoothing),
        scaling=arguments.scaling_argument(shift, scale, d, dtype),
        row_weights=_row_weights(row_weights, n, m, dtype),
        loss=arguments.check_loss(loss),
        order=order,
        batch_size=int(batch_size),
        learning_rates=rates,
        weights=weights,
        intercepts=intercepts,
        weight_velocity=None if velocity is None else velocity[0],
        intercept_velocity=None if velocity is None else velocity[1],
        momentum=momenta,
        l2=arguments.float_array("l2", l2, np.float64, (m,)),
        penalize_bias=bool(penalize_bias),
        fit_intercept=bool(fit_intercept),
        batch_losses=losses,
        threads=arguments.check_threads(n_threads),
    )
    return losses


def _row_weights(row_weights: Array | None, n: int, m: int, dtype: Any) -> Array | None:
    if row_weights is None:
        return None
    return arguments.float_array("row_weights", row_weights, dtype, (n,) if np.ndim(row_weights) < 2 else (n, m))
