"""What the kernels are handed, checked: nothing is of the wrong type, out of range or out of order after this."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.engine.library import DenseRows, knows, losses
from onelayer.errors import ConfigError, InputError, InputTypeError, did_you_mean

__all__ = [
    "array",
    "check_loss",
    "check_threads",
    "float_array",
    "float_type",
    "positions",
    "row_weights",
    "rows_argument",
    "scaling_argument",
    "step_rates",
    "targets_argument",
]


def check_loss(loss: str) -> str:
    """Return the name of a loss that the engine has."""
    if not knows(loss):
        raise ConfigError(f"loss is {loss!r}; use one of {', '.join(losses())}{did_you_mean(str(loss), losses())}")
    return loss


def check_threads(n_threads: int) -> int:
    """Return a number of threads that is at least 1."""
    if n_threads < 1:
        raise ConfigError(f"n_threads is {n_threads}; use at least 1")
    return min(int(n_threads), 256)


def float_type(weights: Array) -> Any:
    """Return the type of the arithmetic, which is that of the weights."""
    if not isinstance(weights, np.ndarray) or weights.dtype not in (np.float32, np.float64):
        raise InputTypeError("weights must be an array of float32 or float64")
    return weights.dtype


def step_rates(ordered: int, batch_size: int, rates: Any, epochs: int, models: tuple[int, ...]) -> Array:
    """Return the learning rates of all batches in an order of so many epochs, ``(steps,)`` or ``(steps, m)``."""
    if epochs < 1 or ordered % epochs:
        raise InputError(f"{ordered} rows can't be {epochs} epochs of one length")
    steps = epochs * -(-(ordered // epochs) // batch_size) if batch_size > 0 else 0
    if batch_size < 1 or np.shape(rates)[:1] != (steps,):
        raise InputError(
            f"{ordered} rows in batches of {batch_size} need a learning rate for each batch, "
            f"not {np.shape(rates)[:1]} of them"
        )
    return float_array("learning_rates", rates, np.float64, (steps, *models))


def array(name: str, value: Array, dtype: Any, shape: tuple[int, ...], written: bool = False) -> Array:
    """Return ``value`` if it is a C-contiguous array of this type and shape, and can be written to if need be.

    Raises
    ------
    InputTypeError, InputError
    """
    if not isinstance(value, np.ndarray) or value.dtype != dtype:
        found = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise InputTypeError(f"{name} must be an array of {np.dtype(dtype)}, not {found}")
    if value.shape != shape:
        raise InputError(f"{name} must have shape {shape}, but has {value.shape}")
    if not (value.flags.c_contiguous and value.flags.aligned):
        raise InputError(f"{name} must be C-contiguous; pass numpy.ascontiguousarray of it")
    if written and not value.flags.writeable:
        raise InputError(f"{name} is read-only, but results are written to it")
    return value


def float_array(name: str, value: Array | float, dtype: Any, shape: tuple[int, ...]) -> Array:
    """Return ``value`` (a number stands for all entries) as an array of this shape in the engine's float type."""
    given = np.asarray(value)
    if given.dtype.kind not in "fiub":
        raise InputTypeError(f"{name} must be numbers, not {given.dtype}")
    if given.ndim and given.shape != shape:
        raise InputError(f"{name} must have shape {shape} or be a number, but has {given.shape}")
    return np.asarray(given, dtype, order="C") if given.shape == shape else np.full(shape, given, dtype)


def positions(name: str, value: Array, limit: int) -> Array:
    """Return integers (any number of them) as int64, all in [0, limit)."""
    given = np.asarray(value)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise InputTypeError(f"{name} must be a vector of integers, not {given.dtype} of shape {given.shape}")
    found = np.ascontiguousarray(given, np.int64)
    if found.size and found.view(np.uint64).max() >= limit:  # without a sign, what is below 0 is larger than any limit
        raise InputError(f"{name} has entries from {given.min()} to {given.max()}, but must lie in 0 … {limit - 1}")
    return found


def rows_argument(rows: DenseRows) -> tuple[tuple[Any, ...], int, int]:
    """Return rows as the engine takes them, and their n and d."""
    X = rows.array
    if not isinstance(X, np.ndarray) or X.dtype not in (np.uint8, np.float32, np.float64):
        found = X.dtype if isinstance(X, np.ndarray) else type(X).__name__
        raise InputTypeError(f"X must be an array of uint8, float32 or float64, not {found}")
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"X must be rows (n, d), at least one of at least one feature, but has shape {X.shape}")
    array("X", X, X.dtype, X.shape)
    chosen = None if rows.indices is None else positions("indices", rows.indices, len(X))
    n, d = len(X) if chosen is None else len(chosen), X.shape[1]
    if n == 0:
        raise InputError("indices leaves no rows")
    if rows.mirrored is None:
        return (X, chosen, None, 1, 1), n, d
    shape = rows.image_shape
    if shape is None or len(shape) != 3 or prod(shape) != d or min(shape) < 1:
        raise InputError(f"mirrored rows need image_shape (h, w, c) that makes {d} features, not {shape}")
    mask = array("mirrored", rows.mirrored, np.bool_, (n,)).view(np.uint8)
    return (X, chosen, mask, int(shape[1]), int(shape[2])), n, d


def targets_argument(targets: Array, loss: str, n: int, k: int, dtype: Any, label_smoothing: float) -> tuple[Any, ...]:
    """Return labels ``(n,)`` or probabilities ``(n, k)`` as the engine takes them."""
    if k < 1 or (loss == "logistic") != (k == 1):
        raise InputError(f"{loss} can't have k={k} outputs")
    if not 0 <= label_smoothing < 1:
        raise ConfigError(f"label_smoothing is {label_smoothing}; use 0 or more, and less than 1")
    takes_probabilities = losses()[check_loss(loss)][0]
    if np.ndim(targets) == 2:
        if not takes_probabilities or label_smoothing:
            raise InputError(f"{loss} with label_smoothing={label_smoothing} takes labels (n,), not probabilities")
        return None, float_array("targets", targets, dtype, (n, k)), 0.0
    if label_smoothing and not takes_probabilities:
        raise ConfigError(f"label_smoothing has no meaning for {loss}; set it to 0")
    labels = positions("labels", targets, max(k, 2))
    if len(labels) != n:
        raise InputError(f"there are {len(labels)} labels for {n} rows")
    return labels, None, float(label_smoothing)


def scaling_argument(rows: DenseRows, d: int, dtype: Any) -> tuple[Array, Array]:
    """Return shift and scale, each ``(d,)``; the engine divides by scale, so it must not be 0."""
    shift, scale = 0.0 if rows.shift is None else rows.shift, 1.0 if rows.scale is None else rows.scale
    parts = float_array("shift", shift, dtype, (d,)), float_array("scale", scale, dtype, (d,))
    if not (np.isfinite(parts[0]).all() and np.isfinite(parts[1]).all() and parts[1].all()):
        raise InputError("shift and scale must be finite, and scale not 0")
    return parts


def row_weights(weights: Array | None, n: int, models: tuple[int, ...], dtype: Any) -> Array | None:
    """Return weights of rows, ``(n,)`` or, for m models, ``(n,)`` or ``(n, m)``."""
    if weights is None:
        return None
    return float_array("row_weights", weights, dtype, (n,) if np.ndim(weights) < 2 else (n, *models))
