"""Mini-batch stochastic gradient descent with momentum.

With gradient g of the objective on a batch, momentum μ and learning rate η: v ← μ v + g, then w ← w − η v. Without
momentum that is w ← w − η g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from onelayer.errors import DivergenceError
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.rows import RowSource

__all__ = ["SGD", "SGDState"]

Array = np.ndarray[Any, Any]


@dataclass
class SGDState:
    """Where the solver is: parameters (changed in place), velocity (None until a step with momentum), steps taken."""

    parameters: LinearParameters
    velocity: LinearParameters | None = None
    step: int = 0


@dataclass(frozen=True)
class SGD:
    """Steps of mini-batch gradient descent.

    Parameters
    ----------
    objective : Objective
        What is to fall.
    batch_size : int
        Rows a step; the last step of an order may have fewer.
    momentum : float
        μ, in [0, 1).
    fit_intercept : bool
        Whether intercepts are learned; else they stay as they are.
    """

    objective: Objective
    batch_size: int
    momentum: float = 0.0
    fit_intercept: bool = True

    def run(
        self,
        state: SGDState,
        rows: RowSource,
        targets: Array,
        row_weights: Array | None,
        order: Array,
        rates: Array,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Array:
        """Take one step for each learning rate in ``rates``, over the batches of ``order`` in turn.

        Parameters
        ----------
        state : SGDState
            Changed in place.
        rows : RowSource
            n rows of d features.
        targets : (n,) integers or (n, k) probabilities
        row_weights : (n,) float or None
        order : (steps · batch_size or fewer,) integers
            Positions of rows, batch after batch.
        rates : (steps,) float64
        stopping : callable
            Asked before each step; true ends the run there.

        Returns
        -------
        (steps taken,) float64
            The mean loss on each batch before its step, without penalty.

        Raises
        ------
        DivergenceError
            If the loss or the parameters become infinite or undefined; it names the step.
        """
        losses = np.empty(len(rates))
        buffer = np.empty((min(self.batch_size, len(order)), rows.d), rows.dtype)
        with np.errstate(all="ignore"):  # an overflow shows in the loss, and is reported with its step
            for i, rate in enumerate(rates.tolist()):  # a NumPy float64 would make float32 products float64
                if stopping():
                    losses = losses[:i]
                    break
                batch = order[i * self.batch_size : (i + 1) * self.batch_size]
                X = rows.take(batch, out=buffer[: len(batch)])
                weights = None if row_weights is None else row_weights[batch]
                loss, gradient = self.objective.batch(state.parameters, X, targets[batch], weights)
                losses[i] = loss
                if not isfinite(loss):
                    raise _diverged(state.step, rate, f"the loss became {float(loss)}")
                self._step(state, gradient, rate)
        if not state.parameters.is_finite():
            raise _diverged(state.step - 1, rates[len(losses) - 1], "the weights became infinite")
        return losses

    def _step(self, state: SGDState, gradient: LinearParameters, rate: float) -> None:
        move = gradient
        if self.momentum:
            if state.velocity is None:
                state.velocity = LinearParameters(*map(np.zeros_like, gradient))
            move = state.velocity
            for velocity, part in zip(move, gradient, strict=True):
                velocity *= self.momentum
                velocity += part
        state.parameters.weights[...] -= rate * move.weights
        if self.fit_intercept:
            state.parameters.intercepts[...] -= rate * move.intercepts
        state.step += 1


def _diverged(step: int, rate: float, what: str) -> DivergenceError:
    return DivergenceError(
        f"training diverged: {what} at step {step} (learning rate {rate:.6g}); "
        f"try a learning rate of {rate / 10:.2g} or less, or scaling='standardize'"
    )
