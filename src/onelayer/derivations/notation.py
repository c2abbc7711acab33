"""Notation: the quantities that a formula may name, how they are defined, and whether their shapes fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final, TypeAlias

from onelayer.derivations.expression import (
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
    free_indices,
    walk,
)
from onelayer.derivations.parser import parse
from onelayer.errors import ConfigError

__all__ = ["Domain", "Notation", "Shape", "Symbol", "shape_of"]


class Domain(StrEnum):
    """The values a quantity can have."""

    REAL = "real"
    POSITIVE = "positive"
    PROBABILITY = "probability"  # strictly between 0 and 1
    TARGET = "target"  # between 0 and 1, both included
    DISTRIBUTION = "distribution"  # probabilities over the classes: they sum to 1
    TARGETS = "targets"  # the same, and some may be 0


@dataclass(frozen=True)
class Symbol:
    """A quantity.

    Parameters
    ----------
    name : str
        Its name in formulas.
    meaning : str
        What it is, in a few words.
    axes : str
        One letter an axis: ``"Kd"`` for a matrix of classes by features, ``""`` for a number.
    domain : Domain
        The values it can have.
    definition : str, optional
        ``"z[k] = sum(i, w[k, i]*x[i])"`` without the left side; its free indices are those of ``indices``.
    indices : tuple of str
        The indices that its definition uses for its axes.
    free_unless : str
        The name of a quantity that occurs in its definition as a summand and nowhere else: as long as a formula does
        not name that one too, this quantity can have any value.
    slope_of : str
        The name of the quantity it is an unspecified function of; it has no definition then.
    slope : str
        The name of its derivative with respect to that.
    letter : str
        How it is written, if not by its name; ``hat`` sets a circumflex on it, ``layer`` is a superscript.
    """

    name: str
    meaning: str
    axes: str = ""
    domain: Domain = Domain.REAL
    definition: str | None = None
    indices: tuple[str, ...] = ()
    free_unless: str = ""
    slope_of: str = ""
    slope: str = ""
    letter: str = ""
    hat: bool = False
    layer: int = 0


@dataclass(frozen=True)
class Notation:
    """Quantities in the order in which each is defined by those before it.

    Parameters
    ----------
    name, title : str
        What it is called, and what it is about.
    symbols : tuple of Symbol
        The quantities.
    objective : str
        The name of the one that is a loss or penalty: what a claim is about if it names nothing else; empty if there
        is none.
    """

    name: str
    title: str
    symbols: tuple[Symbol, ...]
    objective: str = "C"

    @cached_property
    def by_name(self) -> Mapping[str, Symbol]:
        """The quantities by their names."""
        return {symbol.name: symbol for symbol in self.symbols}

    @cached_property
    def axes(self) -> Mapping[str, str]:
        """The axes of each quantity, by its name."""
        return {symbol.name: symbol.axes for symbol in self.symbols}

    @cached_property
    def definitions(self) -> Mapping[str, Node]:
        """The definitions, by name, as trees."""
        return {one.name: parse(one.definition, self.axes) for one in self.symbols if one.definition is not None}

    @cached_property
    def labelled(self) -> frozenset[str]:
        """The names of the quantities that depend on which class c is the true one."""
        found: set[str] = set()
        for name, node in self.definitions.items():
            outside = set(free_indices(node)) - set(self.by_name[name].indices)
            if "c" in outside or any(isinstance(part, Indexed) and part.name in found for part in walk(node)):
                found.add(name)
        return frozenset(found)

    def indices(self, *nodes: Node) -> tuple[str, ...]:
        """Return the free indices of formulas, and c where they depend on the true class; in alphabetical order."""
        found = {index for node in nodes for index in free_indices(node)}
        named = {part.name for node in nodes for part in walk(node) if isinstance(part, Indexed)}
        return tuple(sorted(found | ({"c"} if named & self.labelled else set())))

    def parse(self, text: str) -> Node:
        """Return the formula that ``text`` is.

        Raises
        ------
        ConfigError
            If it is none, names what is not here, or has vectors that do not fit together.
        """
        node = parse(text, self.axes)
        shape_of(node, self.axes)
        return node

    def with_one_hot_targets(self) -> Notation:
        """Return the notation with targets y that are 1 for the true class c and 0 for the others."""
        symbols = tuple(
            replace(one, definition="delta(k, c)", indices=("k",), domain=Domain.REAL)
            if one.domain is Domain.TARGETS
            else one
            for one in self.symbols
        )
        return replace(self, symbols=symbols)


Shape: TypeAlias = tuple[str, str] | None
"""Axes of the rows and columns of a matrix (a vector has the one column ``"1"``); None is a number."""

_OF_MATRICES: Final = ("diag", "inv", "transpose", "ones")


def shape_of(node: Node, quantities: Mapping[str, str]) -> Shape:
    """Return the shape of a formula.

    Parameters
    ----------
    node : Node
    quantities : mapping of str to str
        The axes of each quantity.

    Raises
    ------
    ConfigError
        If shapes do not fit: sums of different ones, quotients and powers of matrices, and the like.

    Examples
    --------
    >>> shape_of(Product((Indexed("r"), Call("transpose", Indexed("x")))), {"r": "K", "x": "d"})
    ('K', 'd')
    """

    def shape(one: Node) -> Shape:
        return shape_of(one, quantities)

    match node:
        case Number() | Size() | Delta():
            return None
        case Indexed(name, indices):
            axes = quantities[name]
            return None if indices or not axes else (axes[0], axes[1] if len(axes) == 2 else "1")
        case Sum(_, _, body) | Negative(body):
            return shape(body)
        case Add(terms):
            return _same_shape([shape(term) for term in terms], "terms of a sum")
        case Cases(_, _, same, other):
            return _same_shape([shape(same), shape(other)], "the two cases")
        case Product(factors):
            total: Shape = None
            for factor in factors:
                total = _product_shape(total, shape(factor))
            return total
        case Quotient(top, bottom):
            if shape(bottom) is not None:
                raise ConfigError(
                    "nothing can be divided by a vector or matrix: give it its indices, or use inv(diag(…))"
                )
            return shape(top)
        case Power(base, _):
            if shape(base) is not None:
                raise ConfigError("a vector or matrix has no power here: give it its indices")
            return None
        case Call(function, argument):
            return _call_shape(function, argument, shape(argument))
        case Derivative(body, variable):
            return _derivative_shape(shape(body), shape(variable))


def _same_shape(shapes: list[Shape], what: str) -> Shape:
    if any(one != shapes[0] for one in shapes):
        raise ConfigError(f"{what} have different shapes: {', '.join(map(_named, shapes))}")
    return shapes[0]


def _product_shape(left: Shape, right: Shape) -> Shape:
    if left is None or right is None:
        return left or right
    if left[1] != right[0]:
        raise ConfigError(f"a {_named(left)} can't be multiplied by a {_named(right)}; a vector is a column")
    return (left[0], right[1])


def _call_shape(function: str, argument: Node, shape: Shape) -> Shape:
    if function not in _OF_MATRICES:
        if shape is not None:
            raise ConfigError(f"{function} takes a number, not a {_named(shape)}: give quantities their indices")
        return None
    if shape is None:
        raise ConfigError(f"{function} takes a vector or matrix, not a number")
    if function == "transpose":
        return (shape[1], shape[0])
    if function == "inv":
        if not (isinstance(argument, Call) and argument.function == "diag"):
            raise ConfigError("inv takes a diagonal matrix, inv(diag(…))")
        return shape
    if shape[1] != "1":
        raise ConfigError(f"{function} takes a vector, not a {_named(shape)}")
    return shape if function == "ones" else (shape[0], shape[0])


def _derivative_shape(body: Shape, variable: Shape) -> Shape:
    if variable is None:
        return body
    if body is None:
        return variable if variable[1] != "1" else ("1", variable[0])
    if body[1] != "1" or variable[1] != "1":
        raise ConfigError(
            "a vector can be differentiated by a vector, a number by anything; a matrix needs its indices"
        )
    return (body[0], variable[0])


def _named(shape: Shape) -> str:
    return "number" if shape is None else f"{shape[0]}×{shape[1]} matrix"
