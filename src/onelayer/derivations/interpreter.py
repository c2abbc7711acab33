"""What a formula is worth: one walk over its tree, for symbols and for floating-point numbers alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

from onelayer.derivations.expression import (
    INDEX_AXES,
    Add,
    Call,
    Cases,
    Delta,
    Derivative,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Size,
    Sum,
)
from onelayer.derivations.setting import Setting

__all__ = ["Interpreter", "index_patterns", "index_values"]


def index_values(indices: tuple[str, ...], sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Return every way to give the indices values, counted from 0.

    Examples
    --------
    >>> list(index_values(("k",), {"K": 2}))
    [{'k': 0}, {'k': 1}]
    """
    for values in product(*(range(sizes[INDEX_AXES[index]]) for index in indices)):
        yield dict(zip(indices, values, strict=True))


def index_patterns(indices: tuple[str, ...], sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Return one way to give the indices values for each pattern of equal and different ones.

    No formula can name a particular class (or feature, hidden unit, row): all other ways are these with the classes
    renamed, and what holds for one holds for the other.

    Examples
    --------
    >>> list(index_patterns(("j", "k"), {"K": 4}))
    [{'j': 0, 'k': 0}, {'j': 0, 'k': 1}]
    """
    for at in index_values(indices, sizes):
        seen: dict[str, int] = {}
        for index, value in at.items():
            axis = INDEX_AXES[index]
            if value > seen.get(axis, 0):
                break
            seen[axis] = max(seen.get(axis, 0), value + 1)
        else:
            yield at


class Interpreter(ABC):
    """A formula's value for given sizes of the axes; subclasses say what numbers, quantities and functions are.

    Parameters
    ----------
    setting : Setting
        The quantities.
    sizes : mapping of str to int
        The length of each axis.
    """

    def __init__(self, setting: Setting, sizes: Mapping[str, int]) -> None:
        self.setting = setting
        self.sizes = sizes

    @abstractmethod
    def number(self, value: Fraction) -> Any:
        """Return a rational number."""

    @abstractmethod
    def element(self, name: str, place: tuple[int, ...], at: Mapping[str, int]) -> Any:
        """Return one element of a quantity; ``at`` has the values of the indices in force."""

    @abstractmethod
    def whole(self, name: str, at: Mapping[str, int]) -> Any:
        """Return a vector or matrix."""

    @abstractmethod
    def call(self, function: str, argument: Any) -> Any:
        """Return a function's value."""

    @abstractmethod
    def derivative(self, body: Any, variable: Any) -> Any:
        """Return a derivative."""

    def value(self, node: Node, at: Mapping[str, int]) -> Any:
        """Return the value of a formula where its free indices have the values ``at``, counted from 0."""
        match node:
            case Number(value, _):
                return self.number(value)
            case Size(axis):
                return self.number(Fraction(self.sizes[axis]))
            case Reference(name, indices):
                if indices or not self.setting.axes[name]:
                    return self.element(name, tuple(at[index] for index in indices), at)
                return self.whole(name, at)
            case Sum(index, excluded, body):
                values = range(self.sizes[INDEX_AXES[index]])
                without = None if excluded is None else at[excluded]
                return self._added([self.value(body, {**at, index: v}) for v in values if v != without])
            case Add(terms):
                return self._added([self.value(term, at) for term in terms])
            case Negative(body):
                return -self.value(body, at)
            case Product(factors):
                first, *rest = (self.value(factor, at) for factor in factors)
                for factor in rest:
                    first = first * factor
                return first
            case Quotient(top, bottom):
                return self.value(top, at) / self.value(bottom, at)
            case Power(base, exponent):
                return self.value(base, at) ** exponent
            case Call(function, argument):
                return self.call(function, self.value(argument, at))
            case Delta(left, right):
                return self.number(Fraction(at[left] == at[right]))
            case Cases(left, right, same, other):
                return self.value(same if at[left] == at[right] else other, at)
            case Derivative(body, variable):
                return self.derivative(self.value(body, at), self.value(variable, at))

    def _added(self, terms: list[Any]) -> Any:
        if not terms:
            return self.number(Fraction(0))
        first, *rest = terms
        for term in rest:
            first = first + term
        return first
