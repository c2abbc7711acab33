"""The figures of a run as metrics.json has them, checked: a run directory may have been written by anyone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onelayer.errors import InputError, printable

__all__ = ["EvaluationFigures", "RunFigures", "SplitFigures"]

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, lt=2**53)]


class _Checked(BaseModel):
    # Keys that a report does not show are no error: metrics.json may grow.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class SplitFigures(_Checked):
    """Figures of one split: mean loss without penalty (None where it is not finite), accuracy, its interval, rows."""

    loss: float | None
    accuracy: Share
    accuracy_interval: tuple[Share, Share]
    n: Count


class BinFigures(_Checked):
    """Rows of about one confidence: their number, mean confidence and accuracy (None where there are none)."""

    count: Count
    confidence: Share | None = None
    accuracy: Share | None = None


class CalibrationFigures(_Checked):
    """What a report shows of a calibration."""

    expected_calibration_error: Share
    bins: list[BinFigures] = []


class ClassFigures(_Checked):
    """Figures of one class; None where they are 0/0."""

    precision: Share | None = None
    recall: Share | None = None
    f1: Share | None = None
    support: Count = 0


class PartFigures(_Checked):
    """A part of the data set: what its content is known by, and its rows of each class."""

    fingerprint: str
    class_counts: list[Count]


class DataFigures(_Checked):
    """Where the data is from, and what its parts are; ``official`` is None where that can't be known."""

    name: str
    source: str = ""
    official: bool | None = None
    image_shape: tuple[Count, Count, Count] | None = None
    parts: dict[Literal["train", "validation", "test"], PartFigures] = {}


class EvaluationFigures(_Checked):
    """What a report shows of :meth:`onelayer.evaluation.Evaluation.to_dict`."""

    balanced_accuracy: Share | None = None
    confusion: list[list[Count]] | None = None
    classes: list[ClassFigures] = []
    top_k_accuracy: dict[int, Share] = {}
    log_loss: float | None = None
    calibration: CalibrationFigures | None = None
    no_probabilities: str | None = None


class RunFigures(_Checked):
    """The figures of a run; None where there is no such figure or split."""

    dataset: str | None = None
    loss: str | None = None
    epochs: Count | None = None
    stopped_epoch: Count | None = None
    steps: Count | None = None
    seconds: Annotated[float, Field(ge=0, lt=1e12)] | None = None
    train: SplitFigures | None = None
    validation: SplitFigures | None = None
    test: SplitFigures | None = None
    evaluated_on: Literal["train", "validation", "test"] = "test"
    evaluation: EvaluationFigures = EvaluationFigures()
    data: DataFigures | None = None

    @classmethod
    def check(cls, metrics: Mapping[str, Any]) -> Self:
        """Return the figures in ``metrics``.

        Raises
        ------
        InputError
            Something is missing, of the wrong type or out of range: one line that names the place.

        Examples
        --------
        >>> RunFigures.check({"test": {"loss": 0.2, "accuracy": 1.2, "accuracy_interval": [0.8, 1.0], "n": 9}})
        Traceback (most recent call last):
        ...
        onelayer.errors.InputError: metrics: test.accuracy: Input should be less than or equal to 1
        """
        try:
            return cls.model_validate(dict(metrics))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = printable(".".join(map(str, first["loc"])))
            raise InputError(f"metrics: {place}: {printable(first['msg'])}") from error

    @property
    def splits(self) -> dict[str, SplitFigures]:
        """The splits that there are, by name."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: figures for name, figures in splits.items() if figures is not None}
