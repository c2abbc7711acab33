"""Whether a formula's vectors and matrices fit together, decided before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from onelayer.derivations.expression import (
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
from onelayer.errors import ConfigError

__all__ = ["Shape", "shape_of"]

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
    >>> shape_of(Product((Reference("r"), Call("transpose", Reference("x")))), {"r": "K", "x": "d"})
    ('K', 'd')
    """

    def shape(one: Node) -> Shape:
        return shape_of(one, quantities)

    match node:
        case Number() | Size() | Delta():
            return None
        case Reference(name, indices):
            axes = quantities[name]
            return None if indices or not axes else (axes[0], axes[1] if len(axes) == 2 else "1")
        case Sum(_, _, body) | Negative(body):
            return shape(body)
        case Add(terms):
            return _same([shape(term) for term in terms], "terms of a sum")
        case Cases(_, _, same, other):
            return _same([shape(same), shape(other)], "the two cases")
        case Product(factors):
            total: Shape = None
            for factor in factors:
                total = _product(total, shape(factor))
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
            return _called(function, argument, shape(argument))
        case Derivative(body, variable):
            return _derivative(shape(body), shape(variable))


def _same(shapes: list[Shape], what: str) -> Shape:
    if any(one != shapes[0] for one in shapes):
        raise ConfigError(f"{what} have different shapes: {', '.join(map(_named, shapes))}")
    return shapes[0]


def _product(left: Shape, right: Shape) -> Shape:
    if left is None or right is None:
        return left or right
    if left[1] != right[0]:
        raise ConfigError(f"a {_named(left)} can't be multiplied by a {_named(right)}; a vector is a column")
    return (left[0], right[1])


def _called(function: str, argument: Node, shape: Shape) -> Shape:
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


def _derivative(body: Shape, variable: Shape) -> Shape:
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
