"""The words and numbers of a report, as text: what stands in its headline and its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onelayer.errors import printable
from onelayer.features.registry import DEFAULT_FEATURES, in_words
from onelayer.reporting.data import ReportData

__all__ = [
    "Headline",
    "class_rows",
    "data_rows",
    "figure_rows",
    "flat_rows",
    "headline",
    "loss_text",
    "split_rows",
    "statement",
    "summary",
]

_SPLIT_TITLES = {"train": "Training", "validation": "Validation", "test": "Test"}


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
        f"{_SPLIT_TITLES[name]} accuracy",
        f"{figures.accuracy:.1%}",
        f"95% interval {lower:.1%} to {upper:.1%}, {figures.n:,} rows",
        [(label, f"{share:.1%}") for label, share in compared],
        round(100 * figures.accuracy, 2),
        round(100 * lower, 2),
        round(100 * upper, 2),
        [(label, round(100 * share, 2)) for label, share in compared],
    )


def summary(data: ReportData) -> str:
    """Return one line on the run: data set, classes, loss, length.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> summary(ReportData("t", {}, RunFigures.check({"loss": "hinge", "epochs": 50, "seconds": 1.25}), {}, ["a", "b"]))
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


def class_rows(data: ReportData) -> list[tuple[str, ...]]:
    """Return a row for each class: name, rows, precision, recall, F1."""
    classes = data.figures.evaluation.classes
    if len(classes) != len(data.class_names):
        return []
    return [
        (
            printable(name),
            f"{one.support:,}",
            *("–" if share is None else f"{share:.2%}" for share in (one.precision, one.recall, one.f1)),
        )
        for name, one in zip(data.class_names, classes, strict=True)
    ]


def data_rows(data: ReportData) -> list[tuple[str, str]]:
    """Return what is known of the data: its name, whether it is official, source, image size, parts.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> facts = {"name": "mnist", "official": True, "source": "mnist", "image_shape": [28, 28, 1]}
    >>> data_rows(ReportData("t", {}, RunFigures.check({"data": facts}), {}, ["a", "b"]))[1]
    ('Content', 'that of the official set')
    """
    facts = data.figures.data
    if facts is None:
        return []
    official = {
        True: "that of the official set",
        False: "not that of the official set",
        None: "no official one to compare with",
    }
    rows = [
        ("Data set", printable(facts.name)),
        ("Content", official[facts.official]),
        ("Read from", printable(facts.source)),
    ]
    if facts.image_shape is not None:
        rows.append(("Images", "{} × {} × {}, height × width × channels".format(*facts.image_shape)))
    for name, part in facts.parts.items():
        rows.append((f"{_SPLIT_TITLES[name]} rows", f"{sum(part.class_counts):,}"))
    for name, part in facts.parts.items():
        rows.append((f"{_SPLIT_TITLES[name]} fingerprint", printable(part.fingerprint)))
    return rows


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
            _SPLIT_TITLES[name],
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
