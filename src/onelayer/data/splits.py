"""Stratified, seeded splits, and the three parts that training uses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .dataset import Dataset

__all__ = ["Splits", "stratified"]


class Splits(NamedTuple):
    """The parts of a data set: fit on ``train``, choose on ``validation``, report on ``test``."""

    train: Dataset
    validation: Dataset | None
    test: Dataset


def stratified(dataset: Dataset, fractions: dict[str, float], random_state: int) -> dict[str, Dataset]:
    """Split off parts of given size, each with the classes in the proportions of the whole.

    A part of fraction f has round(n·f) rows; class by class, the quota n_class·f is rounded down and the rows still due
    go to the classes of largest remainder (the lower label first where remainders tie). Every class has at least one
    row in every part, ``"train"`` included, which gets the rest. Rows keep their order.

    Parameters
    ----------
    dataset : Dataset
        What to split.
    fractions : dict of str to float
        Fraction of each part to be split off, such as ``{"test": 0.2, "validation": 0.2}``.
    random_state : int
        Seed of the PCG64 stream that chooses the rows.

    Returns
    -------
    dict of str to Dataset
        The parts named in ``fractions``, and ``"train"``.

    Raises
    ------
    DataError
        If a class that occurs at all has fewer rows than there are parts.
    """
    counts = dataset.class_counts
    _check_counts(dataset, counts, len(fractions) + 1)
    quotas: dict[str, NDArray[np.int64]] = {}
    left = counts
    for position, (name, fraction) in enumerate(fractions.items()):
        still_to_serve = len(fractions) - position
        quotas[name] = np.minimum(_apportion(counts, fraction), np.maximum(left - still_to_serve, 0))
        left = left - quotas[name]
    rng = np.random.Generator(np.random.PCG64(random_state))
    rows: dict[str, list[NDArray[np.intp]]] = {name: [] for name in [*quotas, "train"]}
    for k in range(dataset.n_classes):
        shuffled = rng.permutation(np.flatnonzero(dataset.y == k))
        start = 0
        for name, quota in quotas.items():
            rows[name].append(shuffled[start : start + quota[k]])
            start += int(quota[k])
        rows["train"].append(shuffled[start:])
    return {name: dataset.take(np.sort(np.concatenate(chosen))) for name, chosen in rows.items()}


def _apportion(counts: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    """Rows of each class in a part of this fraction, shape (k,); at least one where a class has any."""
    exact = counts * fraction
    quota: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    due = round(float(counts.sum()) * fraction) - int(quota.sum())
    by_remainder = np.argsort(quota - exact, kind="stable")
    quota[by_remainder[: max(0, due)]] += 1
    return np.maximum(quota, np.minimum(counts, 1))


def _check_counts(dataset: Dataset, counts: NDArray[np.int64], needed: int) -> None:
    present = np.flatnonzero(counts)
    if len(present) < 2:
        raise DataError(f"{dataset._label} has rows of one class only; a classifier needs at least two.")
    scarce = present[counts[present] < needed]
    if len(scarce):
        k = int(scarce[0])
        raise DataError(
            f"{dataset._label} has too few rows to split: each class needs at least {needed}, one for each part, and "
            f"class {k} ({printable(dataset.class_names[k], 40)}) has {counts[k]}. Add rows or leave the class out."
        )
