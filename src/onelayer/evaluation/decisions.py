"""What a model decides on rows, and what that is worth: all of it from one pass over their scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError
from onelayer.evaluation.confusion import Confusion
from onelayer.losses.base import Loss

__all__ = ["MOST_KEPT", "Decisions", "Judged", "Outcomes", "judge", "ranks_of"]

MOST_KEPT: Final = 3
_SORTED_WHOLE: Final = 64  # of so many classes all are sorted; of more the largest are picked first


@dataclass(frozen=True, eq=False)
class Decisions:
    """The classes with the largest values on each of n rows, that decided for first.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        True classes.
    best : ndarray of shape (n, t), int64
        Of each row t classes, 1 ≤ t ≤ k, the one decided for first.
    values : ndarray of shape (n, t), float32
        Their probabilities, or scores.
    of_true : ndarray of shape (n,), float32
        That of the true class.
    n_classes : int
        k.
    are_probabilities : bool

    Examples
    --------
    >>> values = np.array([[0.9, 0.1], [0.6, 0.4]], np.float32)
    >>> found = Decisions.of(np.array([0, 1]), np.array([0, 0]), values, are_probabilities=True)
    >>> found.correct, found.of_true
    (array([ True, False]), array([0.9, 0.4], dtype=float32))
    """

    labels: Array
    best: Array
    values: Array
    of_true: Array
    n_classes: int
    are_probabilities: bool

    @classmethod
    def of(cls, labels: Array, predicted: Array, values: Array, *, are_probabilities: bool) -> Self:
        """Keep the largest of all values (n, k) of n rows."""
        largest = np.finfo(np.float32).max  # a score may be infinite to float32
        values = np.clip(values, -largest, largest).astype(np.float32)
        best = _largest(values, predicted, min(values.shape[1], MOST_KEPT))
        of_true = np.take_along_axis(values, labels[:, np.newaxis], axis=1)[:, 0]
        kept = np.take_along_axis(values, best, axis=1)
        return cls(labels, best, kept, of_true, values.shape[1], are_probabilities)

    @property
    def predicted(self) -> Array:
        """The classes decided for, (n,)."""
        return self.best[:, 0]

    @property
    def of_predicted(self) -> Array:
        """Their values, (n,)."""
        return self.values[:, 0]

    @property
    def correct(self) -> Array:
        """Whether each row was decided rightly, (n,)."""
        return np.asarray(self.labels == self.predicted)

    @property
    def margins(self) -> Array:
        """How far the value of the class decided for lies above the next one, (n,)."""
        return self.values[:, 0] - self.values[:, 1] if self.values.shape[1] > 1 else self.values[:, 0]

    @property
    def confusion(self) -> Confusion:
        """How often each class was taken for each."""
        return Confusion.of(self.labels, self.predicted, self.n_classes)


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcomes:
    """What came of n rows: all that figures of merit are made of.

    Parameters
    ----------
    labels, predicted : ndarray of shape (n,), integers
        Places of the true classes, and of those decided for.
    n_classes : int
        k.
    ranks : ndarray of shape (n,), int64, or None
        As :func:`ranks_of`.
    surprises : ndarray of shape (n,), float64, or None
        −ln p of the true class.
    confidences : ndarray of shape (n,), float64, or None
        The probability of the class decided for.
    no_probabilities : str
        Why the two before are None.
    """

    labels: Array
    predicted: Array
    n_classes: int
    ranks: Array | None = None
    surprises: Array | None = None
    confidences: Array | None = None
    no_probabilities: str = ""

    @property
    def correct(self) -> Array:
        """Whether each row was decided rightly, (n,)."""
        return np.asarray(self.labels == self.predicted)


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged(Outcomes):
    """Outcomes of a model whose scores are known.

    Parameters
    ----------
    losses : ndarray of shape (n,), float64
        The loss that the model was trained with, of each row, without penalty.
    decisions : Decisions
        What a report shows of each row.
    """

    losses: Array
    decisions: Decisions

    @property
    def mean_loss(self) -> float:
        """Mean of the losses."""
        return float(self.losses.mean())


def judge(blocks: Iterable[tuple[slice, Array]], labels: Array, loss: Loss, n_classes: int) -> Judged:
    """Judge a model by the scores of n rows.

    Parameters
    ----------
    blocks : iterable of (slice, ndarray)
        Some rows at a time, in their order: where they stand, and their scores as the loss takes them.
    labels : ndarray of shape (n,), integers
        Places of the true classes.
    loss : Loss
    n_classes : int

    Raises
    ------
    InputError
        There are no rows, or scores are not finite.

    Examples
    --------
    >>> from onelayer.losses import LOSSES
    >>> scores = np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    >>> found = judge([(slice(0, 2), scores)], np.array([2, 1]), LOSSES["softmax"], 3)
    >>> found.predicted, found.ranks, bool(found.mean_loss == found.surprises.mean())
    (array([0, 0]), array([2, 2]), True)
    """
    labels = labels.astype(np.int64)
    parts = [_judged_block(scores, labels[rows], loss, n_classes) for rows, scores in blocks]
    if not parts:
        raise InputError("there are no rows to evaluate")
    return parts[0] if len(parts) == 1 else _joined(parts)


def _judged_block(scores: Array, labels: Array, loss: Loss, n_classes: int) -> Judged:
    if not len(scores):
        raise InputError("there are no rows to evaluate")
    if not np.isfinite(scores).all():
        raise InputError("scores must be finite, but the model's are not: train it with a lower learning rate")
    predicted = loss.decision(scores).astype(np.int64)
    of_classes = scores
    if n_classes == 2:  # scores of two classes count by their difference alone
        difference = scores[:, 0] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]
        of_classes = np.stack([-difference / 2, difference / 2], axis=1)
    rows = np.arange(len(labels))
    surprises = confidences = None
    values, reason = of_classes, f"the scores of the {loss.name} loss are no probabilities"
    if loss.has_probabilities:
        values, reason = loss.probabilities(scores), ""
        surprises = -loss.log_probabilities(scores)[rows, labels].astype(np.float64)
        confidences = values[rows, predicted] / values.sum(axis=1, dtype=np.float64)
    return Judged(
        labels=labels,
        predicted=predicted,
        n_classes=n_classes,
        ranks=ranks_of(labels, predicted, of_classes),
        surprises=surprises,
        confidences=confidences,
        no_probabilities=reason,
        losses=loss.values(scores, labels).astype(np.float64),
        decisions=Decisions.of(labels, predicted, values, are_probabilities=loss.has_probabilities),
    )


def _joined(parts: Sequence[Judged]) -> Judged:
    """Return the rows of all parts as one."""

    def join(kind: type, found: Sequence[Any]) -> Any:
        columns = {one.name: [getattr(part, one.name) for part in found] for one in fields(kind)}
        return kind(
            **{
                name: np.concatenate(column) if isinstance(column[0], np.ndarray) else column[0]
                for name, column in columns.items()
            }
        )

    decisions = join(Decisions, [part.decisions for part in parts])
    joined: Judged = replace(join(Judged, parts), decisions=decisions)
    return joined


def ranks_of(labels: Array, predicted: Array, scores: Array) -> Array:
    """Return the place of each row's true class, from 1, among its classes.

    The class decided for is first; the others follow by their scores, of equal ones the first of the classes. So a row
    has rank 1 where it was decided rightly, and there alone, and the share of ranks up to k grows with k.

    Parameters
    ----------
    labels, predicted : ndarray of shape (n,), integers
    scores : ndarray of shape (n, k)

    Returns
    -------
    ndarray of shape (n,), int64

    Examples
    --------
    >>> ranks_of(np.array([1, 0]), np.array([0, 0]), np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0]]))
    array([2, 1])
    """
    of_true = np.take_along_axis(scores, labels[:, np.newaxis], axis=1)
    of_predicted = np.take_along_axis(scores, predicted[:, np.newaxis], axis=1)[:, 0]
    before = scores > of_true
    before |= (scores == of_true) & (np.arange(scores.shape[1]) < labels[:, np.newaxis])
    ranks: Array = 1 + before.sum(axis=1)
    is_counted = (of_predicted > of_true[:, 0]) | ((of_predicted == of_true[:, 0]) & (predicted < labels))
    return np.where(predicted == labels, 1, ranks + ~is_counted)


def _largest(values: Array, first: Array, most: int) -> Array:
    """Return the classes of the ``most`` largest values of each row, ``first`` (n,) before them all."""
    keys = -values
    np.put_along_axis(keys, first[:, np.newaxis], -np.inf, axis=1)
    if values.shape[1] <= _SORTED_WHOLE:
        return np.argsort(keys, axis=1, kind="stable")[:, :most]
    picked = np.sort(np.argpartition(keys, most - 1, axis=1)[:, :most], axis=1)
    order = np.argsort(np.take_along_axis(keys, picked, axis=1), axis=1, kind="stable")
    return np.take_along_axis(picked, order, axis=1)
