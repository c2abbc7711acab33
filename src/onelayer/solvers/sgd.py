"""Mini-batch stochastic gradient descent with momentum.

With gradient g of the objective on a batch, momentum μ and learning rate η: v ← μ v + g, then w ← w − η v. Without
momentum that is w ← w − η g.

One model or m models at once: parameters with a leading axis m, with a rate, a momentum, an l2 and row weights of its
own for each of the m. They share rows, order and batch size, and each moves as it would alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any, Self

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.objective import Objective
from onelayer.rows import LabelledRows, Rows
from onelayer.solvers.base import Solver, SolverState, Steps, of_models
from onelayer.solvers.epochs import Flips, Orders, SGDParameters, count_steps, learning_rates
from onelayer.tree import Tree

__all__ = ["SGD", "Descent", "SGDParameters", "SGDState"]

MOST_ROWS = 1 << 18  # in the order of several epochs, which takes 2 MB


@dataclass
class SGDState(SolverState):
    """Where SGD is: parameters (changed in place), steps taken, and the velocity (None until a step with momentum)."""

    velocity: Tree | None = None

    def copy(self) -> Self:
        """Return a copy that shares no memory with this one."""
        velocity = None if self.velocity is None else self.velocity.copy()
        return type(self)(self.parameters.copy(), self.step, velocity)

    def select(self, models: Array) -> Self:
        """Return the state of some of m models."""
        velocity = None if self.velocity is None else self.velocity.select(models)
        return type(self)(self.parameters.select(models), self.step, velocity)


@dataclass(frozen=True)
class Descent:
    """Steps of gradient descent on batches that are given.

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
        How many the native engine may use; what it computes does not depend on it.
    """

    objective: Objective
    batch_size: int
    momentum: float | Array = 0.0
    fit_intercept: bool = True
    threads: int = 1

    def run(
        self,
        state: SGDState,
        rows: Rows,
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
        rows : Rows
            n rows of d features.
        targets : (n,) integers, or probabilities (n, k)
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
            The mean loss on each batch before its step, without penalty. One model alone ends with the first that is
            not finite; of m models those that diverge go on with undefined numbers, which show in the losses and the
            parameters, and the others do not notice.
        """
        order = order[: len(rates) * self.batch_size]
        if self.objective.is_native(rows):
            losses = self._run_natively(state, rows, targets, row_weights, order, rates, stopping, epochs)
        else:
            losses = self._run_definition(state, rows, targets, row_weights, order, rates, stopping, epochs)
        state.step += len(losses)
        return losses

    def _run_natively(
        self,
        state: SGDState,
        rows: Any,
        targets: Array,
        row_weights: Array | None,
        order: Array,
        rates: Array,
        stopping: Callable[[], bool],
        epochs: int,
    ) -> Array:
        if stopping():
            return np.empty((0, *rates.shape[1:]))
        parameters: Any = state.parameters
        penalty: Any = self.objective.penalty
        losses = engine.TrainJob(
            rows=rows,
            targets=targets,
            loss=self.objective.loss.name,
            order=order,
            learning_rates=rates,
            weights=parameters.weights,
            intercepts=parameters.intercepts,
            batch_size=self.batch_size,
            epochs=epochs,
            momentum=self.momentum,
            velocity=self._velocity(state),
            l2=penalty.l2,
            penalize_bias=penalty.penalize_bias,
            fit_intercept=self.fit_intercept,
            row_weights=row_weights,
            n_threads=self.threads,
            stopping=stopping if rates.ndim == 1 else None,
        ).run()
        undefined = np.flatnonzero(~np.isfinite(losses)) if rates.ndim == 1 else np.empty(0, np.intp)
        return losses[: undefined[0] + 1] if len(undefined) else losses

    def _run_definition(
        self,
        state: SGDState,
        rows: Rows,
        targets: Array,
        row_weights: Array | None,
        order: Array,
        rates: Array,
        stopping: Callable[[], bool],
        epochs: int,
    ) -> Array:
        alone = rates.ndim == 1
        losses = np.empty(rates.shape)
        # A NumPy float64 would make float32 products float64.
        rates_of_steps = rates.tolist() if alone else rates.astype(rows.dtype)
        buffer = np.empty((min(self.batch_size, len(order)), rows.d), rows.dtype)
        with np.errstate(all="ignore"):  # an overflow shows in the loss, and is reported with its step
            for i, (rate, batch) in enumerate(zip(rates_of_steps, self._batches(order, epochs), strict=True)):
                if stopping():
                    return losses[:i]
                X = rows.take(batch, out=buffer[: len(batch)])
                weights = None if row_weights is None else row_weights[batch]
                losses[i], gradient = self.objective.batch(state.parameters, X, targets[batch], weights)
                if alone and not isfinite(losses[i]):
                    return losses[: i + 1]
                self._move(state, gradient, rate)
        return losses

    def _batches(self, order: Array, epochs: int) -> Iterator[Array]:
        for of_epoch in order.reshape(epochs, -1):
            for first in range(0, len(of_epoch), self.batch_size):
                yield of_epoch[first : first + self.batch_size]

    def _move(self, state: SGDState, gradient: Tree, rate: float | Array) -> None:
        move = self._velocity(state)
        if move is None:
            move = gradient
        else:
            for velocity, part in zip(move, gradient, strict=True):
                velocity *= of_models(self.momentum, velocity)
                velocity += part
        for (name, part), step in zip(state.parameters.items(), move, strict=True):
            if self.fit_intercept or name not in state.parameters.biases:
                part[...] -= of_models(rate, step) * step

    def _velocity(self, state: SGDState) -> Tree | None:
        if not self._has_momentum:
            return None
        if state.velocity is None:
            state.velocity = state.parameters.zeros()
        return state.velocity

    @cached_property
    def _has_momentum(self) -> bool:
        return bool(np.any(self.momentum))


