"""Folds of cross-validation: which rows are trained on, and which are held out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.conversion import input_errors
from onelayer.errors import ConfigError, InputError, printable
from onelayer.streams import stream

__all__ = ["Fold", "Folds", "as_folds", "check_folds", "fold_weights", "shuffled_folds", "stratified_folds"]


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of n rows: positions to train on, and positions held out, both ``(…,)`` integers."""

    training: Array
    held_out: Array


Folds = int | Sequence[Fold | tuple[Any, Any]] | Any
"""A number of folds, folds or pairs of positions, or a splitter of scikit-learn (which take long to load)."""


def as_folds(folds: Folds, y: Array, seed: int) -> list[Fold]:
    """Return folds, however they are given, of rows with labels y (n,), integers; a number of them is drawn by class.

    Raises
    ------
    ConfigError
        If they are none of these.
    InputError
        If they are not folds of n rows.
    """
    if isinstance(folds, int | np.integer) and not isinstance(folds, bool):
        return stratified_folds(y, int(folds), seed)
    with input_errors():
        split = None if isinstance(folds, str) else getattr(folds, "split", None)
        parts = folds if split is None else split(np.zeros((len(y), 1)), y)
        if isinstance(parts, str) or not isinstance(parts, Iterable):
            raise ConfigError(
                f"folds={printable(repr(folds))}: give a number, positions to train on and to hold out for each fold, "
                "or a splitter such as StratifiedKFold(5)"
            )
        found = [part if isinstance(part, Fold) else _as_fold(part, place) for place, part in enumerate(parts)]
    check_folds(found, len(y))
    return found


def _as_fold(pair: Any, place: int) -> Fold:
    if not isinstance(pair, Sequence) or len(pair) != 2:
        raise InputError(f"fold {place} is no pair: give the positions to train on, and those to hold out")
    parts = [np.asarray(part) for part in pair]
    parts = [np.flatnonzero(part) if part.dtype == bool else part for part in parts]
    if any(part.ndim != 1 or (part.dtype.kind not in "iu" and part.size) for part in parts):
        raise InputError(f"fold {place} must be two lists of positions, whole numbers from 0")
    return Fold(*(part.astype(np.intp) for part in parts))


def stratified_folds(y: Array, k: int, seed: int) -> list[Fold]:
    """Divide rows into k folds of equal size, each with the classes in the proportions of the whole.

    The rows of each class are shuffled, then dealt out one after another, each class going on where the one before
    ended; so fold sizes differ by at most one, and so do the rows of a class in them. Rows keep their order within a
    fold.

    Parameters
    ----------
    y : (n,) integers
        Labels.
    k : int
        Number of folds, at least 2.
    seed : int

    Returns
    -------
    list of k Fold

    Raises
    ------
    ConfigError
        If k is below 2.
    InputError
        If a class has fewer rows than there are folds.

    Examples
    --------
    >>> [fold.held_out.size for fold in stratified_folds(np.array([0, 0, 0, 1, 1, 1, 1]), 3, seed=0)]
    [3, 2, 2]
    """
    _check_count(k)
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < k:
        scarce = int(np.argmin(counts))
        raise InputError(
            f"{k} folds need {k} rows of each class, but class {classes[scarce]} has {counts[scarce]}: use fewer folds"
        )
    rng = stream(seed, "fold")
    dealt = np.concatenate([rng.permutation(np.flatnonzero(y == one)) for one in classes])
    fold_of = np.empty(len(y), dtype=np.intp)
    fold_of[dealt] = np.arange(len(y)) % k
    return [Fold(np.flatnonzero(fold_of != place), np.flatnonzero(fold_of == place)) for place in range(k)]


def shuffled_folds(n: int, k: int, seed: int) -> list[Fold]:
    """Shuffle n rows, cut them into k parts, and hold out each in turn (uvic-a3); its first alone is ``[:1]``.

    Parts differ in size by at most one; rows are in shuffled order.

    Parameters
    ----------
    n, k, seed : int

    Raises
    ------
    ConfigError
        If k is below 2.
    InputError
        If there are fewer rows than folds.

    Examples
    --------
    >>> [fold.held_out.size for fold in shuffled_folds(11, 5, seed=0)]
    [3, 2, 2, 2, 2]
    """
    _check_count(k)
    if n < k:
        raise InputError(f"{n} rows can't be cut into {k} folds: use fewer folds")
    parts = np.array_split(stream(seed, "fold").permutation(n), k)
    return [Fold(np.concatenate(parts[:place] + parts[place + 1 :]), parts[place]) for place in range(k)]


def check_folds(folds: Sequence[Fold], n: int) -> None:
    """Raise InputError unless each fold has rows of both kinds, all among n rows, and none of both kinds at once."""
    if not folds:
        raise InputError("there are no folds: give at least one")
    for place, fold in enumerate(folds):
        for part in (fold.training, fold.held_out):
            if not len(part) or part.min() < 0 or part.max() >= n:
                raise InputError(f"fold {place} has no rows to train on or to hold out, or rows that are not among {n}")
        if np.intersect1d(fold.training, fold.held_out).size:
            raise InputError(f"fold {place} trains on rows that it holds out")


def fold_weights(folds: Sequence[Fold], n: int) -> tuple[Array, Array]:
    """Return folds as row weights 0 and 1: those to train with and those to validate with, each ``(n, folds)`` float32.

    Examples
    --------
    >>> training, held_out = fold_weights([Fold(np.array([0, 2]), np.array([1]))], 3)
    >>> training[:, 0], held_out[:, 0]
    (array([1., 0., 1.], dtype=float32), array([0., 1., 0.], dtype=float32))
    """
    training, held_out = np.zeros((n, len(folds)), np.float32), np.zeros((n, len(folds)), np.float32)
    for place, fold in enumerate(folds):
        training[fold.training, place] = 1
        held_out[fold.held_out, place] = 1
    return training, held_out


def _check_count(k: int) -> None:
    if k < 2:
        raise ConfigError(f"folds={k}: cross-validation needs at least 2 folds")
