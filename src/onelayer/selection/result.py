"""What a sweep found: every trial, the one that was chosen, and the simplest that is not clearly worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod, sqrt
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from onelayer.errors import DivergenceError, InputError
from onelayer.evaluation.intervals import wilson_interval
from onelayer.selection.curve import Curve, Validation, mean_curve
from onelayer.solvers import Status
from onelayer.storage.records import Count, Number, Seconds, Share, read_record
from onelayer.training.parameters import TrainingParameters

__all__ = ["FoldFigures", "SweepResult", "SweptAxis", "Trial", "best_trial", "simplest_trial", "summarize"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Value = bool | Annotated[int, Field(gt=-(2**53), lt=2**53)] | Annotated[float, Field(allow_inf_nan=False)] | str | None
Scale = Literal["log", "lin", "list"]

_MOST_POINTS = 100_000  # of all curves of a sweep as plain values: some megabytes


@dataclass(frozen=True)
class SweptAxis:
    """A parameter and the values that were tried: evenly by their logarithm, evenly, or as single choices."""

    name: Name
    values: Annotated[tuple[Value, ...], Field(min_length=1)]
    scale: Scale = "list"

    @property
    def has_numbers(self) -> bool:
        """Whether all values are numbers, so that something lies between them."""
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)


@dataclass(frozen=True)
class FoldFigures:
    """One model on the rows it was validated on: loss without penalty, accuracy, number of rows, and how it ended.

    ``epochs`` counts what it went through; ``kept_epoch`` (from 0) is the one whose weights were kept. Loss, accuracy
    and ``kept_epoch`` are None where it diverged. ``validations`` are all of them, in their order.
    """

    status: str
    epochs: Count
    kept_epoch: Count | None
    loss: Number
    accuracy: Share | None
    n: Count
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
    epochs : int
        The most that a model of it went through.
    validation_loss, validation_accuracy : float or None
        Means over folds.
    accuracy_interval : (float, float) or None
        95% Wilson interval of the share of all validated rows that were decided rightly.
    standard_error : float or None
        Of the accuracy: over folds the deviation (of a sample) over the root of their number; for a single part the
        binomial one.
    folds : tuple of FoldFigures
        One where there is a single validation part; those that were begun where the sweep was interrupted.
    curve : Curve
        Its learning curve, the mean over folds.
    """

    values: Mapping[Name, Any]
    status: str
    epochs: Count
    validation_loss: Number
    validation_accuracy: Share | None
    accuracy_interval: tuple[Share, Share] | None
    standard_error: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    folds: tuple[FoldFigures, ...] = ()
    curve: Curve = field(default_factory=Curve)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, without the curve."""
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
    axes : tuple of SweptAxis
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

    axes: tuple[SweptAxis, ...]
    trials: tuple[Trial, ...]
    chosen: Trial | None
    one_se: Trial | None
    n_folds: Annotated[int, Field(ge=1, lt=2**53)]
    passes: Count
    seconds: Seconds

    @classmethod
    def check(cls, table: Mapping[str, Any]) -> Self:
        """Return the result that sweep.json holds; anyone may have written it.

        Raises
        ------
        InputError
            Something is missing, of the wrong type or out of range: one line that names the place.

        Examples
        --------
        >>> SweepResult.check({"axes": []})
        Traceback (most recent call last):
        ...
        onelayer.errors.InputError: sweep: axes: Tuple should have at least 1 item after validation, not 0
        """
        found = read_record(_Table, table, "sweep")
        _check_table(found)
        curves = found.curves or (Curve(),) * len(found.trials)
        trials = tuple(replace(trial, curve=curve) for trial, curve in zip(found.trials, curves, strict=True))
        chosen, one_se = (
            None if one is None else trials[found.trials.index(one)] for one in (found.chosen, found.one_se)
        )
        return cls(found.axes, trials, chosen, one_se, found.n_folds, found.passes, found.seconds)

    @property
    def choices(self) -> tuple[Trial, Trial]:
        """The chosen trial, and the simplest within one standard error of it.

        Raises
        ------
        InputError
            Nothing was chosen.
        """
        if self.chosen is None or self.one_se is None:
            raise InputError("the sweep was interrupted: nothing was chosen")
        return self.chosen, self.one_se

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

    def axis(self, name: str) -> SweptAxis:
        """Return the axis of a parameter."""
        return next(axis for axis in self.axes if axis.name == name)

    def best_by_value(self, axis: SweptAxis) -> list[Trial | None]:
        """Return, for each value of an axis, the most accurate trial with it; None where all diverged."""
        with_value = ([trial for trial in self.trials if trial.values[axis.name] == value] for value in axis.values)
        return [
            min((trial for trial in trials if trial.validation_accuracy is not None), key=_cost, default=None)
            for trials in with_value
        ]

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


@dataclass(frozen=True)
class _Table:
    """What sweep.json holds; ``curves`` has one for each trial, or there are none."""

    axes: Annotated[tuple[SweptAxis, ...], Field(min_length=1)]
    trials: Annotated[tuple[Trial, ...], Field(min_length=1)]
    n_folds: Annotated[int, Field(ge=1, lt=2**53)]
    passes: Count
    seconds: Seconds
    chosen: Trial | None
    one_se: Trial | None
    curves: tuple[Curve, ...] = ()


def _check_table(table: _Table) -> None:
    """Raise InputError unless the parts of a table fit each other."""
    names = {axis.name for axis in table.axes}
    for axis in table.axes:
        if axis.scale != "list" and not axis.has_numbers:
            raise InputError(f"sweep: values on a {axis.scale} scale must be numbers")
        if axis.scale == "log" and any(isinstance(value, int | float) and value <= 0 for value in axis.values):
            raise InputError("sweep: values on a log scale must be above 0")
    for trial in table.trials:
        if set(trial.values) != names or any(trial.values[axis.name] not in axis.values for axis in table.axes):
            raise InputError("sweep: a trial has values that are not those of the axes")
    if (table.chosen is None) != (table.one_se is None):
        raise InputError("sweep: chosen and one_se must both be there, or neither")
    for choice in (table.chosen, table.one_se):
        if choice is not None and choice.validation_accuracy is None:
            raise InputError("sweep: a chosen trial has no accuracy")
        if choice is not None and choice not in table.trials:
            raise InputError("sweep: a chosen trial is not among the trials")
    if len(table.curves) not in (0, len(table.trials)):
        raise InputError("sweep: there are not as many curves as trials")
    if any(len(curve.epochs) != len(curve.accuracy) for curve in table.curves):
        raise InputError("sweep: a curve has more of the one than of the other")


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
    endings, epochs = {fold.status for fold in folds}, max(fold.epochs for fold in folds)
    curve = mean_curve([fold.validations for fold in folds])
    if str(Status.DIVERGED) in endings:
        return Trial(values, str(Status.DIVERGED), epochs, None, None, None, None, tuple(folds), curve)
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
    return Trial(values, status, epochs, sum(losses) / len(folds), accuracy, interval, error, tuple(folds), curve)


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
