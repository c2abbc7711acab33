"""The language of formulas: what a derivation's steps and an audited claim are written in.

A formula is a small tree. It is read from text (``parser``), set in type (``typesetting``), made a SymPy expression for
given numbers of classes and features (``symbolic``) and computed in floating point (``numeric``): one tree for all of
them, so that what is shown is what is proved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Final, TypeAlias

__all__ = [
    "FUNCTIONS",
    "INDEX_AXES",
    "Add",
    "Call",
    "Cases",
    "Delta",
    "Derivative",
    "Indexed",
    "Negative",
    "Node",
    "Number",
    "Power",
    "Product",
    "Quotient",
    "Size",
    "Sum",
    "children",
    "free_indices",
    "walk",
]

INDEX_AXES: Final = {"c": "K", "j": "K", "k": "K", "l": "K", "i": "d", "m": "d", "g": "H", "h": "H", "n": "N"}
"""What each index letter counts: K classes (c is the row's true class), d features, H hidden units, N rows."""

FUNCTIONS: Final = {
    "exp": "e to the power of x",
    "ln": "natural logarithm",
    "log2": "logarithm to base 2",
    "sigmoid": "1/(1 + exp(−x))",
    "plus": "max(0, x)",
    "positive": "1 where x > 0, else 0",
    "leaky": "LeakyReLU: x where x > 0, else alpha·x",
    "leaky_slope": "1 where x > 0, else alpha",
    "diag": "the diagonal matrix of a vector",
    "inv": "inverse of a matrix",
    "transpose": "transpose of a vector or matrix",
    "ones": "the vector of ones, as long as its argument",
}
"""The functions of the language, and what they are; all take one argument."""


@dataclass(frozen=True, slots=True)
class Number:
    """A rational number; ``text`` is how it was written."""

    value: Fraction
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Size:
    """The length of an axis: K, d, H or N."""

    axis: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """An element of a quantity, z[k]; or, without its indices, the quantity as a whole."""

    name: str
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of ``body`` over an index, without its value ``excluded`` if there is one."""

    index: str
    excluded: str | None
    body: Node


@dataclass(frozen=True, slots=True)
class Add:
    """A sum of two or more terms; those that are ``Negative`` are taken away."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus ``body``."""

    body: Node


@dataclass(frozen=True, slots=True)
class Product:
    """A product of two or more factors."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """``top`` over ``bottom``."""

    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Power:
    """``base`` to a small integer power."""

    base: Node
    exponent: int


@dataclass(frozen=True, slots=True)
class Call:
    """One of ``FUNCTIONS`` of ``argument``."""

    function: str
    argument: Node


@dataclass(frozen=True, slots=True)
class Delta:
    """Kronecker's delta: 1 where the indices are equal, else 0."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Cases:
    """``same`` where two indices are equal, ``other`` where they are not."""

    left: str
    right: str
    same: Node
    other: Node


@dataclass(frozen=True, slots=True)
class Derivative:
    """The derivative of ``body`` with respect to a quantity, through everything that depends on it."""

    body: Node
    variable: Indexed


Node: TypeAlias = (
    Number | Size | Indexed | Sum | Add | Negative | Product | Quotient | Power | Call | Delta | Cases | Derivative
)


def children(node: Node) -> Iterator[Node]:
    """Return the trees right below a node."""
    for each in fields(node):
        value = getattr(node, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def walk(node: Node) -> Iterator[Node]:
    """Return a node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def free_indices(node: Node) -> tuple[str, ...]:
    """Return the indices that no sum binds, in alphabetical order.

    Examples
    --------
    >>> free_indices(Sum("k", "j", Indexed("z", ("k",))))
    ('j',)
    """
    return tuple(sorted(_free(node)))


def _free(node: Node) -> set[str]:
    below: set[str] = set().union(*map(_free, children(node)))
    match node:
        case Indexed(_, indices):
            return set(indices)
        case Sum(index, excluded, _):
            return (below - {index}) | ({excluded} if excluded else set())
        case Delta(left, right) | Cases(left, right, _, _):
            return below | {left, right}
    return below
