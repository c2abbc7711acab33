"""What a sweep found: every trial, the one that was chosen, and the simplest that is not clearly worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any

from onelayer.errors import DivergenceError
from onelayer.evaluation.intervals import wilson_interval
from onelayer.selection.curve import Curve, mean_curve
from onelayer.selection.grid import Axis
from onelayer.selection.simultaneous import Validation
from onelayer.solvers.status import Status
from onelayer.training.parameters import TrainingParameters

__all__ = ["FoldFigures", "SweepResult", "Trial", "best_trial", "simplest_trial", "summarize"]


_MOST_POINTS = 100_000  # of all curves of a sweep as plain values: some megabytes


@dataclass(frozen=True)
class FoldFigures:
    """One model on the rows it was validated on: loss without penalty, accuracy, number of rows, and how it ended.

    ``epochs`` counts what it went through; ``kept_epoch`` (from 0) is the one whose weights were kept. Loss, accuracy
    and ``kept_epoch`` are None where it diverged. ``validations`` are all of them, in their order.
    """

    status: str
    epochs: int
    kept_epoch: int | None
    loss: float | None
    accuracy: float | None
    n: int
    validations: tuple[Validation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return its figures as plain values, without the course of them."""
        return {name: value for name, value in vars(self).items() if name != "validations"}


@dataclass(frozen=True)
class Trial:
    """One combination of values, and how its model did on the validation part, or its models on the folds.

    Attributes
    ----------
    values : mapping of str
        The parameters that the grid varies.
    status : str
        ``finished``, ``stopped early`` (where one fold did), ``interrupted`` (where one fold was, or was not begun; the
        figures are of what had been trained), or ``diverged`` (where one fold did; then there are no figures).
    validation_loss, validation_accuracy : float or None
        Means over folds.
    accuracy_interval : (float, float) or None
        95% Wilson interval of the share of all validated rows that were decided rightly.
    standard_error : float or None
        Of the accuracy: over folds the deviation (of a sample) over the root of their number; for a single part the
        binomial one.
    folds : tuple of FoldFigures
        One where there is a single validation part; those that were begun where the sweep was interrupted.
    """

    values: Mapping[str, Any]
    status: str
    validation_loss: float | None
    validation_accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    standard_error: float | None
    folds: tuple[FoldFigures, ...]

    @property
    def epochs(self) -> int:
        """The most epochs that a model of it went through."""
        return max(fold.epochs for fold in self.folds)

    @property
    def curve(self) -> Curve:
        """Its learning curve, the mean over folds."""
        return mean_curve([fold.validations for fold in self.folds])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "values": dict(self.values),
            "status": self.status,
            "epochs": self.epochs,
            "validation_loss": self.validation_loss,
            "validation_accuracy": self.validation_accuracy,
            "accuracy_interval": None if self.accuracy_interval is None else list(self.accuracy_interval),
            "standard_error": self.standard_error,
            "folds": [fold.to_dict() for fold in self.folds],
        }


