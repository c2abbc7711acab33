"""Mini-batch stochastic gradient descent with momentum.

With gradient g of the objective on a batch, momentum μ and learning rate η: v ← μ v + g, then w ← w − η v. Without
momentum that is w ← w − η g.

One model or m models at once: parameters (k, d) and (k,), or (m, k, d) and (m, k), with a rate, a momentum, an l2 and
row weights of its own for each of the m. They share rows, order and batch size, and each moves as it would alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import DivergenceError
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.rows import RowSource
from onelayer.solvers.fused import fused_steps

__all__ = ["SGD", "SGDState", "diverged"]


@dataclass
class SGDState:
    """Where the solver is: parameters (changed in place), velocity (None until a step with momentum), steps taken."""

    parameters: LinearParameters
    velocity: LinearParameters | None = None
    step: int = 0

    def copy(self) -> SGDState:
        """Return a copy that shares no memory with this one."""
        return SGDState(self.parameters.copy(), None if self.velocity is None else self.velocity.copy(), self.step)

    def return_to(self, earlier: SGDState) -> None:
        """Become, in place, what ``earlier`` is."""
        for to, part in zip(self.parameters, earlier.parameters, strict=True):
            to[...] = part
        self.velocity, self.step = earlier.velocity, earlier.step


@dataclass(frozen=True)
class SGD:
    """Steps of mini-batch gradient descent.

    Parameters
    ----------
    objective : Objective
        What is to fall.
    batch_size : int
        Rows a step; the last step of an order may have fewer.
    momentum : float, or float array (m,)
        μ, in [0, 1).
    fit_intercept : bool
        Whether intercepts are learned; else they stay as they are.
    threads : int
        How many the native engine may use; what it computes is the same from run to run for the same number.
    """

    objective: Objective
    batch_size: int
    momentum: float | Array = 0.0
    fit_intercept: bool = True
    threads: int = 1

    def run(
        self,
        state: SGDState,
        rows: RowSource,
        targets: Array,
        row_weights: Array | None,
        order: Array,
        rates: Array,
        stopping: Callable[[], bool] = lambda: False,
        epochs: int = 1,
    ) -> Array:
        """Take one step for each learning rate in ``rates``, over the batches of ``order`` in turn.

        Parameters
        ----------
        state : SGDState
            Changed in place.
        rows : RowSource
            n rows of d features.
        targets : (n,) integers, or probabilities (n, k), for m models (n, 1, k)
        row_weights : (n,) or (n, m) float, or None
        order : (steps · batch_size or fewer,) integers
            Positions of rows, batch after batch.
        rates : (steps,) or, for m models, (steps, m) float64
        stopping : callable
            Asked before each step, or many times a second; true ends the run there.
        epochs : int
            ``order`` is that of so many epochs of one length, one after another; batches begin anew with each.

        Returns
        -------
        (steps taken,) or (steps taken, m) float64
            The mean loss on each batch before its step, without penalty.

        Raises
        ------
        DivergenceError
            If the loss or the parameters of a model trained alone become infinite or undefined; it names the step. Of m
            models those that diverge go on with undefined numbers, which show in the losses and the parameters; the
            others do not notice.
        """
        order = order[: len(rates) * self.batch_size]
        if engine.available() and engine.knows(self.objective.loss.name):
            return self._run_fused(state, rows, targets, row_weights, order, rates, stopping, epochs)
        alone = rates.ndim == 1
        losses = np.empty(rates.shape)
        # A NumPy float64 would make float32 products float64.
        rates_of_steps = rates.tolist() if alone else rates.astype(rows.dtype)
        buffer = np.empty((min(self.batch_size, len(order)), rows.d), rows.dtype)
        with np.errstate(all="ignore"):  # an overflow shows in the loss, and is reported with its step
            for i, (rate, batch) in enumerate(zip(rates_of_steps, self._batches(order, epochs), strict=True)):
                if stopping():
                    losses = losses[:i]
                    break
                X = rows.take(batch, out=buffer[: len(batch)])
                weights = None if row_weights is None else row_weights[batch]
                loss, gradient = self.objective.batch(state.parameters, X, targets[batch], weights)
                losses[i] = loss
                if alone and not isfinite(loss):
                    raise diverged(state.step, rate, f"the loss became {float(loss)}")
                self._step(state, gradient, rate)
        if alone and not state.parameters.is_finite():
            raise diverged(state.step - 1, rates[len(losses) - 1], "the weights became infinite")
        return losses

    def _batches(self, order: Array, epochs: int) -> Iterator[Array]:
        for of_epoch in order.reshape(epochs, -1):
            for first in range(0, len(of_epoch), self.batch_size):
                yield of_epoch[first : first + self.batch_size]

    def _step(self, state: SGDState, gradient: LinearParameters, rate: float | Array) -> None:
        move = self._velocity(state)
        if move is None:
            move = gradient
        else:
            for velocity, part in zip(move, gradient, strict=True):
                velocity *= _of_models(self.momentum, velocity)
                velocity += part
        state.parameters.weights[...] -= _of_models(rate, move.weights) * move.weights
        if self.fit_intercept:
            state.parameters.intercepts[...] -= _of_models(rate, move.intercepts) * move.intercepts
        state.step += 1

    def _velocity(self, state: SGDState) -> LinearParameters | None:
        if not self._has_momentum:
            return None
        if state.velocity is None:
            state.velocity = LinearParameters(*map(np.zeros_like, state.parameters))
        return state.velocity

    @cached_property
    def _has_momentum(self) -> bool:
        return bool(np.any(self.momentum))

    def _run_fused(
        self,
        state: SGDState,
        rows: RowSource,
        targets: Array,
        row_weights: Array | None,
        order: Array,
        rates: Array,
        stopping: Callable[[], bool],
        epochs: int,
    ) -> Array:
        if stopping():
            return np.empty((0, *rates.shape[1:]))
        losses = fused_steps(
            self.objective,
            state.parameters,
            self._velocity(state),
            rows,
            targets,
            row_weights,
            order,
            rates,
            batch_size=self.batch_size,
            epochs=epochs,
            momentum=self.momentum,
            fit_intercept=self.fit_intercept,
            threads=self.threads,
            stopping=stopping,
        )
        if rates.ndim == 1:
            for i in np.flatnonzero(~np.isfinite(losses))[:1]:
                raise diverged(state.step + int(i), rates[i], f"the loss became {losses[i]}")
            if not state.parameters.is_finite():
                raise diverged(state.step + len(losses) - 1, rates[len(losses) - 1], "the weights became infinite")
        state.step += len(losses)
        return losses


def _of_models(factor: float | Array, like: Array) -> float | Array:
    """Give a factor ``(m,)`` the dtype of ``like`` and as many axes; one number stays as it is."""
    if isinstance(factor, float | int):
        return factor
    return factor.astype(like.dtype).reshape(-1, *(1,) * (like.ndim - 1))


def diverged(step: int, rate: float, what: str) -> DivergenceError:
    """Return the error to raise after ``step`` with ``rate``: ``what`` became infinite or undefined."""
    return DivergenceError(
        f"training diverged: {what} at step {step} (learning rate {rate:.6g}); "
        f"try a learning rate of {rate / 10:.2g} or less, or scaled features"
    )
