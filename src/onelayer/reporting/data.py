"""What one report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from onelayer.errors import InputError
from onelayer.reporting.figures_of_merit import RunFigures
from onelayer.reporting.predictions import Predictions
from onelayer.reporting.sweep_data import SweepFigures

__all__ = ["ReportData"]


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that one report shows.

    Parameters
    ----------
    title : str
    config : mapping
        The resolved configuration.
    metrics : mapping
        As metrics.json: ``dataset``, ``loss``, ``epochs``, ``stopped_epoch``, ``steps``, ``seconds``; ``train``,
        ``validation`` and ``test``, each with ``loss``, ``accuracy``, ``accuracy_interval`` and ``n``; ``evaluation``
        of the split ``evaluated_on`` (the test split by default), as
        :meth:`onelayer.evaluation.Evaluation.to_dict`. All may be missing.
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
    sweep : SweepFigures or None
        The sweep that chose the parameters, if one did.
    predictions : Predictions or None
        What was decided on each evaluated row.
    command : str or None
        What repeats the run, for a shell.
    absent : mapping of str to str
        Why there are none of ``weights``, ``images``.

    Attributes
    ----------
    figures : RunFigures
        The metrics, checked.

    Raises
    ------
    InputError
        Metrics or weights are not what they should be.

    Examples
    --------
    >>> ReportData("digits", {}, {"epochs": 50}, {}, ["0", "1"]).figures.epochs
    50
    """

    title: str
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    history: Mapping[str, npt.NDArray[Any]]
    class_names: Sequence[str]
    weight_images: npt.NDArray[Any] | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    majority_share: float | None = None
    sweep: SweepFigures | None = None
    predictions: Predictions | None = None
    command: str | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    figures: RunFigures = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "figures", RunFigures.check(self.metrics))
        k = len(self.class_names)
        confusion = self.figures.evaluation.confusion
        if confusion is not None and {len(confusion), *map(len, confusion)} != {k}:
            raise InputError(f"metrics: evaluation.confusion is not {k} rows of {k} counts, one for each class")
        if self.weight_images is not None and len(self.weight_images) not in ({1, 2} if k == 2 else {k}):
            raise InputError(f"there are {len(self.weight_images)} weight pictures for {k} classes")
        self._check_parts(k)
        totals = np.zeros(k) if self.confusion is None else self.confusion.sum(axis=1)
        if self.majority_share is None and totals.any():
            object.__setattr__(self, "majority_share", float(totals.max() / totals.sum()))

    def _check_parts(self, k: int) -> None:
        """Raise InputError unless predictions and class counts are of k classes, and the predictions those counted."""
        parts = {} if self.figures.data is None else self.figures.data.parts
        for name, part in parts.items():
            if len(part.class_counts) != k:
                raise InputError(f"metrics: data.parts.{name}.class_counts has not one count for each of {k} classes")
        if self.predictions is None:
            return
        if self.predictions.n_classes != k:
            raise InputError(f"predictions are of {self.predictions.n_classes} classes, not {k}")
        if self.confusion is not None and not np.array_equal(self.predictions.confusion(), self.confusion):
            raise InputError("predictions are not those that the confusion matrix counts")

    @property
    def confusion(self) -> npt.NDArray[np.int64] | None:
        """The confusion matrix (k, k) of the evaluated rows, true classes in rows; None where there is none."""
        counts = self.figures.evaluation.confusion
        return None if counts is None else np.array(counts, dtype=np.int64)
