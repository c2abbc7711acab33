"""The sweep: trains every combination of a grid, on one validation part or on folds, and chooses.

It never sees a test row. Whatever data and features are, a :data:`Preparation` turns them into problems, so that every
model is trained on the very problem that it would be trained on alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

import numpy as np

from onelayer.errors import ConfigError
from onelayer.rows import LabelledRows
from onelayer.selection.curve import Validation
from onelayer.selection.folds import Fold, fold_weights
from onelayer.selection.grid import Grid, pass_key
from onelayer.selection.result import FoldFigures, SweepResult, Trial, best_trial, simplest_trial, summarize
from onelayer.solvers import Status
from onelayer.solvers.epochs import count_steps
from onelayer.training.interruption import Interruption
from onelayer.training.listeners import Listener
from onelayer.training.loop import train_together
from onelayer.training.parameters import TrainingParameters
from onelayer.training.problem import Problem
from onelayer.training.state import ModelState, TrainingState
from onelayer.tree import Tree

__all__ = ["Preparation", "Prepared", "sweep"]

MOST_BYTES: Final = 1 << 26  # of the weights of one pass; gradients and copies take a few times that


@dataclass(frozen=True)
class Prepared:
    """A problem, and the parameters that a model with certain training parameters starts from."""

    problem: Problem
    start: Callable[[TrainingParameters], Tree]


Preparation = Callable[[TrainingParameters, Fold | None], Prepared]
"""Makes the problem of the rows of a fold; with None, of all rows and the validation part that there is for them."""


def sweep(
    grid: Grid,
    base: TrainingParameters,
    prepare: Preparation,
    *,
    folds: Sequence[Fold] | None = None,
    folds_in_one_pass: bool = False,
    listeners: Sequence[Listener] = (),
    threads: int = 1,
) -> SweepResult:
    """Train every combination of ``grid`` and choose by validation accuracy.

    Ctrl-C ends it with the epoch: what was trained until then is in the result, and nothing is chosen of it. A second
    one raises KeyboardInterrupt as usual.

    Parameters
    ----------
    grid : Grid
    base : TrainingParameters
        What the grid does not vary; ``random_state`` is a number.
    prepare : callable
        See :data:`Preparation`.
    folds : sequence of Fold or None
        What to validate on; None for the problem's own validation part.
    folds_in_one_pass : bool
        Train all folds at once, as row weights 0 and 1 on all rows: batches are drawn of all rows, and scaling is
        learned from all of them. Else the folds are trained one after another, each on its own rows with its own
        scaling.
    listeners : sequence of Listener
        Told of passes and their epochs.
    threads : int
        How many may be used.

    Returns
    -------
    SweepResult

    Raises
    ------
    ConfigError
        If folds in one pass are to be standardised: each would see the mean and deviation of its held-out rows.
    DivergenceError
        If every model diverged.
    """
    started = perf_counter()
    trials = grid.trials(base)
    if folds_in_one_pass and any(p.scaling == "standardize" for p in trials):
        raise ConfigError(
            "folds in one pass can't be standardised without a look at held-out rows: "
            "train them one after another, or set scaling to 'none', 'unit' or 'symmetric'"
        )
    count, is_interrupted = 1 if folds is None else len(folds), False
    run = _Sweep(trials, listeners, threads)
    try:
        with Interruption() as interruption:

            def stopping() -> bool:
                return interruption.requested or any(listener.asks_to_stop() for listener in listeners)

            for each in run.passes(prepare, folds, folds_in_one_pass):
                run.train(each, stopping)
                is_interrupted = stopping()
                if is_interrupted:
                    break
    finally:
        for listener in listeners:
            listener.on_passes_end()
    found = run.found(grid, count)
    chosen, simplest = (None, None) if is_interrupted else (best_trial(found), simplest_trial(found, trials))
    return SweepResult(grid.axes, tuple(found), chosen, simplest, count, run.n_passes, perf_counter() - started)


@dataclass(frozen=True)
class _Pass:
    """Models to be trained together: of each the trial (position in the grid) and the fold."""

    problem: Problem
    start: Callable[[TrainingParameters], Tree]
    models: list[tuple[int, int]]


class _Sweep:
    """Makes the passes, and collects the figures of each trial on each fold."""

    def __init__(self, trials: Sequence[TrainingParameters], listeners: Sequence[Listener], threads: int) -> None:
        self.trials, self.listeners, self.threads = trials, listeners, threads
        self.figures: dict[tuple[int, int], FoldFigures] = {}
        self.n_passes = 0

    def passes(self, prepare: Preparation, folds: Sequence[Fold] | None, folds_in_one_pass: bool) -> Iterator[_Pass]:
        """Prepare the passes, each when its turn comes."""
        for members in _groups(self.trials):
            first = self.trials[members[0]]
            if folds is None:
                yield from self._of_fold(prepare(first, None), members, 0)
            elif folds_in_one_pass:
                yield from self._of_all_folds(prepare(first, None), members, folds)
            else:
                for place, fold in enumerate(folds):
                    yield from self._of_fold(prepare(first, fold), members, place)

    def _of_fold(self, prepared: Prepared, members: Sequence[int], fold: int) -> Iterator[_Pass]:
        """Make passes that train some trials on one problem."""
        for part in self._parts(prepared, [(trial, fold) for trial in members]):
            yield _Pass(prepared.problem, prepared.start, part)

    def _of_all_folds(self, prepared: Prepared, members: Sequence[int], folds: Sequence[Fold]) -> Iterator[_Pass]:
        """Make passes that train some trials on all folds at once: folds are columns of row weights."""
        whole = prepared.problem.training
        training, held_out = fold_weights(folds, whole.rows.n)
        if whole.weights is not None:
            training, held_out = (part * whole.weights[:, np.newaxis] for part in (training, held_out))
        everyone = [(trial, fold) for fold in range(len(folds)) for trial in members]
        for part in self._parts(prepared, everyone):
            columns = [fold for _, fold in part]
            problem = replace(
                prepared.problem,
                training=replace(whole, weights=training[:, columns]),
                validation=LabelledRows(whole.rows, whole.labels, held_out[:, columns]),
            )
            yield _Pass(problem, prepared.start, part)

    def _parts(self, prepared: Prepared, everyone: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
        """Cut models into parts whose weights fit into memory."""
        size = max(1, MOST_BYTES // prepared.start(self.trials[everyone[0][0]]).nbytes)
        return [everyone[first : first + size] for first in range(0, len(everyone), size)]

    def train(self, each: _Pass, stopping: Callable[[], bool]) -> None:
        """Train the models of a pass, until ``stopping``."""
        models = [self.trials[trial] for trial, _ in each.models]
        self.n_passes += 1
        for listener in self.listeners:
            listener.on_pass_begin(self.n_passes, len(models), max(p.max_epochs for p in models))
        seed = models[0].random_state
        if seed is None:
            raise ConfigError("a sweep needs a seed: set random_state")
        trained = train_together(
            each.problem,
            models,
            seed,
            [each.start(p) for p in models],
            [_PassListener(self.listeners, stopping)],
            threads=self.threads,
        )
        per_epoch = count_steps(each.problem.training.rows.n, models[0])
        for place, (key, model) in enumerate(zip(each.models, trained.models, strict=True)):
            self.figures[key] = _figures(model, per_epoch, _count(each.problem.validation, place))

    def found(self, grid: Grid, n_folds: int) -> list[Trial]:
        """Return the trials that were begun, in the order of the grid."""
        trials = []
        for trial, values in enumerate(grid.values()):
            folds = [self.figures[trial, place] for place in range(n_folds) if (trial, place) in self.figures]
            if folds:
                trials.append(summarize(values, folds, n_folds))
        return trials


def _groups(trials: Sequence[TrainingParameters]) -> list[list[int]]:
    """Return the positions of trials that can be trained in one pass, group after group."""
    groups: dict[object, list[int]] = {}
    for place, parameters in enumerate(trials):
        groups.setdefault(pass_key(parameters), []).append(place)
    return list(groups.values())


def _count(validation: LabelledRows | None, place: int) -> int:
    """Return the number of rows that the model at ``place`` is validated on."""
    if validation is None:
        raise ConfigError("a sweep needs rows to validate on")
    if validation.weights is None or validation.weights.ndim == 1:
        return validation.rows.n
    return int(np.count_nonzero(validation.weights[:, place]))


def _figures(model: ModelState, steps_per_epoch: int, n: int) -> FoldFigures:
    columns = model.history.arrays()
    validations = [
        Validation(epoch, (step + 1) / steps_per_epoch, loss, accuracy)
        for epoch, step, loss, accuracy in zip(
            *(
                columns[name].tolist()
                for name in ("validation_epoch", "validation_step", "validation_loss", "validation_accuracy")
            ),
            strict=True,
        )
    ]
    solution, place = model.solution, model.kept_validation
    found = None if model.status is Status.DIVERGED or place is None else validations[place]
    return FoldFigures(
        str(model.status),
        0 if solution is None else solution.epochs,
        None if found is None else found.epoch,
        None if found is None else found.loss,
        None if found is None else found.accuracy,
        n,
        tuple(validations),
    )


class _PassListener(Listener):
    """Tells the listeners of a sweep of the epochs of a pass, and asks whether it is to end."""

    def __init__(self, listeners: Sequence[Listener], stopping: Callable[[], bool]) -> None:
        self._listeners, self._stopping = listeners, stopping

    def asks_to_stop(self) -> bool:
        """Whether the sweep is to end."""
        return self._stopping()

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Tell of it."""
        for listener in self._listeners:
            listener.on_pass_epoch_end(state.epoch - 1, len(state.running))
        return False
