"""Fused mini-batch gradient descent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onelayer.arrays import Array
from onelayer.engine import arguments
from onelayer.engine.library import native
from onelayer.errors import InputError

__all__ = ["train_segment"]


def train_segment(
    X: Array,
    targets: Array,
    order: Array,
    learning_rates: Array,
    weights: Array,
    intercepts: Array,
    *,
    loss: str,
    batch_size: int,
    epochs: int = 1,
    momentum: float = 0.0,
    velocity: tuple[Array, Array] | None = None,
    l2: float = 0.0,
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
    stopping: Callable[[], bool] | None = None,
) -> Array:
    """Take one step of gradient descent for each learning rate, over the batches of ``order`` in turn.

    Equal to :class:`onelayer.solvers.sgd.SGD` up to rounding, and bit-identical from run to run on one instruction
    set, whatever the number of threads. Releases the global interpreter lock; about twenty times a second it lets
    signals be handled and asks ``stopping``. Rows are never copied to floats: scaling is folded into the weights for
    the length of the call. Bytes are multiplied with float32 weights either as floats or, where the processor has
    AVX-512 VNNI, by integers: every weight and residual as 24 bits relative to the largest of its class.

    Parameters
    ----------
    X : (N, d) C-contiguous array, uint8, float32 or float64
    targets : (n,) integers, or (n, k) probabilities where the loss takes them
    order : (steps · batch_size or fewer,) integers
        Rows in the order they are seen, counted among the n rows that ``indices`` leaves.
    epochs : int
        The order is that of so many epochs of one length, one after another. Each is cut into batches by itself, so
        that its last may have fewer rows, and ends exactly where a call for it alone would.
    learning_rates : (steps,) float
    weights : (k, d) float32 or float64
        Of scaled features; changed in place. Their type is the type of the arithmetic.
    intercepts : (k,)
        Changed in place.
    loss : {"logistic", "softmax", "sigmoid", "hinge", "squared_hinge"}
    momentum, velocity
        μ, and v of weights and intercepts, changed in place; both or neither.
    shift, scale : (d,) array or float
        The model sees ``(x − shift) · scale``. Where |shift · scale| is large, digits are lost to cancellation, as
        they are in the data.
    indices : (n,) integers or None
        The rows of X there are; None for all.
    mirrored : (n,) bool or None
        Rows to mirror left to right, as images of ``image_shape`` (h, w, c).
    row_weights : (n,) or None
    stopping : callable or None
        True ends the run after the current step.

    Returns
    -------
    (steps taken,) float64
        The mean loss on each batch before its step, without penalty; 0 for a batch that weighs nothing.

    Raises
    ------
    ConfigError, InputError, InputTypeError
        Before any work, if something is of the wrong type, shape or range.

    Examples
    --------
    >>> from onelayer import engine
    >>> if engine.available():
    ...     weights, intercepts = np.zeros((2, 1)), np.zeros(2)
    ...     X, y = np.array([[0], [255]], np.uint8), np.array([0, 1])
    ...     options = {"loss": "softmax", "batch_size": 2, "scale": 1 / 255}
    ...     losses = train_segment(X, y, np.arange(2), np.ones(1), weights, intercepts, **options)
    ...     assert np.allclose(weights, [[-0.25], [0.25]])
    """
    module, isa = native()
    rows, n, d = arguments.rows_argument(X, indices, mirrored, image_shape)
    dtype, k = arguments.float_type(weights), weights.shape[0] if weights.ndim == 2 else 0
    arguments.array("weights", weights, dtype, (k, d), written=True)
    arguments.array("intercepts", intercepts, dtype, (k,), written=True)
    if (velocity is None) != (momentum == 0):
        raise InputError(f"momentum={momentum} needs a velocity, and a velocity momentum")
    if velocity is not None:
        arguments.array("velocity of the weights", velocity[0], dtype, (k, d), written=True)
        arguments.array("velocity of the intercepts", velocity[1], dtype, (k,), written=True)
    order = arguments.positions("order", order, n)
    steps = arguments.count_steps(len(order), batch_size, np.shape(learning_rates), epochs)
    losses = np.empty(steps)
    taken = module.train(
        engine=isa,
        rows=rows,
        targets=arguments.targets_argument(targets, loss, n, k, dtype, label_smoothing),
        scaling=arguments.scaling_argument(shift, scale, d, dtype),
        row_weights=None if row_weights is None else arguments.float_array("row_weights", row_weights, dtype, (n,)),
        loss=arguments.check_loss(loss),
        order=order,
        rows_per_epoch=len(order) // int(epochs),
        batch_size=int(batch_size),
        learning_rates=arguments.float_array("learning_rates", learning_rates, np.float64, (steps,)),
        weights=weights,
        intercepts=intercepts,
        weight_velocity=None if velocity is None else velocity[0],
        intercept_velocity=None if velocity is None else velocity[1],
        momentum=float(momentum),
        l2=float(l2),
        penalize_bias=bool(penalize_bias),
        fit_intercept=bool(fit_intercept),
        batch_losses=losses,
        threads=arguments.check_threads(n_threads),
        stopping=stopping,
    )
    return losses[:taken]
