"""All figures of merit of a classifier's decisions, from one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, printable
from onelayer.evaluation.calibration import Calibration, measure_calibration
from onelayer.evaluation.confusion import Confusion
from onelayer.evaluation.decisions import Outcomes, ranks_of
from onelayer.evaluation.intervals import wilson_interval
from onelayer.storage.records import Count, Number, Share, finite

__all__ = ["MOST_IN_JSON", "ClassFigures", "Evaluation", "check_class_names", "evaluate", "evaluate_outcomes"]

MOST_IN_JSON: Final = 1000
"""Of how many classes a confusion matrix is written out; a larger one would take hundreds of megabytes."""

TOP_K: Final = (3, 5)


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class.

    A figure is None where it is 0/0: ``precision`` of a class that was never predicted, ``recall`` of one that never
    occurs (``support`` 0), ``f1`` of one that does neither.
    """

    name: str = ""
    precision: Share | None = None
    recall: Share | None = None
    f1: Share | None = None
    support: Count = 0


@dataclass(frozen=True)
class Evaluation:
    """Figures of merit of n decisions; those that a file lacks are None or empty.

    Attributes
    ----------
    n : int
    accuracy : float
    accuracy_interval : (float, float)
        Its 95% Wilson interval.
    balanced_accuracy : float
        Mean recall of the classes that occur.
    classes : tuple of ClassFigures
        One for each class.
    confusion : Confusion
        Rows are true classes, columns predicted ones; ``numpy.asarray`` makes the matrix (k, k) of it.
    top_k_accuracy : mapping from k to float
        Share of rows whose class is among the first k, as :func:`ranks_of` has them; empty where no scores were given.
    log_loss : float or None
        Mean of −ln p of the true class, in nats; None also where a probability of it is 0.
    calibration : Calibration or None
        Expected calibration error and reliability table.
    no_probabilities : str or None
        Why there is neither log loss nor calibration.
    """

    n: Count = 0
    accuracy: Share | None = None
    accuracy_interval: tuple[Share, Share] | None = None
    balanced_accuracy: Share | None = None
    classes: tuple[ClassFigures, ...] = ()
    confusion: Confusion | None = None
    top_k_accuracy: dict[int, Share] | None = None
    log_loss: Number = None
    calibration: Calibration | None = None
    no_probabilities: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, text, numbers and None, for JSON.

        The confusion matrix of more than 1,000 classes is None.
        """
        counts = self.confusion
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_interval": None if self.accuracy_interval is None else list(self.accuracy_interval),
            "balanced_accuracy": self.balanced_accuracy,
            "classes": [asdict(one) for one in self.classes],
            "confusion": None if counts is None or counts.n_classes > MOST_IN_JSON else np.asarray(counts).tolist(),
            "top_k_accuracy": {str(k): share for k, share in (self.top_k_accuracy or {}).items()},
            "log_loss": self.log_loss,
            "calibration": None if self.calibration is None else asdict(self.calibration),
            "no_probabilities": self.no_probabilities,
        }


def evaluate(
    y_true: Array,
    y_pred: Array,
    *,
    class_names: Sequence[str],
    scores: Array | None = None,
    probabilities: Array | None = None,
    no_probabilities: str = "the model gives no probabilities",
    top_k: Sequence[int] = TOP_K,
    n_bins: int = 15,
) -> Evaluation:
    """Compare predicted classes with true ones.

    Parameters
    ----------
    y_true, y_pred : integer arrays (n,)
        Indices into ``class_names``.
    class_names : sequence of k strings
        All different.
    scores : float array (n, k), optional
        For top-k accuracy; scores of two classes, (n,), are of no use for it and ignored.
    probabilities : float array (n, k), optional
        For log loss and calibration.
    no_probabilities : str
        What to give as the reason where there are none.
    top_k : sequence of int
        Those below the number of classes are computed.
    n_bins : int
        Bins of the reliability table.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If there are no rows, lengths differ, classes are out of range, two have one name, scores are not finite, or
        probabilities are none.

    Examples
    --------
    >>> figures = evaluate(np.array([0, 0, 1]), np.array([0, 1, 1]), class_names=["cat", "dog"])
    >>> round(figures.accuracy, 4), figures.classes[1]
    (0.6667, ClassFigures(name='dog', precision=0.5, recall=1.0, f1=0.6666666666666666, support=1))
    >>> figures.log_loss, figures.no_probabilities
    (None, 'the model gives no probabilities')
    """
    k = len(class_names)
    y_true, y_pred = _classes(y_true, k, "y_true"), _classes(y_pred, k, "y_pred")
    n = len(y_true)
    if len(y_pred) != n:
        raise InputError(f"y_true has {n} rows and y_pred has {len(y_pred)}: give one prediction for each")
    rows = np.arange(n)
    ranks = surprises = confidences = None
    if scores is not None and scores.ndim != 1:
        _check_scores(scores, n, k)
        ranks = ranks_of(y_true, y_pred, scores)
    if probabilities is not None:
        probabilities = _checked_probabilities(probabilities, n, k)
        with np.errstate(divide="ignore"):
            surprises = -np.log(probabilities[rows, y_true])
        confidences = probabilities[rows, y_pred]
    outcomes = Outcomes(
        labels=y_true,
        predicted=y_pred,
        n_classes=k,
        ranks=ranks,
        surprises=surprises,
        confidences=confidences,
        no_probabilities=no_probabilities,
    )
    return evaluate_outcomes(outcomes, class_names, top_k, n_bins)


def evaluate_outcomes(
    outcomes: Outcomes, class_names: Sequence[str], top_k: Sequence[int] = TOP_K, n_bins: int = 15
) -> Evaluation:
    """Return the figures of merit of outcomes, such as :func:`onelayer.evaluation.judge` returns.

    Parameters
    ----------
    outcomes : Outcomes
        Of one row at least.
    class_names : sequence of str, of length k
        All different.
    top_k, n_bins : as for :func:`evaluate`

    Raises
    ------
    InputError
        Two classes have one name.
    """
    check_class_names(class_names)
    confusion = Confusion.of(outcomes.labels, outcomes.predicted, outcomes.n_classes)
    n, hits = confusion.n, int(confusion.hits.sum())
    lower, upper = wilson_interval(hits, n)
    classes = _per_class(confusion, class_names)
    ranks, surprises, confidences = outcomes.ranks, outcomes.surprises, outcomes.confidences
    shown = [top for top in top_k if top < outcomes.n_classes]
    return Evaluation(
        n=n,
        accuracy=hits / n,
        accuracy_interval=(float(lower), float(upper)),
        balanced_accuracy=float(np.mean([one.recall for one in classes if one.recall is not None])),
        classes=classes,
        confusion=confusion,
        top_k_accuracy={} if ranks is None else {top: float((ranks <= top).mean()) for top in shown},
        log_loss=None if surprises is None else finite(float(surprises.mean())),
        calibration=None if confidences is None else measure_calibration(confidences, outcomes.correct, n_bins),
        no_probabilities=outcomes.no_probabilities if confidences is None else None,
    )


def check_class_names(names: Sequence[str]) -> None:
    """Raise InputError if two classes have one name: figures, JSON and predictions would mix them up.

    Examples
    --------
    >>> check_class_names(["cat", "dog", "cat"])
    Traceback (most recent call last):
    ...
    onelayer.errors.InputError: classes 0 and 2 are both named 'cat': give each class a name of its own
    """
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in places:
            raise InputError(
                f"classes {places[name]} and {place} are both named {printable(name)!r}: "
                "give each class a name of its own"
            )
        places[name] = place


def _per_class(confusion: Confusion, class_names: Sequence[str]) -> tuple[ClassFigures, ...]:
    hits, supports, predictions = confusion.hits, confusion.supports, confusion.predictions
    with np.errstate(invalid="ignore"):  # 0/0 is a figure that is not there
        columns = hits / predictions, hits / supports, 2 * hits / (supports + predictions)
    shares = ([None if np.isnan(share) else share for share in column.tolist()] for column in columns)
    return tuple(
        ClassFigures(str(name), precision, recall, f1, support)
        for name, precision, recall, f1, support in zip(class_names, *shares, supports.tolist(), strict=True)
    )


def _classes(labels: Array, k: int, name: str) -> Array:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{name} must be class indices, integers (n,), not {labels.dtype} of shape {labels.shape}")
    if len(labels) == 0:
        raise InputError(f"{name} has no rows: there is nothing to evaluate")
    if labels.min() < 0 or labels.max() >= k:
        raise InputError(f"{name} has classes from {labels.min()} to {labels.max()}, but they must be 0 to {k - 1}")
    return labels


def _check_scores(scores: Array, n: int, k: int) -> None:
    if scores.shape != (n, k):
        raise InputError(f"scores have shape {scores.shape}, but {n} rows and {k} classes need {(n, k)}")
    if not np.isfinite(scores).all():
        raise InputError("scores must be finite")


def _checked_probabilities(probabilities: Array, n: int, k: int) -> Array:
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (n, k):
        raise InputError(f"probabilities have shape {probabilities.shape}, but {n} rows and {k} classes need {(n, k)}")
    sums = probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    # Written so that NaN fails.
    if not (probabilities.min() >= 0 and np.abs(sums - 1).max() < 1e-4):
        raise InputError("probabilities must be at least 0 and sum to 1 in each row")
    normalised: Array = probabilities / sums  # without the rounding error of a softmax in float32
    return normalised
