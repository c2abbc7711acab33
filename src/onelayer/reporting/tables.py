"""The words and numbers of a report, as text: what stands in its headline and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onelayer.errors import printable
from onelayer.reporting.data import ReportData

__all__ = ["Headline", "figure_rows", "flat_rows", "headline", "split_rows", "summary"]

_SPLIT_TITLES = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True)
class Headline:
    """The one number of a run, and what to compare it with.

    Parameters
    ----------
    label, value, interval : str
    comparisons : list of (str, str)
    """

    label: str
    value: str
    interval: str
    comparisons: list[tuple[str, str]]


def headline(data: ReportData) -> Headline | None:
    """Return the accuracy on the split furthest from training, beside majority class and chance.

    Examples
    --------
    >>> test = {"loss": 0.2, "accuracy": 0.95, "accuracy_interval": [0.9, 0.98], "n": 120}
    >>> found = headline(ReportData("t", {}, {"test": test}, {}, ["a", "b"]))
    >>> found.label, found.value, found.interval
    ('Test accuracy', '95.0%', '95% interval 90.0% to 98.0%, 120 rows')
    >>> found.comparisons
    [('Chance', '50.0%')]
    """
    splits = data.figures.splits
    if not splits:
        return None
    name, figures = list(splits.items())[-1]
    lower, upper = figures.accuracy_interval
    comparisons = [("Chance", f"{1 / max(len(data.class_names), 1):.1%}")]
    if data.majority_share is not None:
        comparisons.insert(0, ("Majority class", f"{data.majority_share:.1%}"))
    return Headline(
        f"{_SPLIT_TITLES[name]} accuracy",
        f"{figures.accuracy:.1%}",
        f"95% interval {lower:.1%} to {upper:.1%}, {figures.n:,} rows",
        comparisons,
    )


def summary(data: ReportData) -> str:
    """Return one line on the run: data set, classes, loss, length.

    Examples
    --------
    >>> summary(ReportData("t", {}, {"loss": "hinge", "epochs": 50, "seconds": 1.25}, {}, ["a", "b"]))
    '2 classes · hinge loss · 50 epochs · 1.2 s'
    """
    figures = data.figures
    parts = [
        printable(figures.dataset or ""),
        f"{len(data.class_names)} classes",
        f"{printable(figures.loss)} loss" if figures.loss else "",
        f"{figures.epochs:,} epochs" if figures.epochs is not None else "",
        f"{figures.steps:,} steps" if figures.steps is not None else "",
        f"stopped early in epoch {figures.stopped_epoch:,}" if figures.stopped_epoch is not None else "",
        f"{figures.seconds:,.1f} s" if figures.seconds is not None else "",
    ]
    return " · ".join(part for part in parts if part)


def split_rows(data: ReportData) -> list[tuple[str, ...]]:
    """Return a row for each split: name, rows, accuracy, its interval, loss.

    Examples
    --------
    >>> test = {"loss": 0.25, "accuracy": 0.95, "accuracy_interval": [0.9, 0.98], "n": 120}
    >>> split_rows(ReportData("t", {}, {"test": test}, {}, ["a", "b"]))
    [('Test', '120', '95.00%', '90.00–98.00%', '0.25')]
    """
    return [
        (
            _SPLIT_TITLES[name],
            f"{figures.n:,}",
            f"{figures.accuracy:.2%}",
            "{:.2f}–{:.2f}%".format(*(100 * end for end in figures.accuracy_interval)),
            "not finite" if figures.loss is None else f"{figures.loss:.4g}",
        )
        for name, figures in data.figures.splits.items()
    ]


def figure_rows(data: ReportData) -> list[tuple[str, str]]:
    """Return the test split's other figures of merit, or why there are none.

    Examples
    --------
    >>> metrics = {"evaluation": {"balanced_accuracy": 0.5, "no_probabilities": "hinge gives no probabilities"}}
    >>> figure_rows(ReportData("t", {}, metrics, {}, ["a", "b"]))
    [('Balanced accuracy', '50.00%'), ('Log loss and calibration', 'left out: hinge gives no probabilities')]
    """
    found = data.figures.evaluation
    rows = []
    if found.balanced_accuracy is not None:
        rows.append(("Balanced accuracy", f"{found.balanced_accuracy:.2%}"))
    rows += [(f"Top-{k} accuracy", f"{share:.2%}") for k, share in sorted(found.top_k_accuracy.items())]
    if found.log_loss is not None:
        rows.append(("Log loss, nats", f"{found.log_loss:.4g}"))
    if found.calibration is not None:
        rows.append(("Expected calibration error", f"{found.calibration.expected_calibration_error:.2%}"))
    if found.no_probabilities is not None:
        rows.append(("Log loss and calibration", f"left out: {printable(found.no_probabilities)}"))
    return rows


def flat_rows(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a nested table as dotted keys with their values as text.

    Examples
    --------
    >>> flat_rows({"loss": "softmax", "versions": {"numpy": "2.4"}, "shape": [8, 8], "seed": None, "shuffle": True})
    [('loss', 'softmax'), ('versions.numpy', '2.4'), ('shape', '8, 8'), ('seed', 'none'), ('shuffle', 'true')]
    """
    return [(printable(key), printable(text)) for key, text in _flat("", table)]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), entry)
    elif isinstance(value, list | tuple) and any(isinstance(entry, Mapping) for entry in value):
        for place, entry in enumerate(value, start=1):
            yield from _flat(f"{prefix}.{place}", entry)
    elif isinstance(value, list | tuple):
        yield prefix, ", ".join(map(_one, value)) or "none"
    else:
        yield prefix, _one(value)


def _one(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
