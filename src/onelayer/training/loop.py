"""The training loop: epochs of solver steps, validations between them, and the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import DivergenceError
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective, Sums
from onelayer.rows import RowSource
from onelayer.solvers.sgd import SGD, SGDState, diverged
from onelayer.solvers.status import Status
from onelayer.threads import limited_threads, threads_for
from onelayer.training.early_stopping import Monitor
from onelayer.training.epochs import Flips, Orders, count_steps, validation_steps
from onelayer.training.interruption import Interruption
from onelayer.training.listeners import Listener
from onelayer.training.parameters import TrainingParameters
from onelayer.training.pending import Pending, Segment
from onelayer.training.schedules import learning_rates
from onelayer.training.state import TrainingState
from onelayer.training.stretches import Stretches
from onelayer.training.validation import Part, total_sums

__all__ = ["Part", "Problem", "train"]


@dataclass(frozen=True)
class Problem:
    """What is trained on what.

    ``targets`` are what the solver fits, ``(n,)`` labels or ``(n, k)`` probabilities (smoothed labels, say); figures in
    the history are always against the labels.
    """

    objective: Objective
    training: Part
    targets: Array
    validation: Part | None = None


def train(
    problem: Problem,
    parameters: TrainingParameters,
    seed: int,
    start: LinearParameters | TrainingState,
    listeners: Sequence[Listener] = (),
    *,
    until_epoch: int | None = None,
    threads: int = 1,
) -> TrainingState:
    """Train until ``max_epochs``, early stopping, a listener or Ctrl-C ends it.

    Parameters
    ----------
    problem : Problem
    parameters : TrainingParameters
    seed : int
        Of all random streams.
    start : LinearParameters or TrainingState
        Parameters to begin with (changed in place), or the state to go on from, bit by bit as if it had never stopped.
    listeners : sequence of Listener
    until_epoch : int or None
        Ends training in place of ``max_epochs``, which schedules still reckon with.
    threads : int
        How many may be used; their number does not change the figures of validations.

    Returns
    -------
    TrainingState
        Its ``kept`` parameters are the result.

    Raises
    ------
    ConfigError
        If no batch can be made of the rows.
    DivergenceError
        If the loss became infinite or undefined.
    """
    return _Loop(problem, parameters, seed, start, listeners, threads).run(
        parameters.max_epochs if until_epoch is None else until_epoch
    )


class _Loop:
    def __init__(
        self,
        problem: Problem,
        parameters: TrainingParameters,
        seed: int,
        start: LinearParameters | TrainingState,
        listeners: Sequence[Listener],
        threads: int,
    ) -> None:
        self.problem, self.parameters, self.listeners, self.threads = problem, parameters, listeners, threads
        rows = problem.training.rows
        self.steps_per_epoch = count_steps(rows.n, parameters)
        self.orders, self.flips = Orders(rows.n, parameters.shuffle, seed), Flips(rows.n, parameters, seed)
        self.solver = SGD(
            problem.objective, parameters.batch_size, parameters.momentum, parameters.fit_intercept, threads
        )
        self.state = start if isinstance(start, TrainingState) else TrainingState(SGDState(start), Monitor(parameters))
        is_watched = bool(listeners) or problem.validation is not None
        self.stretches = Stretches(
            parameters, self.orders, self.steps_per_epoch, is_possible=problem.objective.is_native and not is_watched
        )
        self.interruption = Interruption()

    def run(self, until_epoch: int) -> TrainingState:
        state = self.state
        work = self.parameters.batch_size * state.solver.parameters.weights.size
        try:
            with self.interruption, limited_threads(threads_for(work, self.threads)):
                for listener in self.listeners:
                    listener.on_train_begin(state)
                while state.status is Status.RUNNING:
                    if state.epoch >= until_epoch:
                        state.status = Status.FINISHED
                    elif len(epochs := self.stretches.next(state.epoch, until_epoch)) > 1:
                        self._stretch(epochs)
                    else:
                        self._epoch()
        finally:
            for listener in self.listeners:
                listener.on_train_end(state)
        return state

    def _stretch(self, epochs: range) -> None:
        """Go through several epochs in one call of the solver."""
        state, before = self.state, self.state.solver.copy()
        rows, (order, rates) = self.problem.training.rows, self.stretches.order_and_rates(epochs)
        try:
            whole = self._segment(rows.with_mirrored(None), order, rates, 0, len(rates), False, len(epochs))
        except DivergenceError:  # where, and what was recorded by then, shows when they go one at a time
            state.solver.return_to(before)
            self.stretches.give_up()
            return
        for segment in self.stretches.by_epoch(whole):
            self._settle([segment])
            if state.status is not Status.RUNNING:
                return
            state.epoch += 1

    def _epoch(self) -> None:
        state = self.state
        for listener in self.listeners:
            listener.on_epoch_begin(state)
        rows, order = self.problem.training.rows.with_mirrored(self.flips(state.epoch)), self.orders(state.epoch)
        rates = learning_rates(self.parameters, state.epoch, self.steps_per_epoch)
        validated = self._validated_steps()
        # The definitions gain nothing from several at once.
        pending = Pending.of_bytes(state.kept.weights.nbytes) if self.problem.objective.is_native else Pending(1)
        first = 0
        for end in sorted({step + 1 for step in validated} | {self.steps_per_epoch}):
            try:
                segment = self._segment(rows, order, rates[first:end], first, end, end - 1 in validated)
            except DivergenceError:
                self._settle(pending.take())
                if state.status is Status.RUNNING:
                    raise
                return
            pending.add(segment)
            if end == self.steps_per_epoch or pending.is_due:
                self._settle(pending.take())
            else:
                pending.keep()
            if state.status is not Status.RUNNING:
                return
            first = end
        state.epoch += 1
        stops = [listener.on_epoch_end(state) for listener in self.listeners]
        if any(stops):
            state.status = Status.STOPPED_BY_CALLBACK

    def _validated_steps(self) -> set[int]:
        if self.problem.validation is None:
            return set()
        return set(validation_steps(self.state.epoch, self.steps_per_epoch, self.parameters.validations_per_epoch))

    def _segment(
        self, rows: RowSource, order: Array, rates: Array, first: int, end: int, is_validated: bool, epochs: int = 1
    ) -> Segment:
        solver, size = self.state.solver, self.parameters.batch_size
        step = solver.step
        losses = self.solver.run(
            solver,
            rows,
            self.problem.targets,
            self.problem.training.weights,
            order[first * size : end * size],
            rates,
            self._is_interrupted,
            epochs,
        )
        is_interrupted = self._is_interrupted()
        return Segment(step, losses, rates, solver, is_validated and not is_interrupted, is_interrupted)

    def _is_interrupted(self) -> bool:
        return self.interruption.requested or any(listener.asks_to_stop() for listener in self.listeners)

    def _settle(self, segments: Sequence[Segment]) -> None:
        """Record steps and validate, as if each segment had been the last so far; training may end at any of them."""
        state, latest, ends = self.state, self.state.solver, True
        sums = iter(self._sums([segment.solver.parameters for segment in segments if segment.is_validated]))
        try:
            for segment in segments:
                state.solver = segment.solver
                state.history.add_steps(segment.first_step, state.epoch, segment.losses, segment.rates)
                if segment.is_interrupted:
                    state.status = Status.INTERRUPTED
                if segment.is_validated:
                    self._validate(next(sums), segment.rates[-1])
                if state.status is not Status.RUNNING:
                    return
            ends = False
        finally:
            if ends and state.solver is not latest:
                latest.return_to(state.solver)
            state.solver = latest

    def _validate(self, sums: Mapping[str, Sums], rate: float) -> None:
        state = self.state
        record = self._record(sums)
        for part, loss in (("training", record["train_loss"]), ("validation", record["validation_loss"])):
            if not isfinite(loss):
                raise diverged(state.solver.step - 1, rate, f"the {part} loss became {loss}")
        state.history.add_validation(record)
        if state.monitor.update(record[self.parameters.monitor]) and self.parameters.keep == "best":
            state.best = state.solver.parameters.copy()
        for listener in self.listeners:
            listener.on_validation(state)
        if state.monitor.exhausted:
            state.status, state.stopped_epoch = Status.STOPPED_EARLY, state.epoch
            state.epoch += 1

    def _sums(self, parameters: Sequence[LinearParameters]) -> list[dict[str, Sums]]:
        """Return for each of some parameters the sums over the training and the validation rows."""
        if not parameters:
            return []
        (one, *others), problem = parameters, self.problem
        together = LinearParameters(*(np.stack(parts) for parts in zip(*parameters, strict=True))) if others else one
        parts = {"train": problem.training, "validation": problem.validation}
        given = {name: part for name, part in parts.items() if part is not None}
        with np.errstate(all="ignore"):  # an overflow shows in the losses
            found = total_sums(problem.objective, together, [*given.values()], self.threads)
        if not others:
            return [dict(zip(given, found, strict=True))]
        return [
            {name: sums.of_model(place) for name, sums in zip(given, found, strict=True)}
            for place in range(len(parameters))
        ]

    @np.errstate(all="ignore")
    def _record(self, sums: Mapping[str, Sums]) -> dict[str, float]:
        penalty, current = self.problem.objective.penalty, self.state.solver.parameters
        penalised = float(penalty.value(*current))
        record: dict[str, float] = {
            "validation_step": self.state.solver.step - 1,
            "validation_epoch": self.state.epoch,
            "weight_norm_squared": _norm_squared(current, penalty.penalize_bias),
        }
        for name, of_part in sums.items():
            loss = float(of_part.mean_loss)
            record |= {
                f"{name}_loss": loss,
                f"{name}_accuracy": float(of_part.accuracy),
                f"{name}_objective": loss + penalised,
            }
        return record


def _norm_squared(parameters: LinearParameters, with_intercepts: bool) -> float:
    parts = parameters if with_intercepts else parameters[:1]
    return sum(float((part.astype(np.float64) ** 2).sum()) for part in parts)
