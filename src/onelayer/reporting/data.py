"""What one report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onelayer.arrays import Array
from onelayer.errors import InputError
from onelayer.evaluation import Confusion, RunFigures
from onelayer.reporting.predictions import Predictions
from onelayer.reporting.shown import shown_classes
from onelayer.selection import SweepResult

__all__ = ["ReportData"]


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that one report shows.

    Parameters
    ----------
    title : str
    config : mapping
        The resolved configuration.
    figures : RunFigures
        ``evaluation`` is of the part ``evaluated_on``.
    history : mapping of str to ndarray of shape (s,)
        Per step ``step``, ``epoch``, ``batch_loss``; per validation ``validation_step``, ``validation_loss``, ….
    class_names : sequence of str, of length k
    weight_images : ndarray of shape (k, h, w, c), or (1, h, w, c) for two classes, or None
        None where the features are not pixels.
    environment : mapping
        As :func:`onelayer.storage.environment.describe_environment`.
    majority_share : float or None
        Share of the largest class among the evaluated rows, 0 to 1; by default that of the confusion matrix, if there
        is one.
    sweep : SweepResult or None
        The sweep that chose the parameters, if one did.
    predictions : Predictions or None
        What was decided on each evaluated row.
    command : str or None
        What repeats the run, for a shell.
    absent : mapping of str to str
        Why there are none of ``weights``, ``images``.

    Attributes
    ----------
    confusion : Confusion or None
        Of the evaluated rows: as the evaluation has it, or of more classes than it has it of, as the predictions have.

    Raises
    ------
    InputError
        The parts don't fit each other.

    Examples
    --------
    >>> ReportData("digits", {}, RunFigures(epochs=50), {}, ["0", "1"]).figures.epochs
    50
    """

    title: str
    config: Mapping[str, Any]
    figures: RunFigures
    history: Mapping[str, Array]
    class_names: Sequence[str]
    weight_images: Array | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    majority_share: float | None = None
    sweep: SweepResult | None = None
    predictions: Predictions | None = None
    command: str | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    confusion: Confusion | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "confusion", self._checked_confusion())
        k, images = len(self.class_names), self.weight_images
        if images is not None and len(images) not in ({1, 2} if k == 2 else {k}):
            raise InputError(f"there are {len(images)} weight pictures for {k} classes")
        if self.majority_share is None and self.confusion is not None and self.confusion.n:
            share = float(self.confusion.supports.max() / self.confusion.n)
            object.__setattr__(self, "majority_share", share)

    @property
    def is_interrupted_sweep(self) -> bool:
        """Whether there is a sweep alone, of which nothing was chosen."""
        return self.sweep is not None and self.sweep.interrupted

    @property
    def shown_classes(self) -> Array:
        """The classes that have pictures of their own, ascending."""
        return shown_classes(len(self.class_names), self.confusion)

    @property
    def which_classes(self) -> str:
        """A sentence on which these are, where they are not all."""
        k, n_shown = len(self.class_names), len(self.shown_classes)
        if n_shown == k:
            return ""
        which = f"the first {n_shown}" if self.confusion is None else f"the {n_shown} that are recognised least often"
        return f"Of {k:,} classes {which}."

    def _checked_confusion(self) -> Confusion | None:
        """Return the counts; raise InputError unless all parts are of k classes, and the predictions those counted."""
        k, counts = len(self.class_names), self.figures.evaluation.confusion
        if counts is not None and counts.n_classes != k:
            raise InputError(f"metrics: evaluation.confusion is not {k} rows of {k} counts, one for each class")
        parts = {} if self.figures.data is None else self.figures.data.parts
        for name, part in parts.items():
            if len(part.class_counts) != k:
                raise InputError(f"metrics: data.parts.{name}.class_counts has not one count for each of {k} classes")
        if self.predictions is None:
            return counts
        decisions = self.predictions.decisions
        if decisions.n_classes != k:
            raise InputError(f"predictions are of {decisions.n_classes} classes, not {k}")
        if counts is not None and decisions.confusion != counts:
            raise InputError("predictions are not those that the confusion matrix counts")
        return decisions.confusion
