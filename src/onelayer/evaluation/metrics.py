"""All figures of merit of a classifier's predictions, from one call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn import metrics

from onelayer.arrays import Array
from onelayer.errors import InputError
from onelayer.evaluation.calibration import Calibration, measure_calibration
from onelayer.evaluation.intervals import wilson_interval

__all__ = ["ClassFigures", "Evaluation", "evaluate"]


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class.

    A figure is None where it is 0/0: ``precision`` of a class that was never predicted, ``recall`` of one that never
    occurs (``support`` 0), ``f1`` of one that does neither.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Figures of merit of n predictions.

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
    confusion : int array (k, k)
        Rows are true classes, columns predicted ones.
    top_k_accuracy : mapping from k to float
        Share of rows whose class is among the k of largest score; empty where no scores were given.
    log_loss : float or None
        Mean of −ln p of the true class, in nats.
    calibration : Calibration or None
        Expected calibration error and reliability table.
    no_probabilities : str or None
        Why the two before are None.
    """

    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    balanced_accuracy: float
    classes: tuple[ClassFigures, ...]
    confusion: Array
    top_k_accuracy: Mapping[int, float]
    log_loss: float | None
    calibration: Calibration | None
    no_probabilities: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, text, numbers and None, for JSON."""
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.accuracy_interval),
            "balanced_accuracy": self.balanced_accuracy,
            "classes": [asdict(one) for one in self.classes],
            "confusion": self.confusion.tolist(),
            "top_k_accuracy": {str(k): share for k, share in self.top_k_accuracy.items()},
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
    top_k: Sequence[int] = (3, 5),
    n_bins: int = 15,
) -> Evaluation:
    """Compare predicted classes with true ones.

    Parameters
    ----------
    y_true, y_pred : integer arrays (n,)
        Indices into ``class_names``.
    class_names : sequence of k strings
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
        If there are no rows, lengths differ, classes are out of range, scores are not finite, or
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
    correct = y_true == y_pred
    hits = int(correct.sum())
    lower, upper = wilson_interval(hits, n)
    classes = _per_class(y_true, y_pred, class_names)
    loss, calibrated = None, None
    if probabilities is not None:
        probabilities = _checked_probabilities(probabilities, n, k)
        loss = float(metrics.log_loss(y_true, probabilities, labels=np.arange(k)))
        calibrated = measure_calibration(probabilities[np.arange(n), y_pred], correct, n_bins)
    return Evaluation(
        n=n,
        accuracy=hits / n,
        accuracy_interval=(float(lower), float(upper)),
        balanced_accuracy=float(np.mean([one.recall for one in classes if one.recall is not None])),
        classes=classes,
        confusion=metrics.confusion_matrix(y_true, y_pred, labels=np.arange(k)),
        top_k_accuracy={} if scores is None or scores.ndim == 1 else _top_k(y_true, scores, k, top_k),
        log_loss=loss,
        calibration=calibrated,
        no_probabilities=no_probabilities if probabilities is None else None,
    )


def _per_class(y_true: Array, y_pred: Array, class_names: Sequence[str]) -> tuple[ClassFigures, ...]:
    figures = metrics.precision_recall_fscore_support(
        y_true, y_pred, labels=np.arange(len(class_names)), zero_division=np.nan
    )

    def known(figure: float) -> float | None:
        return None if math.isnan(figure) else float(figure)

    return tuple(
        ClassFigures(str(name), known(precision), known(recall), known(f1), int(support))
        for name, precision, recall, f1, support in zip(class_names, *figures, strict=True)
    )


def _top_k(y_true: Array, scores: Array, k: int, top_k: Sequence[int]) -> dict[int, float]:
    if scores.shape != (len(y_true), k):
        raise InputError(
            f"scores have shape {scores.shape}, but {len(y_true)} rows and {k} classes need {(len(y_true), k)}"
        )
    if not np.isfinite(scores).all():
        raise InputError("scores must be finite")
    return {
        top: float(metrics.top_k_accuracy_score(y_true, scores, k=top, labels=np.arange(k))) for top in top_k if top < k
    }


def _classes(labels: Array, k: int, name: str) -> Array:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{name} must be class indices, integers (n,), not {labels.dtype} of shape {labels.shape}")
    if len(labels) == 0:
        raise InputError(f"{name} has no rows: there is nothing to evaluate")
    if labels.min() < 0 or labels.max() >= k:
        raise InputError(f"{name} has classes from {labels.min()} to {labels.max()}, but they must be 0 to {k - 1}")
    return labels


def _checked_probabilities(probabilities: Array, n: int, k: int) -> Array:
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (n, k):
        raise InputError(f"probabilities have shape {probabilities.shape}, but {n} rows and {k} classes need {(n, k)}")
    sums = probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    # Written so that NaN fails.
    if not (probabilities.min() >= 0 and np.abs(sums - 1).max() < 1e-4):
        raise InputError("probabilities must be at least 0 and sum to 1 in each row")
    # In float64, and with the rounding error of a float32 softmax taken out: scikit-learn warns of it.
    normalised: Array = probabilities / sums
    return normalised
