"""What a report shows of a sweep, as sweep.json has it, checked: a run directory may have been written by anyone."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from onelayer.errors import InputError, printable

__all__ = ["SweepAxis", "SweepCurve", "SweepFigures", "SweepTrial", "SweepTrials", "Value"]

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Value = bool | int | float | str | None


class _Checked(BaseModel):
    # Keys that a report does not show are no error: sweep.json may grow.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class SweepAxis(_Checked):
    """A parameter, the values tried, and how they lie."""

    name: Name
    values: Annotated[list[Value], Field(min_length=1)]
    scale: Literal["log", "lin", "list"]

    @model_validator(mode="after")
    def _numbers_have_a_scale(self) -> Self:
        if self.scale != "list" and not self.has_numbers:
            raise ValueError(f"values on a {self.scale} scale must be numbers")
        if self.scale == "log" and any(isinstance(value, int | float) and value <= 0 for value in self.values):
            raise ValueError("values on a log scale must be above 0")
        return self

    @property
    def has_numbers(self) -> bool:
        """Whether all values are numbers, so that something lies between them."""
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    def place(self, value: Value) -> float:
        """Return where a value lies on the axis of a figure: at itself, or evenly where it is one of a list."""
        if self.scale == "list" or value is None:
            return float(self.values.index(value))
        return float(value)


class SweepTrial(_Checked):
    """One combination of values and its figures; None where it diverged."""

    values: dict[Name, Value]
    status: str
    epochs: Count
    validation_loss: float | None
    validation_accuracy: Share | None
    accuracy_interval: tuple[Share, Share] | None
    standard_error: Annotated[float, Field(ge=0)] | None


class SweepCurve(_Checked):
    """The validation accuracy of a trial after so many epochs."""

    epochs: list[Annotated[float, Field(ge=0, lt=2**53)]] = []
    accuracy: list[Share] = []

    @model_validator(mode="after")
    def _columns_are_as_long(self) -> Self:
        if len(self.epochs) != len(self.accuracy):
            raise ValueError("a curve has more of the one than of the other")
        return self


class SweepTrials(_Checked):
    """A sweep, whole or interrupted: its grid and the trials that were begun."""

    axes: Annotated[list[SweepAxis], Field(min_length=1)]
    trials: Annotated[list[SweepTrial], Field(min_length=1)]
    n_folds: Annotated[int, Field(ge=1, lt=2**53)]
    passes: Count
    seconds: Annotated[float, Field(ge=0, lt=1e12)]

    @model_validator(mode="after")
    def _trials_are_of_the_grid(self) -> Self:
        names = {axis.name for axis in self.axes}
        for trial in self.trials:
            if set(trial.values) != names or any(trial.values[a.name] not in a.values for a in self.axes):
                raise ValueError("a trial has values that are not those of the axes")
        return self

    @classmethod
    def check(cls, table: Mapping[str, Any]) -> Self:
        """Return the figures in ``table``.

        Raises
        ------
        InputError
            Something is missing, of the wrong type or out of range: one line that names the place.

        Examples
        --------
        >>> SweepTrials.check({"axes": []})
        Traceback (most recent call last):
        ...
        onelayer.errors.InputError: sweep: axes: List should have at least 1 item after validation, not 0
        """
        try:
            return cls.model_validate(dict(table))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(map(str, first["loc"]))
            message = first["msg"].removeprefix("Value error, ")
            raise InputError(printable(": ".join(filter(None, ("sweep", place, message))))) from error

    @property
    def n_planned(self) -> int:
        """Number of combinations in the grid."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def n_finished(self) -> int:
        """Number of trials that were trained to their end."""
        return sum(trial.status != "interrupted" for trial in self.trials)

    def notes(self, trial: SweepTrial) -> list[str]:
        """Return what a table says of a trial beside its figures."""
        return [trial.status] if trial.status != "finished" else []


class SweepFigures(SweepTrials):
    """A whole sweep: the trials, the chosen one and the simplest within one standard error of it.

    ``curves`` has one for each trial, or there are none.
    """

    chosen: SweepTrial
    one_se: SweepTrial
    n_models: Count
    n_diverged: Count
    curves: list[SweepCurve] = []

    @model_validator(mode="after")
    def _choices_are_trials(self) -> Self:
        if self.chosen.validation_accuracy is None or self.one_se.validation_accuracy is None:
            raise ValueError("a chosen trial has no accuracy")
        if self.chosen not in self.trials or self.one_se not in self.trials:
            raise ValueError("a chosen trial is not among the trials")
        if len(self.curves) not in (0, len(self.trials)):
            raise ValueError("there are not as many curves as trials")
        return self

    def notes(self, trial: SweepTrial) -> list[str]:
        """Return what a table says of a trial beside its figures: whether it was chosen, too."""
        choices = {"chosen": self.chosen, "one standard error": self.one_se}
        return [*(name for name, one in choices.items() if one.values == trial.values), *super().notes(trial)]

    def curve_of(self, trial: SweepTrial) -> SweepCurve:
        """Return the curve of a trial, where there are curves."""
        return self.curves[self.trials.index(trial)]

    def axis(self, name: str) -> SweepAxis:
        """Return the axis of a parameter."""
        return next(axis for axis in self.axes if axis.name == name)

    def best_by_value(self, axis: SweepAxis) -> list[SweepTrial | None]:
        """Return, for each value of an axis, the most accurate trial with it; None where all diverged."""
        return [
            max(
                (t for t in self.trials if t.values[axis.name] == value and t.validation_accuracy is not None),
                key=lambda trial: (trial.validation_accuracy, -(trial.validation_loss or 0.0)),
                default=None,
            )
            for value in axis.values
        ]
