"""Figures of the classes: which are confused, how many of each are recognised, how sure decisions are, rows of each.

Of very many classes a figure shows those that matter most to it, and its caption says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.evaluation import Calibration, Confusion, wilson_interval
from onelayer.figures.scales import every
from onelayer.figures.specification import Axis, Bars, Figure, Matrix, Plot, Rule, Series

__all__ = [
    "MOST_WITH_COUNTS",
    "class_counts_figure",
    "confusion_figure",
    "confusion_words",
    "matrix_classes",
    "recall_figure",
    "reliability_figure",
    "row_rates",
]

MOST_WITH_COUNTS: Final = 20
"""Of how many classes the cells of a confusion matrix have room for their counts."""

_MOST_WITH_RATES: Final = 12
_MOST_IN_MATRIX: Final = 200
_MOST_NAMED: Final = 40
_MOST_BARS: Final = 30
_PART_COLORS: Final = {"train": "train", "validation": "held-out", "test": "third"}


def confusion_figure(confusion: Confusion, class_names: Sequence[str], part: str = "evaluated") -> Figure:
    r"""Return a confusion matrix, coloured by the share of each true class; counts and shares stand where they fit.

    Parameters
    ----------
    confusion : Confusion
        Of one row at least.
    class_names : sequence of str, of length k
    part : str
        What the rows are called.

    Examples
    --------
    >>> confusion_figure(Confusion.of_matrix([[9, 1], [0, 5]]), ["two", "three"]).panel.texts
    [['9\n90%', '1\n10%'], ['', '5\n100%']]
    """
    k, classes = confusion.n_classes, matrix_classes(confusion)
    counts = confusion.among(classes)
    rates = row_rates(counts, confusion.supports[classes])
    names = [printable(class_names[label], 18) for label in classes.tolist()]
    with_rates = k <= _MOST_WITH_RATES
    cells = [list(zip(*row, strict=True)) for row in zip(counts.tolist(), rates.tolist(), strict=True)]
    side = float(np.clip(0.46 * len(classes), 2.2, 7.0))
    ticks = list(enumerate(names))[:: every(len(names), _MOST_NAMED)]
    matrix = Matrix(
        np.where(counts > 0, rates, np.nan),
        Axis("predicted class", ticks=ticks),
        Axis("true class", ticks=ticks, backwards=True),
        low=0.0,
        high=1.0,
        texts=[[_cell_text(*cell, with_rate=with_rates) for cell in row] for row in cells]
        if k <= MOST_WITH_COUNTS
        else (),
        text_size=8.5 if with_rates else 7.0,
        words=[
            [
                f"{confusion_words(names, true, predicted)}\n{count:,} rows, {rate:.1%}" if count else ""
                for predicted, (count, rate) in enumerate(row)
            ]
            for true, row in enumerate(cells)
        ],
        scale="" if with_rates else "share of the true class",
        size=(side, side),
    )
    mistakes = confusion.mistakes()
    message = f"{confusion.hits.sum():,} of {confusion.n:,} {part} rows are on the diagonal"
    if mistakes:
        true, predicted, count = mistakes[0]
        names = [printable(class_names[true]), printable(class_names[predicted])]
        message += f"; the most frequent mistake is {names[0]} taken for {names[1]}, {count:,} times"
    shown = "In each cell the count, and" if with_rates else "Colour shows"
    caption = f"Rows are true classes, columns predicted ones. {shown} the share of the true class."
    if len(classes) < k:
        caption += f" Of {k:,} classes these {len(classes)} have the most frequent mistakes among them."
    return Figure("confusion", message, caption, matrix)


def matrix_classes(confusion: Confusion) -> Array:
    """Return the classes that a confusion matrix shows, ascending: all, or of over 200 some with frequent mistakes."""
    if confusion.n_classes <= _MOST_IN_MATRIX:
        return np.arange(confusion.n_classes)
    chosen: dict[int, None] = {}
    for true, predicted, _ in confusion.mistakes():
        pair = dict.fromkeys((true, predicted))
        if len(chosen | pair) > _MOST_NAMED:
            break
        chosen |= pair
    rest = (label for label in np.argsort(-confusion.supports, kind="stable").tolist() if label not in chosen)
    while len(chosen) < _MOST_NAMED:
        chosen[next(rest)] = None
    return np.sort(list(chosen))


def row_rates(counts: Array, totals: Array) -> Array:
    """Return each row of counts over its total; a row without any is zeros.

    Examples
    --------
    >>> row_rates(np.array([[3, 1], [0, 0]]), np.array([4, 0]))
    array([[0.75, 0.25],
           [0.  , 0.  ]])
    """
    return np.asarray(counts / np.maximum(totals, 1)[:, np.newaxis])


def confusion_words(names: Sequence[str], true: int, predicted: int) -> str:
    """Return what a cell of a confusion matrix counts.

    Examples
    --------
    >>> confusion_words(["cat", "dog"], 0, 1), confusion_words(["cat", "dog"], 1, 1)
    ('cat taken for dog', 'dog recognised')
    """
    return f"{names[true]} recognised" if true == predicted else f"{names[true]} taken for {names[predicted]}"


def recall_figure(confusion: Confusion, class_names: Sequence[str], part: str = "evaluated") -> Figure:
    """Return one bar a class with its 95% interval; of more than 30 classes, the 30 with the lowest recall.

    Parameters
    ----------
    confusion : Confusion
        Of one row at least.
    class_names : sequence of str, of length k
    part : str
        What the rows are called.

    Examples
    --------
    >>> figure = recall_figure(Confusion.of_matrix([[27, 3], [4, 4]]), ["two", "three"])
    >>> figure.message
    'Recall is lowest for three (50.0%) and highest for two (90.0%)'
    >>> [name for _, name in figure.panel.y.ticks]
    ['two (30)', 'three (8)']
    """
    supports, hits = confusion.supports, confusion.hits
    with np.errstate(invalid="ignore"):  # a class without rows has no recall
        recalls = hits / supports
    lowest, highest = int(np.nanargmin(recalls)), int(np.nanargmax(recalls))
    message = (
        f"Recall is lowest for {printable(class_names[lowest])} ({recalls[lowest]:.1%}) "
        f"and highest for {printable(class_names[highest])} ({recalls[highest]:.1%})"
    )
    caption = f"Share of each class's {part} rows that is recognised, with Wilson intervals; rows in brackets."
    chosen = np.arange(len(recalls))
    if len(recalls) > _MOST_BARS:
        chosen = np.argsort(recalls, kind="stable")[:_MOST_BARS]
        caption += f" The {_MOST_BARS} classes with the lowest recall of {len(recalls):,}."
    low, high = wilson_interval(hits[chosen], supports[chosen])
    names = [f"{printable(class_names[label], 18)} ({supports[label]:,})" for label in chosen.tolist()]
    shares = recalls[chosen]
    words = [
        f"{name}: {'no rows' if np.isnan(share) else f'{share:.2%}'}\n95% interval {first:.1%} to {last:.1%}"
        for name, share, first, last in zip(names, shares, low, high, strict=True)
    ]
    accuracy = int(hits.sum()) / confusion.n
    plot = Plot(
        [
            Bars(np.arange(len(names)), shares, thickness=0.66, opacity=0.75, low=low, high=high, words=words),
            Rule("x", accuracy, f"accuracy of all, {accuracy:.1%}", "held-out"),
        ],
        Axis("recall, with its 95% interval", "percent", first=0.0, last=1.01),
        _named_axis(names),
        (4.2, 0.2 + 0.3 * len(names)),
        "above",
    )
    return Figure("recall", message, caption, plot)


def reliability_figure(calibration: Calibration) -> Figure | None:
    """Return how often a model is right at each confidence, with 95% intervals; None where there are no rows.

    Examples
    --------
    >>> from onelayer.evaluation import ReliabilityBin
    >>> found = reliability_figure(Calibration(0.05, (ReliabilityBin(0.5, 1.0, 10, 0.55, 0.6),)))
    >>> found.message
    'Expected calibration error 5.0%; on the whole the model is not sure enough of itself, by 5.0%'
    """
    bins = [one for one in calibration.bins if one.count and one.confidence is not None and one.accuracy is not None]
    if not bins:
        return None
    counts = np.array([one.count for one in bins], np.float64)
    confidences, accuracies = (np.array([getattr(one, key) for one in bins]) for key in ("confidence", "accuracy"))
    mean_gap = float(np.dot(counts, accuracies - confidences) / counts.sum())
    message = f"Expected calibration error {calibration.expected_calibration_error:.1%}"
    if abs(mean_gap) >= 0.01:
        side = "too sure of itself" if mean_gap < 0 else "not sure enough of itself"
        message += f"; on the whole the model is {side}, by {abs(mean_gap):.1%}"
    caption = (
        "Rows by the probability of the class decided for: how many are right, with Wilson intervals. On the dotted "
        "line, 8 of 10 decisions made with 80% are right. Larger points stand for more rows."
    )
    low, high = wilson_interval(np.clip(np.round(accuracies * counts), 0, counts), counts)
    words = [f"confidence {one.confidence:.1%}, right {one.accuracy:.1%}\n{one.count:,} rows" for one in bins]
    ends = np.array([0.0, 1.0])
    plot = Plot(
        [
            Series(ends, ends, "calibrated", "muted", 1.3, "dot", words=("", "")),
            Series(
                confidences,
                accuracies,
                "this model, 95% intervals",
                width=1.3,
                symbol="dot",
                size=np.sqrt(12 + 80 * counts / counts.max()),
                low=np.minimum(low, accuracies),
                high=np.maximum(high, accuracies),
                words=words,
            ),
        ],
        Axis("confidence", "percent", first=0.0, last=1.02),
        Axis("share that is right", "percent", first=0.0, last=1.02),
        (3.4, 3.4),
        is_square=True,
    )
    return Figure("reliability", message, caption, plot)


def class_counts_figure(counts: Mapping[str, Sequence[int]], class_names: Sequence[str]) -> Figure:
    """Return the rows of each class, one bar a part, stacked; of over 30 classes those with the fewest and the most.

    Parameters
    ----------
    counts : mapping of str to sequence of int, of length k
        By part: ``train``, ``validation``, ``test``.
    class_names : sequence of str, of length k

    Examples
    --------
    >>> figure = class_counts_figure({"train": [5, 3], "test": [2, 1]}, ["two", "three"])
    >>> figure.message
    'The classes have 4 to 7 rows each in all parts together'
    >>> [bars.lengths.tolist() for bars in figure.panel.marks]
    [[5, 3], [2, 1]]
    """
    totals = np.sum(list(counts.values()), axis=0)
    fewest, most = int(totals.min()), int(totals.max())
    many = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    chosen, caption = np.arange(len(totals)), ""
    if len(totals) > _MOST_BARS:
        half = _MOST_BARS // 2
        order = np.argsort(totals, kind="stable")
        chosen = np.concatenate([order[:half], order[-half:]])
        caption = f"Of {len(totals):,} classes the {half} with the fewest rows and the {half} with the most."
    names = [printable(class_names[label], 18) for label in chosen.tolist()]
    places, starts, bars = np.arange(len(names)), np.zeros(len(names)), []
    for part, values in counts.items():
        lengths = np.asarray(values)[chosen]
        words = [f"{name}: {length:,} {part} rows" for name, length in zip(names, lengths.tolist(), strict=True)]
        bars.append(Bars(places, lengths, starts, label=part, color=_PART_COLORS[part], words=words))
        starts = starts + lengths
    size = (4.2, float(np.clip(0.28 * len(names), 1.0, 8.4)))
    plot = Plot(bars, Axis("rows", "count", first=0.0), _named_axis(names), size, "above")
    return Figure("class-counts", f"The classes have {many} rows each in all parts together", caption, plot)


def _named_axis(names: Sequence[str]) -> Axis:
    """Return the axis of bars, the first of them at the top."""
    return Axis(ticks=list(enumerate(names)), first=-0.6, last=len(names) - 0.4, backwards=True, grid=False)


def _cell_text(count: int, rate: float, *, with_rate: bool) -> str:
    if not count:
        return ""
    return f"{count:,}\n{rate:.0%}" if with_rate else f"{count:,}"
