"""How often each class was taken for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from onelayer.arrays import Array
from onelayer.storage.records import Count

__all__ = ["Confusion"]


@dataclass(frozen=True, eq=False)
class Confusion:
    """The cells of a confusion matrix that have rows; of 10,000 classes the whole matrix would take 800 MB.

    ``numpy.asarray`` makes the matrix of it: (k, k), true classes in rows, predicted ones in columns.

    Parameters
    ----------
    n_classes : int
        k.
    true, predicted : ndarray of shape (m,), int64
        The classes of each cell, each once, in order.
    counts : ndarray of shape (m,), int64
        Its rows, 1 at least.

    Examples
    --------
    >>> found = Confusion.of(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    >>> np.asarray(found)
    array([[1, 1],
           [0, 1]])
    """

    n_classes: int
    true: Array
    predicted: Array
    counts: Array

    @classmethod
    def of(cls, labels: Array, predicted: Array, n_classes: int) -> Self:
        """Count n rows by their true class and the one decided for, both (n,) and integers from 0 to k − 1."""
        cells, counts = np.unique(labels.astype(np.int64) * n_classes + predicted, return_counts=True)
        return cls(n_classes, cells // n_classes, cells % n_classes, counts.astype(np.int64))

    @classmethod
    def of_matrix(cls, matrix: Any) -> Self:
        """Return the cells of a whole matrix (k, k).

        Raises
        ------
        ValueError
            It is not square.
        """
        k = len(matrix)
        if {k, *map(len, matrix)} != {k}:
            raise ValueError(f"not {k} rows of {k} counts, one for each class")
        counts = np.asarray(matrix, np.int64).reshape(k, k)
        true, predicted = np.nonzero(counts)
        return cls(k, true, predicted, counts[true, predicted])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.among(np.arange(self.n_classes)).astype(dtype or np.int64)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Confusion):
            return NotImplemented
        pairs = [(getattr(self, name), getattr(other, name)) for name in ("true", "predicted", "counts")]
        return self.n_classes == other.n_classes and all(np.array_equal(one, two) for one, two in pairs)

    __hash__ = None  # type: ignore[assignment]

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    @property
    def supports(self) -> Array:
        """Rows of each true class, (k,)."""
        return self._summed(self.true, self.counts)

    @property
    def predictions(self) -> Array:
        """Rows that each class was decided for on, (k,)."""
        return self._summed(self.predicted, self.counts)

    @property
    def hits(self) -> Array:
        """Rows of each class that were decided rightly, (k,)."""
        right = self.true == self.predicted
        return self._summed(self.true[right], self.counts[right])

    def among(self, classes: Array) -> Array:
        """Return the part of the matrix on some classes (c,): counts (c, c), in their order."""
        places = np.full(self.n_classes, -1)
        places[classes] = np.arange(len(classes))
        rows, columns = places[self.true], places[self.predicted]
        kept = (rows >= 0) & (columns >= 0)
        matrix = np.zeros((len(classes), len(classes)), np.int64)
        matrix[rows[kept], columns[kept]] = self.counts[kept]
        return matrix

    def mistakes(self) -> list[tuple[int, int, int]]:
        """Return what was taken for what, and how often, the most frequent first."""
        wrong = np.flatnonzero(self.true != self.predicted)
        order = wrong[np.argsort(-self.counts[wrong], kind="stable")]
        columns = (self.true[order], self.predicted[order], self.counts[order])
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _summed(self, classes: Array, counts: Array) -> Array:
        found: Array = np.bincount(classes, counts, self.n_classes).astype(np.int64)
        return found

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Confusion:
            if isinstance(value, Confusion):
                return value
            rows: Sequence[Sequence[int]] = check(value)
            return cls.of_matrix(rows)

        return core_schema.no_info_wrap_validator_function(read, handler.generate_schema(list[list[Count]]))
