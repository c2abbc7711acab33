"""Training m models at once: they share rows, order and batch size, and each ends as it would alone.

One pass over the data serves all of them, so gathering and scaling rows is paid once, and the scores of m models are
one matrix product. Each has its own learning rates, momentum, l2, start, row weights and number of epochs, and keeps
its own best weights. A model that diverges, stops early or has had its epochs leaves the pass; the others go on without
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from onelayer.arrays import Array
from onelayer.models.linear import LinearParameters
from onelayer.penalties import L2
from onelayer.solvers.sgd import SGD, SGDState
from onelayer.solvers.status import Status
from onelayer.threads import limited_threads, threads_for
from onelayer.training.early_stopping import Monitor
from onelayer.training.epochs import Flips, Orders, count_steps, validation_steps
from onelayer.training.loop import Problem
from onelayer.training.parameters import TrainingParameters
from onelayer.training.schedules import learning_rates
from onelayer.training.validation import Part, total_sums

__all__ = ["TrainedModel", "Validation", "train_together"]


@dataclass(frozen=True)
class Validation:
    """Loss (without penalty) and accuracy of one model on the validation rows, after an epoch (from 0) or within it.

    ``epochs`` is how many it had gone through by then, with the part of the last.
    """

    epoch: int
    epochs: float
    loss: float
    accuracy: float


@dataclass
class TrainedModel:
    """One of m models, and what became of it.

    Attributes
    ----------
    parameters : TrainingParameters
    status : Status
        ``finished``, ``stopped early``, ``diverged`` or ``interrupted``.
    epochs, steps : int
        How many it went through, counting an epoch that was stopped early.
    validations : list of Validation
    best : int or None
        Which of them was the best by ``monitor``.
    kept : LinearParameters or None
        What ``keep`` asks for: the weights of the best validation, or the last; None if it diverged.
    """

    parameters: TrainingParameters
    status: Status = Status.RUNNING
    epochs: int = 0
    steps: int = 0
    validations: list[Validation] = field(default_factory=list)
    best: int | None = None
    kept: LinearParameters | None = None

    @property
    def validation(self) -> Validation | None:
        """The validation of the kept weights; None where nothing was validated."""
        if not self.validations:
            return None
        return self.validations[-1 if self.best is None or self.parameters.keep == "last" else self.best]


def train_together(
    problem: Problem,
    models: Sequence[TrainingParameters],
    seed: int,
    starts: Sequence[LinearParameters],
    on_epoch_end: Callable[[int, int], None] = lambda epoch, running: None,
    *,
    stopping: Callable[[], bool] = lambda: False,
    threads: int = 1,
) -> list[TrainedModel]:
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
    starts : sequence of m LinearParameters
        What each begins with; they stay as they are.
    on_epoch_end : callable
        Told after each epoch (from 0), with the number of models still running.
    stopping : callable
        Asked after each epoch; true ends the pass there, and the models that still ran are ``interrupted``.
    threads : int
        How many may be used.

    Returns
    -------
    list of m TrainedModel

    Raises
    ------
    ConfigError
        If no batch can be made of the rows.
    """
    return _Together(problem, models, seed, starts, threads).run(on_epoch_end, stopping)


