"""Fused mini-batch gradient descent, for one model or m models in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.engine import arguments
from onelayer.engine.library import DenseRows, native
from onelayer.errors import InputError

__all__ = ["TrainJob"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainJob:
    """One step of gradient descent for each learning rate, over the batches of ``order`` in turn.

    Equal to the definition in :class:`onelayer.solvers.sgd.SGD` up to rounding, and bit-identical from run to run on
    one instruction set, whatever the number of threads. Releases the global interpreter lock; for one model it lets
    signals be handled and asks ``stopping`` about twenty times a second. Rows are never copied to floats: scaling is
    folded into the weights for the length of the call. Bytes are multiplied with float32 weights either as floats or,
    where the processor has AVX-512 VNNI, by integers: every weight and residual as 24 bits relative to the largest of
    its class.

    For m models, weights and intercepts have a leading axis: each model ends where it would have come alone, up to
    rounding. Models go in groups of 16 (8 in float64; less without AVX-512): a number of models that fills its groups
    is the fastest.

    Parameters
    ----------
    rows : DenseRows
        n rows of d features.
    targets : (n,) integers, or (n, k) probabilities where the loss takes them
    loss : str
        One of those that the engine has; see :func:`onelayer.engine.knows`.
    order : (steps · batch_size or fewer,) integers
        Rows in the order they are seen.
    learning_rates : (steps,) float, or (steps, m)
    weights : (k, d) or (m, k, d), float32 or float64
        Of scaled features; changed in place. Their type is the type of the arithmetic.
    intercepts : (k,) or (m, k)
        Changed in place.
    batch_size : int
    epochs : int
        The order is that of so many epochs of one length, one after another. Each is cut into batches by itself, so
        that its last may have fewer rows, and ends exactly where a call for it alone would.
    momentum : float or (m,) float
    velocity : pair of arrays shaped as weights and intercepts, or None
        Changed in place; needed where any momentum is not 0.
    l2 : float or (m,) float
    penalize_bias, fit_intercept : bool
    row_weights : (n,) or (n, m), or None
    label_smoothing : float
    n_threads : int
    stopping : callable or None
        True ends the run after the current step; for one model alone.

    Raises
    ------
    ConfigError, InputError, InputTypeError
        Before any work, if something is of the wrong type, shape or range.
    """

    rows: DenseRows
    targets: Array
    loss: str
    order: Array
    learning_rates: Array
    weights: Array
    intercepts: Array
    batch_size: int
    epochs: int = 1
    momentum: Any = 0.0
    velocity: Iterable[Array] | None = None
    l2: Any = 0.0
    penalize_bias: bool = False
    fit_intercept: bool = True
    row_weights: Array | None = None
    label_smoothing: float = 0.0
    n_threads: int = 1
    stopping: Callable[[], bool] | None = None
    checked: dict[str, Any] = field(init=False, repr=False)
    """What the compiled function is handed."""

    def __post_init__(self) -> None:
        rows, n, d = arguments.rows_argument(self.rows)
        dtype = arguments.float_type(self.weights)
        models = self.weights.shape[:-2] if self.weights.ndim in (2, 3) else (0,)
        k = self.weights.shape[-2] if self.weights.ndim in (2, 3) else 0
        if 0 in (*models, k):
            raise InputError(f"weights must have shape (k, d) or (m, k, d), not {self.weights.shape}")
        arguments.array("weights", self.weights, dtype, (*models, k, d), written=True)
        arguments.array("intercepts", self.intercepts, dtype, (*models, k), written=True)
        momentum = arguments.float_array("momentum", self.momentum, np.float64, models)
        velocity = self._velocity(dtype, (*models, k), d, bool(momentum.any()))
        order = arguments.positions("order", self.order, n)
        rates = arguments.step_rates(len(order), self.batch_size, self.learning_rates, self.epochs, models)
        l2 = arguments.float_array("l2", self.l2, np.float64, models)
        checked = {
            "rows": rows,
            "targets": arguments.targets_argument(self.targets, self.loss, n, k, dtype, self.label_smoothing),
            "scaling": arguments.scaling_argument(self.rows, d, dtype),
            "row_weights": arguments.row_weights(self.row_weights, n, models, dtype),
            "loss": arguments.check_loss(self.loss),
            "order": order,
            "batch_size": int(self.batch_size),
            "learning_rates": rates,
            "weights": self.weights,
            "intercepts": self.intercepts,
            "weight_velocity": velocity[0],
            "intercept_velocity": velocity[1],
            "momentum": momentum if models else float(momentum),
            "l2": l2 if models else float(l2),
            "penalize_bias": bool(self.penalize_bias),
            "fit_intercept": bool(self.fit_intercept),
            "batch_losses": np.empty(rates.shape),
            "threads": arguments.check_threads(self.n_threads),
        }
        if not models:
            checked |= {"rows_per_epoch": len(order) // int(self.epochs), "stopping": self.stopping}
        object.__setattr__(self, "checked", checked)

    def run(self) -> Array:
        """Take the steps; once, for they change what the job was made of.

        Returns
        -------
        (steps taken,) float64, or (steps, m)
            The mean loss on each batch before its step, without penalty; 0 for a batch that weighs nothing.
        """
        module, isa = native()
        losses: Array = self.checked["batch_losses"]
        if self.weights.ndim == 2:
            return losses[: module.train(engine=isa, **self.checked)]
        per_epoch = {"order": self.checked["order"], "learning_rates": self.checked["learning_rates"]}
        parts = {name: np.split(whole, self.epochs) for name, whole in per_epoch.items()}
        for i, part in enumerate(np.split(losses, self.epochs)):  # the kernel for m models takes an epoch at a time
            of_epoch = {name: pieces[i] for name, pieces in parts.items()}
            module.train_models(engine=isa, **self.checked | of_epoch | {"batch_losses": part})
        return losses

    def _velocity(self, dtype: Any, outputs: tuple[int, ...], d: int, is_needed: bool) -> tuple[Any, Any]:
        if self.velocity is None:
            if is_needed:
                raise InputError(f"momentum={self.momentum} needs a velocity")
            return None, None
        if not is_needed and len(outputs) == 1:
            raise InputError("a velocity needs a momentum, which is 0")
        of_weights, of_intercepts = self.velocity
        return (
            arguments.array("velocity of the weights", of_weights, dtype, (*outputs, d), written=True),
            arguments.array("velocity of the intercepts", of_intercepts, dtype, outputs, written=True),
        )
