"""The training loop: epochs of solver steps, validations between them, and the end, for one model or m at once.

Models that are trained together share rows, order and batch size, so that gathering and scaling rows is paid once. Each
has its own rates, penalty, start, row weights and number of epochs, keeps its own best parameters, and ends as it would
alone: one that diverges, stops early or has had its epochs leaves, and the others go on without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import DivergenceError
from onelayer.objective import Sums
from onelayer.solvers import Solution, Solver, Status
from onelayer.threads import limited_threads, threads_for
from onelayer.training.interruption import Interruption
from onelayer.training.listeners import Listener
from onelayer.training.parameters import TrainingParameters
from onelayer.training.problem import Problem
from onelayer.training.segments import Segment, Segments
from onelayer.training.state import TrainingState
from onelayer.tree import Tree

__all__ = ["train", "train_together"]


def train(
    problem: Problem,
    parameters: TrainingParameters,
    seed: int,
    start: Tree | TrainingState,
    listeners: Sequence[Listener] = (),
    *,
    until_epoch: int | None = None,
    threads: int = 1,
) -> TrainingState:
    """Train one model until ``max_epochs``, early stopping, a listener or Ctrl-C ends it.

    Parameters
    ----------
    problem : Problem
    parameters : TrainingParameters
    seed : int
        Of all random streams.
    start : Tree or TrainingState
        Parameters to begin with (written over), or the state to go on from, bit by bit as if it had never stopped.
    listeners : sequence of Listener
    until_epoch : int or None
        Ends training in place of ``max_epochs``, which schedules still reckon with.
    threads : int
        How many may be used; their number does not change the figures.

    Returns
    -------
    TrainingState
        Its ``kept`` parameters are the result.

    Raises
    ------
    ConfigError
        If no batch can be made of the rows, or the solver can't work with the loss.
    DivergenceError
        If the loss became infinite or undefined.
    """
    solver = problem.solver([parameters], seed, threads, together=False)
    if not isinstance(start, TrainingState):
        start = TrainingState.of(solver.init(start), [parameters])
    last = parameters.max_epochs if until_epoch is None else until_epoch
    loop = _Loop(problem, start, solver, listeners, threads, last)
    return loop.run()


def train_together(
    problem: Problem,
    models: Sequence[TrainingParameters],
    seed: int,
    starts: Sequence[Tree],
    listeners: Sequence[Listener] = (),
    *,
    threads: int = 1,
) -> TrainingState:
    """Train m models in one pass over the data.

    Parameters
    ----------
    problem : Problem
        Shared by all. Weights of the training and the validation rows are ``(n,)``, ``(n, m)`` for one column a model,
        or None; the strength of its penalty is taken from the models.
    models : sequence of m TrainingParameters
        They differ in nothing that the order of rows, the targets or the batches depend on; see
        :func:`onelayer.selection.grid.pass_key`.
    seed : int
        Of the order of rows and the flips.
    starts : sequence of m Tree
        What each begins with; they stay as they are.
    listeners : sequence of Listener
        Interruptions take effect at the end of an epoch.
    threads : int
        How many may be used.

    Returns
    -------
    TrainingState
        ``models`` has what became of each; its solution has no parameters if it diverged.

    Raises
    ------
    ConfigError
        If no batch can be made of the rows, or the solver can't work with the loss.
    """
    solver = problem.solver(models, seed, threads, together=True)
    state = TrainingState.of(solver.init(type(starts[0]).stack(starts)), list(models))
    return _Loop(problem, state, solver, listeners, threads, None).run()


class _Loop:
    def __init__(
        self,
        problem: Problem,
        state: TrainingState,
        solver: Solver,
        listeners: Sequence[Listener],
        threads: int,
        until_epoch: int | None,
    ) -> None:
        self.problem, self.state, self.listeners, self.threads = problem, state, listeners, threads
        self.until_epoch, self.interruption = until_epoch, Interruption()
        self.shared = state.models[0].parameters
        self.segments = Segments(
            solver,
            problem,
            threads,
            is_watched=bool(listeners) or problem.validation is not None,
            with_training=state.is_alone,
            stopping=self._is_interrupted,
        )

    def run(self) -> TrainingState:
        state = self.state
        work = self.segments.solver.work(state.solver)
        try:
            with self.interruption, limited_threads(threads_for(work, self.threads)):
                for listener in self.listeners:
                    listener.on_train_begin(state)
                self._end_of_models()
                while state.is_running:
                    self._advance()
        finally:
            for listener in self.listeners:
                listener.on_train_end(state)
        return state

    def _advance(self) -> None:
        """Go on to the end of an epoch, or of training."""
        state = self.state
        if state.position == 0:
            for listener in self.listeners:
                listener.on_epoch_begin(state)
        for segment in self.segments.advance(state, self.until_epoch, self.shared.validations_per_epoch):
            state.solver, state.position = segment.solver, segment.end
            self._settle(segment)
            if not state.is_running:
                return

    def _settle(self, segment: Segment) -> None:
        """Take in what came of a segment."""
        state = self.state
        finite = segment.finite
        if state.is_alone:
            if not finite[0]:
                raise _diverged(segment)
            state.history.add_steps(segment.first_step, segment.epoch, segment.steps.losses, segment.steps.rates)
            for listener in self.listeners:
                listener.on_steps(state)
            if segment.is_interrupted:
                self._leave(np.array([True]), Status.INTERRUPTED, state.epoch)
        else:
            self._leave(~finite, Status.DIVERGED, state.epoch + 1)
        if segment.sums is not None and state.is_running:
            self._validate(segment, finite)
        if segment.ends_epoch and state.is_running:
            self._end_epoch()

    def _end_epoch(self) -> None:
        state = self.state
        state.epoch, state.position = state.epoch + 1, 0
        self._end_of_models()
        stops = [listener.on_epoch_end(state) for listener in self.listeners]
        if any(stops):
            self._leave(np.full(len(state.running), True), Status.STOPPED_BY_CALLBACK, state.epoch)
        elif not state.is_alone and self._is_interrupted():
            self._leave(np.full(len(state.running), True), Status.INTERRUPTED, state.epoch)

    def _end_of_models(self) -> None:
        """Let those models leave that have had their epochs."""
        state = self.state
        if not state.is_running:
            return
        if self.until_epoch is None:
            done = self.segments.solver.terminate(state.solver, state.epoch)
        else:
            done = np.full(len(state.running), state.epoch >= self.until_epoch)
        self._leave(done, Status.FINISHED, state.epoch)

    def _validate(self, segment: Segment, finite: Array) -> None:
        """Record the figures of each model, keep the best, and let those leave that stop early."""
        state, sums = self.state, segment.sums or {}
        parameters, penalty = state.solver.parameters, self.segments.solver.objective.penalty
        with np.errstate(all="ignore"):  # an overflow shows in the figures
            penalised = np.atleast_1d(penalty.value(parameters)).tolist()
            norms = np.atleast_1d(parameters.squared_norm(self.shared.penalize_bias)).tolist()
        if not state.is_alone and not finite.all():
            sums = {name: _of_models(one, finite) for name, one in sums.items()}
        exhausted, lost = [False] * len(state.running), [False] * len(state.running)
        for place, j in enumerate(state.running.tolist()):
            model = state.models[j]
            record: dict[str, float] = {
                "validation_step": state.solver.step - 1,
                "validation_epoch": segment.epoch,
                "weight_norm_squared": norms[place],
            }
            for name, of_part in sums.items():
                one = of_part if state.is_alone else of_part.of_model(place)
                loss = float(one.mean_loss)
                record |= {
                    f"{name}_loss": loss,
                    f"{name}_accuracy": float(one.accuracy),
                    f"{name}_objective": loss + penalised[place],
                }
            lost[place] = not all(isfinite(record[f"{name}_loss"]) for name in sums)
            if lost[place]:
                continue
            model.history.add_validation(record)
            if model.monitor.update(record[model.parameters.monitor]):
                model.best_validation = model.history.n_validations - 1
                if model.parameters.keep == "best":
                    model.best = parameters.model(place).copy()
            exhausted[place] = model.monitor.exhausted
        if any(lost):
            if state.is_alone:
                raise _diverged(segment)
            self._leave(np.array(lost), Status.DIVERGED, state.epoch + 1)
            exhausted = [ends for ends, is_lost in zip(exhausted, lost, strict=True) if not is_lost]
        for listener in self.listeners:
            listener.on_validation(state)
        if any(exhausted):
            self._leave(np.array(exhausted), Status.STOPPED_EARLY, state.epoch + 1)

    def _leave(self, leaving: Array, status: Status, epochs: int) -> None:
        """Let the marked ones of the running models end with ``status``; of m models, take them out of the arrays."""
        state = self.state
        if not leaving.any():
            return
        for place in np.flatnonzero(leaving):
            model = state.models[state.running[place]]
            model.status = status
            if status is Status.STOPPED_EARLY:
                model.stopped_epoch = state.epoch
            kept = None
            if status is not Status.DIVERGED:
                last = state.solver.parameters.model(int(place))
                kept = model.kept(last) if state.is_alone else model.kept(last.copy())
            model.solution = Solution(kept, status, epochs, state.solver.step)
        if state.is_alone:
            state.epoch = epochs
            return
        stay = ~leaving
        state.running = state.running[stay]
        if len(state.running):
            state.solver = state.solver.select(stay)
            self.segments.solver = self.segments.solver.select(stay)
            validation = self.problem.validation
            self.problem = replace(
                self.problem,
                training=self.problem.training.of_models(stay),
                validation=None if validation is None else validation.of_models(stay),
            )
            self.segments.problem = self.problem

    def _is_interrupted(self) -> bool:
        return self.interruption.requested or any(listener.asks_to_stop() for listener in self.listeners)


def _of_models(sums: Sums, models: Array) -> Sums:
    return Sums(*(part if np.ndim(part) == 0 else part[models] for part in (sums.loss, sums.correct, sums.weight)))


def _diverged(segment: Segment) -> DivergenceError:
    """Return the error of a model that is trained alone: what became infinite or undefined, where, and what to do."""
    losses, rates = segment.steps.losses, segment.steps.rates
    undefined = np.flatnonzero(~np.isfinite(losses))
    place = int(undefined[0]) if len(undefined) else len(losses) - 1
    what = "the weights became infinite"
    if len(undefined):
        what = f"the loss became {losses[place]}"
    else:
        for name, title in (("train", "training"), ("validation", "validation")):
            loss = (segment.sums or {}).get(name)
            if loss is not None and not isfinite(float(loss.mean_loss)):
                what = f"the {title} loss became {float(loss.mean_loss)}"
                break
    rate = float(rates[place])
    return DivergenceError(
        f"training diverged: {what} at step {segment.first_step + place} (learning rate {rate:.6g}); "
        f"try a learning rate of {rate / 10:.2g} or less, or scaled features"
    )
