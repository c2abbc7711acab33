"""Whether two SymPy expressions are equal: a normal form in which equals become the same polynomial.

Exponentials and logarithms are made letters of their own: e^(2a + b) is A²·B, and ln of a quotient of products is a
sum of logarithms of its irreducible factors. What remains is a quotient of polynomials in those letters, and it is
zero if its numerator, multiplied out, is. That proves an equality wherever both sides are defined (where the arguments
of logarithms are positive, ln x is ln |x|, which turns products into sums whatever the factors' signs). Expressions
with kinks are compared on every side of them: [x > 0] is set to 0 and to 1, for every x on its own.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final

from onelayer.derivations.rational import Letters, quotient_of_polynomials
from onelayer.derivations.symbolic import Symbolic, indicator
from onelayer.derivations.sympy_extra import load_sympy

__all__ = ["MAX_KINKS", "equal", "vanishes"]

MAX_KINKS: Final = 6


def equal(symbolic: Symbolic, left: Any, right: Any) -> bool:
    """Return whether both sides, expressions or matrices of one shape, are proved equal; False is no proof that not.

    The definitions of the setting are put in one after the other until the sides agree, so that a step that needs few
    of them is proved in short expressions.
    """
    sides = [entries(left), entries(right)]
    return len(sides[0]) == len(sides[1]) and all(
        _becomes_zero(symbolic, a - b) for a, b in zip(sides[0], sides[1], strict=True)
    )


def entries(value: Any) -> list[Any]:
    """Return the entries of a matrix, or an expression alone in a list."""
    return list(value) if hasattr(value, "shape") else [value]


def _becomes_zero(symbolic: Symbolic, difference: Any) -> bool:
    while not vanishes(difference):
        expanded = symbolic.expand_once(difference)
        if expanded == difference:
            return False
        difference = expanded
    return True


def vanishes(expression: Any) -> bool:
    """Return whether an expression is proved to be zero."""
    kinks = sorted(expression.atoms(indicator()), key=str)
    if len(kinks) > MAX_KINKS:
        return False
    sides = product((0, 1), repeat=len(kinks))
    return all(_smooth_vanishes(_without(expression, dict(zip(kinks, side, strict=True)))) for side in sides)


def _without(expression: Any, sides: dict[Any, int]) -> Any:
    sympy = load_sympy()
    return expression.xreplace({kink: sympy.Integer(side) for kink, side in sides.items()})


def _smooth_vanishes(expression: Any) -> bool:
    top, bottom = quotient_of_polynomials(Letters().rational(expression))
    return bool(top == 0 and bottom != 0)
