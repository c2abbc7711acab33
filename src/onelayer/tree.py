"""Trees of named arrays: parameters, gradients, velocities and directions of any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from onelayer.arrays import AnyArray, Array

__all__ = ["Tree"]


@dataclass(frozen=True, eq=False)
class Tree:
    """Named float arrays that are worked on together; a subclass has a field for each.

    Of m models that are trained together every array has a leading axis m. What is done with parameters (steps,
    penalties, copies, checks, files) is done with any tree; only a model knows what its arrays mean.

    Class attributes
    ----------------
    axes : mapping of names to int
        The arrays in their order, and how many axes each has in one model.
    biases : frozenset of str
        Arrays that are intercepts: penalised only where ``penalize_bias`` says so, and learned only with
        ``fit_intercept``.
    at_inputs : (str, str)
        The weights ``(…, d)`` that multiply the inputs, and the intercepts beside them: what scaling is folded into.

    Examples
    --------
    >>> @dataclass(frozen=True, eq=False)
    ... class Line(Tree):
    ...     axes = {"slope": 1, "start": 1}
    ...     slope: Array
    ...     start: Array
    >>> line = Line(np.array([1.0, 2.0]), np.array([0.5]))
    >>> line.map(lambda part: 2 * part).slope
    array([2., 4.])
    """

    axes: ClassVar[Mapping[str, int]] = {}
    biases: ClassVar[frozenset[str]] = frozenset()
    at_inputs: ClassVar[tuple[str, str]] = ("weights", "intercepts")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the arrays, in their order."""
        return tuple(cls.axes)

    def __iter__(self) -> Iterator[AnyArray]:
        """Go through the arrays in their order."""
        return iter([getattr(self, name) for name in self.axes])

    def items(self) -> Iterator[tuple[str, AnyArray]]:
        """Go through names and arrays."""
        return iter([(name, getattr(self, name)) for name in self.axes])

    def map(self, function: Callable[..., AnyArray], *others: Self) -> Self:
        """Return a tree of ``function`` of each array, and of the arrays of that name in ``others``."""
        return type(self)(*(function(*parts) for parts in zip(self, *others, strict=True)))

    def copy(self) -> Self:
        """Return a copy that shares no memory with this one."""
        return self.map(lambda part: part.copy())

    def zeros(self, dtype: Any = None) -> Self:
        """Return zeros of these shapes, in their own type or in ``dtype``."""
        return self.map(lambda part: np.zeros(part.shape, dtype or part.dtype))

    def add(self, other: Self) -> None:
        """Add ``other`` to this tree, in place."""
        for total, part in zip(self, other, strict=True):
            total[...] += part

    def is_finite(self) -> bool:
        """Whether every number is finite."""
        return all(bool(np.isfinite(part).all()) for part in self)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(int(part.size) for part in self)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(int(part.nbytes) for part in self)

    @property
    def dtype(self) -> Any:
        """Type of the arrays."""
        return next(iter(self)).dtype

    @property
    def m(self) -> int | None:
        """The number of models that are trained together; None for one without a leading axis."""
        name, axes = next(iter(self.axes.items()))
        part = getattr(self, name)
        return int(part.shape[0]) if part.ndim > axes else None

    @classmethod
    def stack(cls, models: Sequence[Self]) -> Self:
        """Return m models as one tree with a leading axis."""
        return cls(*(np.stack(parts) for parts in zip(*models, strict=True)))

    def model(self, place: int) -> Self:
        """Return one of m models, as a view; with no leading axis, there is but this one."""
        return self if self.m is None else self.map(lambda part: part[place])

    def select(self, models: Array) -> Self:
        """Return those of m models that the bool array ``models`` (m,) marks."""
        return self if self.m is None else self.map(lambda part: part[models])

    def finite_models(self) -> Array:
        """Return for each of m models (of one, ``(1,)``) whether all its numbers are finite, bool ``(m,)``."""
        m = self.m
        if m is None:
            return np.array([self.is_finite()])
        finite: Array = np.all([np.isfinite(part).reshape(m, -1).all(axis=1) for part in self], axis=0)
        return finite

    def squared_norm(self, with_biases: bool) -> Any:
        """Return the sum of squares in float64, of one model a float, of m models ``(m,)``; of biases if asked for."""
        total: Any = 0.0
        for name, part in self.items():
            if with_biases or name not in self.biases:
                squares = part.astype(np.float64) ** 2
                total = total + (squares.sum() if self.m is None else squares.reshape(len(part), -1).sum(axis=1))
        return float(total) if self.m is None else total
