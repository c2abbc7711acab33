"""Training in segments: the steps from one look at the model to the next.

Where training is fast, most of the time of an epoch goes into validations, and most of theirs into reading the rows. So
training runs ahead, with a copy of the parameters of each validation that is due, and several validations are made in
one pass over the data. Where nobody looks at all, several epochs are one call of the solver, since on a small set an
epoch takes little longer than a call. Whoever goes through :meth:`Segments.advance` sees none of that: segments come
one at a time, each with its figures, bit by bit those of going step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from time import monotonic
from typing import Any, Final

import numpy as np

from onelayer.arrays import Array
from onelayer.objective import Sums
from onelayer.solvers import Solver, Steps
from onelayer.training.problem import Problem
from onelayer.training.state import TrainingState

__all__ = ["Segment", "Segments", "validation_steps"]

MOST_WAITING: Final = 8
MOST_BYTES: Final = 1 << 26  # of copies
SECONDS: Final = 0.1  # whoever watches training is told of a validation not much later than it was due


def validation_steps(epoch: int, steps_per_epoch: int, validations_per_epoch: int) -> list[int]:
    """Return the steps of an epoch (from 0) after which the model is validated.

    With one validation an epoch that is the last step. With v > 1 it is each step whose global index s has s mod max(1,
    steps_per_epoch // v) = 0.

    Examples
    --------
    >>> validation_steps(epoch=1, steps_per_epoch=31, validations_per_epoch=5)
    [5, 11, 17, 23, 29]
    """
    if validations_per_epoch == 1:
        return [steps_per_epoch - 1]
    every = max(1, steps_per_epoch // validations_per_epoch)
    return [step for step in range(steps_per_epoch) if (epoch * steps_per_epoch + step) % every == 0]


@dataclass
class Segment:
    """Steps from one look at the model to the next.

    Attributes
    ----------
    epoch, end : int
        The epoch they are of, and the step of it (from 0) before which they end.
    first_step : int
        Of all steps, from 0.
    steps : Steps
    solver : SolverState
        As the last of them left it.
    is_validated, ends_epoch, is_interrupted : bool
        Whether a validation follows them, whether they end an epoch, and whether training was asked to stop in them.
    sums : dict of str to Sums
        Over the rows of each part that is looked at, where it is validated: ``validation`` and perhaps ``train``.
    """

    epoch: int
    end: int
    first_step: int
    steps: Steps
    solver: Any
    is_validated: bool = False
    ends_epoch: bool = False
    is_interrupted: bool = False
    sums: dict[str, Sums] | None = None

    @cached_property
    def finite(self) -> Array:
        """For each of m models (of one, ``(1,)``) whether losses and parameters are all finite, bool ``(m,)``."""
        finite: Array = np.isfinite(self.steps.losses).all(axis=0) & self.solver.parameters.finite_models()
        return finite


class Segments:
    """Cuts training into segments.

    Parameters
    ----------
    solver : Solver
        Replaced by whoever lets models leave.
    problem : Problem
    threads : int
    is_watched : bool
        Whether someone looks at the model between epochs.
    with_training : bool
        Whether validations look at the training rows too.
    stopping : callable
        Asked many times a second; true interrupts training.
    """

    def __init__(
        self,
        solver: Solver,
        problem: Problem,
        threads: int,
        *,
        is_watched: bool,
        with_training: bool,
        stopping: Callable[[], bool],
    ) -> None:
        self.solver, self.problem, self.threads, self.stopping = solver, problem, threads, stopping
        self.with_training = with_training
        self.longest_run = 1 if is_watched else solver.longest_run

    def advance(self, state: TrainingState, until_epoch: int | None, validations_per_epoch: int) -> Iterator[Segment]:
        """Go through what is left of an epoch, or through several epochs where nobody looks, segment by segment.

        Whoever takes a segment puts its ``solver`` into the state before the next is asked for, and may end after any:
        steps that were taken ahead of it are then lost, as they should be.
        """
        ahead = 1 if until_epoch is None else min(self.longest_run, until_epoch - state.epoch)
        if ahead > 1 and state.position == 0:
            found = self._run(state, ahead)
            if found is not None:
                yield from found
                return
        yield from self._epoch(state, validations_per_epoch)

    def _run(self, state: TrainingState, epochs: int) -> list[Segment] | None:
        """Return the segments of several epochs, one each; None where something diverged in them."""
        before, first_step, per_epoch = state.solver.copy(), state.solver.step, self.solver.steps_per_epoch
        steps = self.solver.step(state.solver, state.epoch, 0, per_epoch, epochs=epochs, stopping=self.stopping)
        whole = Segment(state.epoch, per_epoch, first_step, steps, state.solver, ends_epoch=True)
        if not whole.finite.all():  # where, and what was recorded by then, shows when they go one at a time
            state.solver, self.longest_run = before, 1
            return None
        taken, is_interrupted = len(steps.losses), self.stopping()
        return [
            replace(
                whole,
                epoch=state.epoch + first // per_epoch,
                first_step=first_step + first,
                steps=Steps(steps.losses[first : first + per_epoch], steps.rates[first : first + per_epoch]),
                is_interrupted=is_interrupted and first + per_epoch >= taken,
            )
            for first in range(0, max(taken, 1), per_epoch)
        ]

    def _epoch(self, state: TrainingState, validations_per_epoch: int) -> Iterator[Segment]:
        per_epoch = self.solver.steps_per_epoch
        validated = set[int]()
        if self.problem.validation is not None:
            validated = set(validation_steps(state.epoch, per_epoch, validations_per_epoch))
        most = self._most_waiting(state)
        waiting, since = list[Segment](), monotonic()
        solver, first = state.solver, state.position
        for end in sorted({step + 1 for step in validated} | {per_epoch}):
            if end <= first:
                continue
            first_step = solver.step
            steps = self.solver.step(
                solver, state.epoch, first, end, stopping=self.stopping if state.is_alone else lambda: False
            )
            segment = Segment(state.epoch, end, first_step, steps, solver, ends_epoch=end == per_epoch)
            segment.is_interrupted = state.is_alone and self.stopping()
            segment.is_validated = end - 1 in validated and not segment.is_interrupted
            waiting.append(segment)
            is_over = segment.ends_epoch or segment.is_interrupted or not segment.finite.all()
            if is_over or len(waiting) >= most or monotonic() - since >= SECONDS:
                yield from self._validated(waiting)
                waiting, since, solver = [], monotonic(), state.solver
            else:
                segment.solver = solver.copy()  # the next steps change what is there
            first = end

    def _most_waiting(self, state: TrainingState) -> int:
        """Return how many validations may wait: several for one model, where the engine reads rows once for all."""
        if not state.is_alone or not self.problem.objective.is_native(self.problem.training.rows):
            return 1
        most: int = MOST_BYTES // state.solver.parameters.nbytes
        return max(1, min(MOST_WAITING, most))

    def _validated(self, waiting: list[Segment]) -> Iterator[Segment]:
        """Yield segments with their figures, which are computed in one pass over the rows."""
        if not waiting[-1].finite.all() and len(waiting[-1].finite) == 1:
            waiting[-1].is_validated = False
        due = [segment for segment in waiting if segment.is_validated]
        parts = {"train": self.problem.training} if self.with_training else {}
        if self.problem.validation is not None:
            parts["validation"] = self.problem.validation
        if due and parts:
            trees = [segment.solver.parameters for segment in due]
            together = trees[0] if len(trees) == 1 else type(trees[0]).stack(trees)
            with np.errstate(all="ignore"):  # an overflow shows in the losses
                found = self.problem.objective.sums_of_parts(together, list(parts.values()), self.threads)
            for place, segment in enumerate(due):
                segment.sums = {
                    name: sums if len(due) == 1 else sums.of_model(place)
                    for name, sums in zip(parts, found, strict=True)
                }
        yield from waiting