@dataclass(frozen=True, eq=False)
class SGD(Solver):
    """Descent over epochs: rows in a new order each, rates by a schedule, images mirrored at random.

    Parameters
    ----------
    descent : Descent
    training : LabelledRows
    targets : (n,) labels or (n, k) probabilities
    models : sequence of SGDParameters, one or m
        Those of m models differ in learning rate, schedule, momentum and epochs alone.
    orders : Orders
    flips : Flips
    """

    descent: Descent
    training: LabelledRows
    targets: Array
    models: tuple[SGDParameters, ...]
    orders: Orders
    flips: Flips

    name = "sgd"
    reads = frozenset(SGDParameters.model_fields)

    @classmethod
    def of(
        cls,
        objective: Objective,
        training: LabelledRows,
        targets: Array,
        models: Sequence[Any],
        seed: int,
        threads: int,
        *,
        fit_intercept: bool = True,
    ) -> Self:
        """Return the solver of a problem; see :meth:`Solver.of`."""
        shared, n = models[0], training.rows.n
        count_steps(n, shared)
        momentum = cls._momentum(models, len(models) > 1 or np.ndim(getattr(objective.penalty, "l2", 0.0)) > 0)
        descent = Descent(objective, shared.batch_size, momentum, fit_intercept, threads)
        orders, flips = Orders(n, shared.shuffle, seed), Flips(n, shared, seed)
        return cls(descent, training, targets, tuple(models), orders, flips)

    @cached_property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        return count_steps(self.training.rows.n, self.models[0])

    @property
    def objective(self) -> Objective:
        """What is to fall."""
        return self.descent.objective

    def work(self, state: SGDState) -> int:
        """Return how many multiplications the scores of a batch take."""
        return self.descent.batch_size * state.parameters.size

    @property
    def longest_run(self) -> int:
        """Epochs that may go into one call of the engine, which costs some tenths of a millisecond.

        Mirrored rows are those of one epoch.
        """
        if not self.descent.objective.is_native(self.training.rows) or self.flips.probability > 0:
            return 1
        return max(1, MOST_ROWS // self.orders.n)

    def init(self, start: Tree) -> SGDState:
        """Return the state to begin with."""
        return SGDState(start)

    def step(
        self,
        state: SGDState,
        epoch: int,
        first: int,
        end: int,
        *,
        epochs: int = 1,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Steps:
        """Take some steps of an epoch, or all of several epochs."""
        n, size, steps = self.orders.n, self.models[0].batch_size, self.steps_per_epoch
        if epochs == 1:
            order = self.orders(epoch)[first * size : end * size]
        else:
            order = self.orders.of_epochs(epoch, epochs, min(n, steps * size))
        rates = np.concatenate([self._rates(one)[first:end] for one in range(epoch, epoch + epochs)])
        rows = self.training.rows.with_mirrored(self.flips(epoch))
        weights = self.training.weights
        losses = self.descent.run(state, rows, self.targets, weights, order, rates, stopping, epochs)
        return Steps(losses, rates[: len(losses)])

    def terminate(self, state: SGDState, epoch: int) -> Array:
        """Return which models have had their epochs."""
        return np.array([epoch >= model.max_epochs for model in self.models])

    def select(self, models: Array) -> Self:
        """Return the solver of some of m models."""
        chosen = tuple(model for model, stays in zip(self.models, models, strict=True) if stays)
        penalty: Any = self.descent.objective.penalty
        objective = replace(self.descent.objective, penalty=replace(penalty, l2=np.asarray(penalty.l2)[models]))
        descent = replace(self.descent, objective=objective, momentum=self._momentum(chosen, True))
        return replace(self, descent=descent, training=self.training.of_models(models), models=chosen)

    @staticmethod
    def _momentum(models: Sequence[Any], together: bool) -> float | Array:
        if not together:
            return float(models[0].momentum)
        momentum = np.array([model.momentum for model in models])
        return momentum if momentum.any() else 0.0

    def _rates(self, epoch: int) -> Array:
        """Return the learning rates of an epoch, ``(steps,)`` or ``(steps, m)``."""
        columns = [learning_rates(model, epoch, self.steps_per_epoch) for model in self.models]
        together = np.ndim(getattr(self.descent.objective.penalty, "l2", 0.0)) > 0
        return np.stack(columns, axis=1) if together else columns[0]
