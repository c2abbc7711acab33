"""What a formula is worth: one walk over its tree, for symbols and for floating-point numbers alike."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.derivations.expression import (
    INDEX_AXES,
    Add,
    Call,
    Cases,
    Delta,
    Derivative,
    Indexed,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Size,
    Sum,
)
from onelayer.derivations.notation import Notation
from onelayer.errors import ConfigError

__all__ = ["Comparison", "Comparisons", "Interpreter", "Numeric", "evaluate", "index_patterns", "index_values"]


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
    notation : Notation
        The quantities.
    sizes : mapping of str to int
        The length of each axis.
    """

    def __init__(self, notation: Notation, sizes: Mapping[str, int]) -> None:
        self.notation = notation
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
            case Indexed(name, indices):
                if indices or not self.notation.axes[name]:
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


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """What a formula should be worth.

    Parameters
    ----------
    formula : str
        A formula of the derivation's notation.
    values : mapping of str to float array
        The quantities it rests on; defined ones are computed.
    expected : float array, or float
        What the package computes: one axis for each free index of the formula, in alphabetical order.
    """

    formula: str
    values: Mapping[str, Any]
    expected: Any

    def error(self, notation: Notation) -> float:
        """Return the largest difference, relative to the largest expected entry (or to 1, if that is larger)."""
        expected = np.asarray(self.expected, dtype=np.float64)
        found = evaluate(notation, self.formula, self.values)
        if found.shape != expected.shape:
            raise ConfigError(f"{self.formula!r} has the shape {found.shape}, not {expected.shape}")
        return float(np.max(np.abs(found - expected), initial=0.0) / max(1.0, np.max(np.abs(expected), initial=0.0)))


Comparisons = Callable[[np.random.Generator], Iterable[Comparison]]
"""Random values, and what the package makes of them: anew at every call."""


def evaluate(notation: Notation, formula: str, values: Mapping[str, Any]) -> Floats:
    """Return a formula's values, one axis for each free index in alphabetical order.

    Parameters
    ----------
    notation : Notation
    formula : str
        Without derivatives and without quantities as a whole.
    values : mapping of str to float array
        The quantities it rests on, whose shapes give the sizes.

    Examples
    --------
    >>> from onelayer.derivations.notations import NOTATIONS
    >>> evaluate(NOTATIONS["softmax"], "yhat[k]", {"z": [0.0, 0.0]})
    array([0.5, 0.5])
    """
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    sizes = {
        axis: n for name, value in arrays.items() for axis, n in zip(notation.axes[name], value.shape, strict=True)
    }
    numeric = Numeric(notation, sizes, arrays)
    node = notation.parse(formula)
    indices = notation.indices(node)
    figures = [numeric.value(node, at) for at in index_values(indices, sizes)]
    return np.array(figures, dtype=np.float64).reshape([sizes[INDEX_AXES[index]] for index in indices])


class Numeric(Interpreter):
    """Formulas as Python floats, straight from the definitions.

    Parameters
    ----------
    notation, sizes : as for Interpreter
    values : mapping of str to float array
    """

    def __init__(self, notation: Notation, sizes: Mapping[str, int], values: Mapping[str, Floats]) -> None:
        super().__init__(notation, sizes)
        self.values = values
        self.computed: dict[tuple[Any, ...], float] = {}

    def number(self, value: Fraction) -> float:
        """Return a rational number."""
        return float(value)

    def element(self, name: str, place: tuple[int, ...], at: Mapping[str, int]) -> float:
        """Return a given value, or compute it from the definition."""
        if name in self.values:
            return float(self.values[name][place])
        label = {"c": at["c"]} if name in self.notation.labelled else {}
        key = (name, place, *label.values())
        if key not in self.computed:
            definition = self.notation.definitions.get(name)
            if definition is None:
                raise ConfigError(f"no value is given for {name!r}")
            indices = self.notation.by_name[name].indices
            self.computed[key] = float(self.value(definition, {**label, **dict(zip(indices, place, strict=True))}))
        return self.computed[key]

    def whole(self, name: str, at: Mapping[str, int]) -> Any:
        """Refuse: element by element is how formulas are computed here."""
        raise ConfigError(f"give {name!r} its indices")

    def call(self, function: str, argument: float) -> float:
        """Return a function's value."""
        match function:
            case "exp":
                return math.exp(argument)
            case "ln":
                return math.log(argument)
            case "log2":
                return math.log2(argument)
            case "sigmoid":
                return 1.0 / (1.0 + math.exp(-argument))
            case "plus":
                return max(0.0, argument)
            case "positive":
                return float(argument > 0)
            case "leaky":
                return argument * self._leak(argument)
            case "leaky_slope":
                return self._leak(argument)
        raise ConfigError(f"{function!r} is a function of matrices")

    def _leak(self, argument: float) -> float:
        return 1.0 if argument > 0 else float(self.values["alpha"])

    def derivative(self, body: Any, variable: Any) -> Any:
        """Refuse: a result has none left."""
        raise ConfigError("a derivative is left in the formula")