class _Together:
    """The pass: ``running`` says which models the arrays ``state`` and the columns of row weights belong to."""

    def __init__(
        self,
        problem: Problem,
        models: Sequence[TrainingParameters],
        seed: int,
        starts: Sequence[LinearParameters],
        threads: int,
    ) -> None:
        self.threads = threads
        self.models = [TrainedModel(parameters) for parameters in models]
        self.monitors = [Monitor(parameters) for parameters in models]
        self.running = np.arange(len(models))
        targets = problem.targets[:, np.newaxis] if problem.targets.ndim == 2 else problem.targets
        self.problem = replace(problem, targets=targets)
        self.shared, rows = models[0], problem.training.rows
        self.steps_per_epoch = count_steps(rows.n, self.shared)
        self.orders, self.flips = Orders(rows.n, self.shared.shuffle, seed), Flips(rows.n, self.shared, seed)
        self.state = SGDState(LinearParameters(*(np.stack(parts) for parts in zip(*starts, strict=True))))
        self._set_solver()

    def run(self, on_epoch_end: Callable[[int, int], None], stopping: Callable[[], bool]) -> list[TrainedModel]:
        epoch = 0
        while len(self.running):
            work = self.shared.batch_size * self.state.parameters.weights.size
            with limited_threads(threads_for(work, self.threads)):
                self._epoch(epoch)
            on_epoch_end(epoch, len(self.running))
            if stopping():
                self._drop(np.full(len(self.running), True), Status.INTERRUPTED, epoch)
            epoch += 1
        return self.models

    def _set_solver(self) -> None:
        """Make objective and solver of the models that are running."""
        parameters = [self.models[j].parameters for j in self.running]
        penalty = L2(np.array([p.l2 for p in parameters]), self.shared.penalize_bias)
        self.objective = replace(self.problem.objective, penalty=penalty)
        momentum = np.array([p.momentum for p in parameters])
        self.solver = SGD(
            self.objective,
            self.shared.batch_size,
            momentum if momentum.any() else 0.0,
            self.shared.fit_intercept,
            self.threads,
        )

    def _epoch(self, epoch: int) -> None:
        rows, order = self.problem.training.rows.with_mirrored(self.flips(epoch)), self.orders(epoch)
        validated: set[int] = set()
        if self.problem.validation is not None:
            validated = set(validation_steps(epoch, self.steps_per_epoch, self.shared.validations_per_epoch))
        first, size = 0, self.shared.batch_size
        for end in sorted({step + 1 for step in validated} | {self.steps_per_epoch}):
            rates = self._rates(epoch)[first:end]
            part = order[first * size : end * size]
            training = self.problem.training
            losses = self.solver.run(self.state, rows, self.problem.targets, training.weights, part, rates)
            self._drop_diverged(losses, epoch)
            if end - 1 in validated and len(self.running):
                self._validate(epoch)
            if not len(self.running):
                return
            first = end
        finished = np.array([self.models[j].parameters.max_epochs <= epoch + 1 for j in self.running])
        self._drop(finished, Status.FINISHED, epoch)

    def _rates(self, epoch: int) -> Array:
        """Return the learning rates of an epoch, ``(steps, m)``."""
        columns = [learning_rates(self.models[j].parameters, epoch, self.steps_per_epoch) for j in self.running]
        return np.stack(columns, axis=1)

    def _validate(self, epoch: int) -> None:
        part, improved, exhausted = self.problem.validation, [], []
        epochs = self.state.step / self.steps_per_epoch
        assert part is not None  # noqa: S101 (there are validated steps)
        (sums,) = total_sums(self.objective, self.state.parameters, [part], self.threads)
        for place, j in enumerate(self.running):
            model, monitor = self.models[j], self.monitors[j]
            found = Validation(epoch, epochs, float(sums.mean_loss[place]), float(sums.accuracy[place]))
            model.validations.append(found)
            if monitor.update(found.accuracy if model.parameters.monitor == "validation_accuracy" else found.loss):
                model.best = len(model.validations) - 1
                if model.parameters.keep == "best":
                    improved.append(place)
            exhausted.append(monitor.exhausted)
        for place in improved:
            self.models[self.running[place]].kept = self._weights_of(place)
        self._drop(np.array(exhausted), Status.STOPPED_EARLY, epoch)

    def _drop_diverged(self, losses: Array, epoch: int) -> None:
        weights, intercepts = self.state.parameters
        finite = [np.isfinite(losses).all(axis=0), np.isfinite(intercepts).all(axis=1)]
        finite.append(np.isfinite(weights).all(axis=(1, 2)))
        self._drop(~np.all(finite, axis=0), Status.DIVERGED, epoch)

    def _drop(self, leaving: Array, status: Status, epoch: int) -> None:
        """Let the models marked in ``leaving`` end with ``status``, and take them out of the arrays."""
        if not leaving.any():
            return
        for place in np.flatnonzero(leaving):
            model = self.models[self.running[place]]
            model.status, model.epochs, model.steps = status, epoch + 1, self.state.step
            if status is Status.DIVERGED:
                model.kept = None
            elif model.kept is None:
                model.kept = self._weights_of(int(place))
        stay = ~leaving
        self.running = self.running[stay]
        state = self.state
        state.parameters = LinearParameters(*(part[stay] for part in state.parameters))
        if state.velocity is not None:
            state.velocity = LinearParameters(*(part[stay] for part in state.velocity))
        validation = self.problem.validation
        self.problem = replace(
            self.problem,
            training=_columns(self.problem.training, stay),
            validation=None if validation is None else _columns(validation, stay),
        )
        if len(self.running):
            self._set_solver()

    def _weights_of(self, place: int) -> LinearParameters:
        return LinearParameters(*(part[place].copy() for part in self.state.parameters))


def _columns(part: Part, stay: Array) -> Part:
    """Return a part with the row weights of the models that stay."""
    if part.weights is None or part.weights.ndim == 1:
        return part
    return replace(part, weights=part.weights[:, stay])
