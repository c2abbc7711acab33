"""The result in one number, and the figures of each part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from onelayer.errors import printable
from onelayer.features.registry import DEFAULT_FEATURES, in_words
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Content, Table

__all__ = [
    "PART_TITLES",
    "Headline",
    "figure_rows",
    "headline",
    "loss_text",
    "result_content",
    "split_rows",
    "statement",
]

PART_TITLES: Final = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True)
class Headline:
    """The one number of a run, and what to compare it with.

    Parameters
    ----------
    label, value, interval : str
    comparisons : list of (str, str)
    percent, lower, upper : float
        The same as places on a scale from 0 to 100.
    ticks : list of (str, float)
        The comparisons on that scale.
    """

    label: str
    value: str
    interval: str
    comparisons: list[tuple[str, str]]
    percent: float
    lower: float
    upper: float
    ticks: list[tuple[str, float]]


def result_content(data: ReportData) -> Content:
    """Return the headline, and tables of the figures of merit."""
    found, rows = headline(data), split_rows(data)
    heading = ("Part", "Rows", "Accuracy", "95% interval", "Loss")
    return Content(
        "" if found else "The run has no figures of any part of the data.",
        tables=[Table("of-parts", "Figures of each part", heading, rows)] if rows else [],
        values={"headline": found, "figures": figure_rows(data)},
    )


def headline(data: ReportData) -> Headline | None:
    """Return the accuracy on the split furthest from training, beside majority class and chance.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> test = {"loss": 0.2, "accuracy": 0.95, "accuracy_interval": [0.9, 0.98], "n": 120}
    >>> found = headline(ReportData("t", {}, RunFigures.check({"test": test}), {}, ["a", "b"]))
    >>> found.label, found.value, found.interval
    ('Test accuracy', '95.0%', '95% interval 90.0% to 98.0%, 120 rows')
    >>> found.comparisons
    [('Chance', '50.0%')]
    """
    splits = data.figures.parts
    if not splits:
        return None
    name, figures = list(splits.items())[-1]
    lower, upper = figures.accuracy_interval
    compared = [("Chance", 1 / max(len(data.class_names), 1))]
    if data.majority_share is not None:
        compared.insert(0, ("Majority class", data.majority_share))
    return Headline(
        f"{PART_TITLES[name]} accuracy",
        f"{figures.accuracy:.1%}",
        f"95% interval {lower:.1%} to {upper:.1%}, {figures.n:,} rows",
        [(label, f"{share:.1%}") for label, share in compared],
        round(100 * figures.accuracy, 2),
        round(100 * lower, 2),
        round(100 * upper, 2),
        [(label, round(100 * share, 2)) for label, share in compared],
    )


def statement(data: ReportData) -> str:
    """Return in words what was trained on what, and for how long.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> test = {"loss": 0.2, "accuracy": 0.95, "accuracy_interval": [0.9, 0.98], "n": 120}
    >>> metrics = {"dataset": "animals", "loss": "softmax", "train": test | {"n": 900}, "epochs": 50, "seconds": 1.25}
    >>> statement(ReportData("t", {}, RunFigures.check(metrics), {}, ["a", "b"]))
    'A linear classifier with softmax loss, trained on 900 rows of animals in 2 classes, 50 epochs, 1.2 s.'
    """
    figures = data.figures
    loss = f" with {printable(figures.loss).replace('_', ' ')} loss" if figures.loss else ""
    features, lift = str(data.config.get("features", DEFAULT_FEATURES)), data.config.get("lift")
    shape = None if figures.data is None else figures.data.image_shape
    images = f", on {_features_text(in_words(features, lift), shape)}" if shape else ""
    rows = f"{figures.train.n:,} rows" if figures.train else "rows"
    trained = f"trained on {rows} of {printable(figures.dataset or 'a data set')} in {len(data.class_names)} classes"
    length = [
        f"{figures.epochs:,} epochs" if figures.epochs is not None else "",
        f"stopped early in epoch {figures.stopped_epoch:,}" if figures.stopped_epoch is not None else "",
        f"{figures.seconds:,.1f} s" if figures.seconds is not None else "",
    ]
    return ", ".join([f"A linear classifier{loss}{images}", trained, *filter(None, length)]) + "."


def _features_text(words: str, shape: tuple[int, int, int]) -> str:
    height, width, channels = shape
    kind = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    return f"{words} of {height} × {width} {kind} images"


def split_rows(data: ReportData) -> list[tuple[str, ...]]:
    """Return a row for each split: name, rows, accuracy, its interval, loss.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> test = {"loss": 0.25, "accuracy": 0.95, "accuracy_interval": [0.9, 0.98], "n": 120}
    >>> split_rows(ReportData("t", {}, RunFigures.check({"test": test}), {}, ["a", "b"]))
    [('Test', '120', '95.00%', '90.00–98.00%', '0.2500')]
    """
    return [
        (
            PART_TITLES[name],
            f"{figures.n:,}",
            f"{figures.accuracy:.2%}",
            "{:.2f}–{:.2f}%".format(*(100 * end for end in figures.accuracy_interval)),
            loss_text(figures.loss, "not finite"),
        )
        for name, figures in data.figures.parts.items()
    ]


def figure_rows(data: ReportData) -> list[tuple[str, str]]:
    """Return the test split's other figures of merit, or why there are none.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> metrics = {"evaluation": {"balanced_accuracy": 0.5, "no_probabilities": "hinge gives no probabilities"}}
    >>> figure_rows(ReportData("t", {}, RunFigures.check(metrics), {}, ["a", "b"]))
    [('Balanced accuracy', '50.00%'), ('Log loss and calibration', 'left out: hinge gives no probabilities')]
    """
    found = data.figures.evaluation
    rows = []
    if found.balanced_accuracy is not None:
        rows.append(("Balanced accuracy", f"{found.balanced_accuracy:.2%}"))
    rows += [(f"Top-{k} accuracy", f"{share:.2%}") for k, share in sorted((found.top_k_accuracy or {}).items())]
    if found.calibration is not None:
        rows.append(("Log loss, nats", loss_text(found.log_loss, "infinite: a true class has probability 0")))
        rows.append(("Expected calibration error", f"{found.calibration.expected_calibration_error:.2%}"))
    if found.no_probabilities is not None:
        rows.append(("Log loss and calibration", f"left out: {printable(found.no_probabilities)}"))
    return rows


def loss_text(loss: float | None, absent: str = "–") -> str:
    """Return a loss with four decimals, so that those of a column stand under each other.

    Examples
    --------
    >>> loss_text(0.25), loss_text(123456.7), loss_text(None)
    ('0.2500', '1.235e+05', '–')
    """
    if loss is None:
        return absent
    return f"{loss:.4f}" if abs(loss) < 1e4 else f"{loss:.4g}"