@dataclass(frozen=True)
class SweepResult:
    """Every trial of a sweep and what was chosen of them; no test row had a part in it.

    Attributes
    ----------
    axes : tuple of Axis
    trials : tuple of Trial
        In the order of the grid; those that were begun where the sweep was interrupted.
    chosen : Trial or None
        The highest validation accuracy; of equals the lower loss, then the first. None where the sweep was interrupted:
        the best of some trials, partly trained, is not the choice that was asked for.
    one_se : Trial or None
        The simplest whose accuracy is within one standard error of the chosen one's; see :func:`simplest_trial`. None
        where nothing was chosen.
    n_folds : int
        1 for a single validation part.
    passes : int
        Passes over the data in which all of them were trained.
    seconds : float
    """

    axes: tuple[Axis, ...]
    trials: tuple[Trial, ...]
    chosen: Trial | None
    one_se: Trial | None
    n_folds: int
    passes: int
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the sweep."""
        return self.chosen is None

    @property
    def n_planned(self) -> int:
        """Number of combinations in the grid."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def n_tried(self) -> int:
        """Number of combinations that were compared, diverged ones included."""
        return len(self.trials)

    @property
    def n_finished(self) -> int:
        """Number of combinations that were trained to their end, diverged ones included."""
        return sum(trial.status != Status.INTERRUPTED for trial in self.trials)

    @property
    def n_models(self) -> int:
        """Number of models that were trained: one for each combination and fold."""
        return sum(len(trial.folds) for trial in self.trials)

    @property
    def n_diverged(self) -> int:
        """Number of combinations that diverged."""
        return sum(trial.status == Status.DIVERGED for trial in self.trials)

    def summary(self) -> dict[str, Any]:
        """Return what was chosen of how many, as plain values."""
        return {
            "interrupted": self.interrupted,
            "n_planned": self.n_planned,
            "n_tried": self.n_tried,
            "n_finished": self.n_finished,
            "n_models": self.n_models,
            "n_diverged": self.n_diverged,
            "n_folds": self.n_folds,
            "passes": self.passes,
            "seconds": self.seconds,
            "chosen": None if self.chosen is None else self.chosen.to_dict(),
            "one_se": None if self.one_se is None else self.one_se.to_dict(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        axes = [{"name": axis.name, "values": list(axis.values), "scale": axis.scale} for axis in self.axes]
        most = max(2, _MOST_POINTS // max(1, len(self.trials)))
        curves = [trial.curve.thinned(most).to_dict() for trial in self.trials]
        return self.summary() | {"axes": axes, "trials": [trial.to_dict() for trial in self.trials], "curves": curves}


def summarize(values: Mapping[str, Any], folds: Sequence[FoldFigures], n_folds: int = 1) -> Trial:
    """Return the trial that the figures of its folds make.

    Parameters
    ----------
    values : mapping of str
    folds : sequence of FoldFigures
        One at least.
    n_folds : int
        How many there were to be; the trial was interrupted if there are fewer.

    Examples
    --------
    >>> fold = FoldFigures("finished", 10, 9, 0.5, 0.8, 100)
    >>> trial = summarize({"l2": 0.1}, [fold])
    >>> round(trial.standard_error, 6), trial.epochs
    (0.04, 10)
    """
    endings = {fold.status for fold in folds}
    if str(Status.DIVERGED) in endings:
        return Trial(values, str(Status.DIVERGED), None, None, None, None, tuple(folds))
    losses = [fold.loss for fold in folds if fold.loss is not None]
    accuracies = [fold.accuracy for fold in folds if fold.accuracy is not None]
    accuracy = sum(accuracies) / len(folds)
    n = sum(fold.n for fold in folds)
    hits = sum(share * fold.n for share, fold in zip(accuracies, folds, strict=True))
    if len(folds) == 1:
        error = sqrt(accuracy * (1 - accuracy) / n)
    else:
        error = sqrt(sum((share - accuracy) ** 2 for share in accuracies) / (len(folds) - 1) / len(folds))
    low, high = wilson_interval(min(hits, n), n)
    interval = (float(low), float(high))
    status = _status(endings, len(folds) < n_folds)
    return Trial(values, status, sum(losses) / len(folds), accuracy, interval, error, tuple(folds))


def _status(endings: set[str], lacks_folds: bool) -> str:
    """Return how a trial ended whose folds ended so, none of them by divergence."""
    if lacks_folds or str(Status.INTERRUPTED) in endings:
        return str(Status.INTERRUPTED)
    return str(Status.STOPPED_EARLY if str(Status.STOPPED_EARLY) in endings else Status.FINISHED)


def best_trial(trials: Sequence[Trial]) -> Trial:
    """Return the trial of the highest accuracy; of equals that of the lower loss, then the first.

    Raises
    ------
    DivergenceError
        If all of them diverged.
    """
    found = [trial for trial in trials if trial.validation_accuracy is not None]
    if not found:
        raise DivergenceError(
            f"all {len(trials)} models of the sweep diverged: try smaller learning rates, or scaling='standardize'"
        )
    return min(found, key=_cost)


def simplest_trial(trials: Sequence[Trial], parameters: Sequence[TrainingParameters]) -> Trial:
    """Return the simplest trial whose accuracy is within one standard error of the best one's.

    Simpler is, in this order: the larger l2, the larger label smoothing, the fewer epochs, the lower learning rate, the
    lower momentum; of equals the better one. The rule of one standard error is from *Classification and Regression
    Trees* (Breiman, Friedman, Olshen & Stone 1984, section 3.4.3).

    Parameters
    ----------
    trials, parameters : sequences of one length
        Results, and the parameters they were trained with.
    """
    best = best_trial(trials)
    bound = -_cost(best)[0] - (best.standard_error or 0.0)

    def simplicity(place: int) -> tuple[float, ...]:
        p = parameters[place]
        return (-p.l2, -p.label_smoothing, p.max_epochs, p.learning_rate, p.momentum, *_cost(trials[place]))

    near = [place for place, trial in enumerate(trials) if -_cost(trial)[0] >= bound]
    return trials[min(near, key=simplicity)]


def _cost(trial: Trial) -> tuple[float, float]:
    """Return what is least for the best trial."""
    accuracy, loss = trial.validation_accuracy, trial.validation_loss
    return -(accuracy if accuracy is not None else -1.0), loss if loss is not None else float("inf")
