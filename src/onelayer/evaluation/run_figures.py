"""The figures of a run: what ``metrics.json`` holds, ``--json`` prints and a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from onelayer.evaluation.classification import Evaluation
from onelayer.evaluation.decisions import Judged
from onelayer.evaluation.intervals import wilson_interval
from onelayer.storage.plain import plain
from onelayer.storage.records import Count, Number, Seconds, Share, finite, read_record

__all__ = ["DataFigures", "DataPart", "LeftOutFigures", "PartFigures", "PartName", "RunFigures"]

PartName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class PartFigures:
    """Figures of one part: mean loss without penalty (None if not finite), accuracy, its 95% interval, rows."""

    loss: Number
    accuracy: Share
    accuracy_interval: tuple[Share, Share]
    n: Count

    @classmethod
    def of(cls, judged: Judged) -> Self:
        """Return the figures of a model that was judged by its scores."""
        n, hits = len(judged.labels), int(judged.correct.sum())
        lower, upper = wilson_interval(hits, n)
        return cls(finite(judged.mean_loss), hits / n, (float(lower), float(upper)), n)


@dataclass(frozen=True)
class DataPart:
    """A part of a data set: what its content is known by, and its rows of each class."""

    fingerprint: str
    class_counts: list[Count]


@dataclass(frozen=True)
class LeftOutFigures:
    """How many files and folders were not read for one reason, and the first names of them."""

    reason: str
    count: Count
    names: list[str]


@dataclass(frozen=True)
class DataFigures:
    """Where the data is from, what its parts are, and how it was read.

    ``official`` is None where that can't be known. ``files`` says which files became which part, ``division`` which
    parts were drawn by chance, ``notes`` what was decided in reading.
    """

    name: str
    source: str = ""
    official: bool | None = None
    image_shape: tuple[Count, Count, Count] | None = None
    parts: dict[PartName, DataPart] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    division: str = ""
    left_out: list[LeftOutFigures] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RunFigures:
    """The figures of a run; None where there is no such figure or part.

    Attributes
    ----------
    dataset, loss : str or None
    epochs, steps : int or None
    stopped_epoch : int or None
        The epoch, from 0, in which early stopping ended training.
    seconds : float or None
    train, validation, test : PartFigures or None
    evaluated_on : {"train", "validation", "test"}
        The part that ``evaluation`` is of.
    evaluation : Evaluation
    data : DataFigures or None
    """

    dataset: str | None = None
    loss: str | None = None
    epochs: Count | None = None
    stopped_epoch: Count | None = None
    steps: Count | None = None
    seconds: Seconds | None = None
    train: PartFigures | None = None
    validation: PartFigures | None = None
    test: PartFigures | None = None
    evaluated_on: PartName = "test"
    evaluation: Evaluation = field(default_factory=Evaluation)
    data: DataFigures | None = None

    @classmethod
    def check(cls, metrics: Mapping[str, Any]) -> Self:
        """Return the figures in ``metrics``, which anyone may have written.

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
        return read_record(cls, metrics, "metrics")

    @property
    def parts(self) -> dict[str, PartFigures]:
        """The parts that there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: figures for name, figures in parts.items() if figures is not None}

    def to_dict(self, others: Mapping[str, Any]) -> dict[str, Any]:
        """Return what metrics.json holds; ``others`` are keys that no report shows."""
        lengths = ("dataset", "loss", "epochs", "stopped_epoch", "steps", "seconds")
        parts = {name: plain(asdict(part)) for name, part in self.parts.items()}
        table = {key: getattr(self, key) for key in lengths} | parts | dict(others)
        table["evaluation"] = self.evaluation.to_dict()
        return table if self.data is None else table | {"data": plain(asdict(self.data))}
