"""Whether two SymPy expressions are equal: a normal form in which equals become the same polynomial.

Exponentials and logarithms are made letters of their own: e^(2a + b) is A²·B, and ln of a quotient of products is a
sum of logarithms of its irreducible factors. What remains is a quotient of polynomials in those letters, and it is
zero if its numerator, multiplied out, is. That proves an equality wherever both sides are defined (where the arguments
of logarithms are positive, ln x is ln |x|, which turns products into sums whatever the factors' signs). Expressions
with kinks are compared on every side of them: [x > 0] is set to 0 and to 1, for every x on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Final

from onelayer.derivations.symbolic import Symbolic, indicator, load_sympy

__all__ = ["MAX_KINKS", "Letters", "equal", "quotient_of_polynomials", "vanishes"]


MAX_KINKS: Final = 6


def equal(symbolic: Symbolic, left: Any, right: Any) -> bool:
    """Return whether both sides, expressions or matrices of one shape, are proved equal; False is no proof that not.

    The definitions of the notation are put in one after the other until the sides agree, so that a step that needs few
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


class Letters:
    """The letters that stand for exponentials and logarithms in one expression."""

    def __init__(self) -> None:
        self.sympy = load_sympy()
        self.of: dict[tuple[str, Any], Any] = {}
        self.exponents: dict[Any, Any] = {}

    def rational(self, expression: Any) -> Any:
        """Return the expression with letters for its exponentials and logarithms, the innermost first."""
        if not expression.args:
            return expression
        parts = [self.rational(part) for part in expression.args]
        make: Callable[..., Any] = {self.sympy.exp: self._exponential, self.sympy.log: self._logarithm}.get(
            expression.func, expression.func
        )
        return make(*parts)

    def _letter(self, kind: str, what: Any) -> Any:
        return self.of.setdefault((kind, what), self.sympy.Dummy())

    def _exponential(self, exponent: Any) -> Any:
        """Return Π A_t^c for the exponent Σ c·t."""
        total = self.sympy.S.One
        for term in self.sympy.Add.make_args(self.sympy.expand(exponent)):
            coefficient, rest = term.as_coeff_Mul()
            if not coefficient.is_Integer:
                coefficient, rest = self.sympy.S.One, term
            letter = self._letter("exp", rest)
            self.exponents[letter] = rest
            total *= letter**coefficient
        return total

    def _logarithm(self, argument: Any) -> Any:
        """Return Σ n·ln|f| over the irreducible factors f^n of the argument."""
        total = self.sympy.S.Zero
        for side, sign in zip(self.sympy.fraction(self.sympy.together(argument)), (1, -1), strict=True):
            coefficient, factors = self.sympy.factor_list(side)
            if coefficient == 0:
                return self.sympy.nan  # the logarithm of what turns out to be 0, or to be over 0
            for factor, power in [*self._primes(coefficient), *factors]:
                exponent = self.exponents.get(factor)
                total += sign * power * (self._letter("ln", factor) if exponent is None else exponent)
        return total

    def _primes(self, coefficient: Any) -> list[tuple[Any, int]]:
        if not coefficient.is_Rational:
            return [(coefficient, 1)]
        return list(self.sympy.factorrat(abs(coefficient)).items()) if coefficient not in (1, -1) else []


def quotient_of_polynomials(expression: Any) -> tuple[Any, Any]:
    """Return numerator and denominator, multiplied out, of an expression of sums, products and integer powers.

    Anything else in it, an undefined number say, makes the denominator 0.
    """
    sympy = load_sympy()
    symbols = sorted(expression.free_symbols, key=str)
    ring = sympy.ring([f"a{i}" for i in range(max(1, len(symbols)))], sympy.QQ)[0]
    letters = dict(zip(symbols, ring.gens, strict=False))

    def quotient(part: Any) -> tuple[Any, Any]:
        if part in letters:
            return letters[part], ring.one
        if part.is_Rational:
            return ring(sympy.QQ(part.p, part.q)), ring.one
        if part.is_Add:
            return _added_quotients([quotient(term) for term in part.args])
        if part.is_Mul:
            sides = [quotient(factor) for factor in part.args]
            return _product_of([top for top, _ in sides], ring.one), _product_of(
                [bottom for _, bottom in sides], ring.one
            )
        if part.is_Pow and part.exp.is_Integer:
            top, bottom = quotient(part.base)
            n = int(part.exp)
            return (top**n, bottom**n) if n >= 0 else (bottom**-n, top**-n)
        return ring.one, ring.zero

    return quotient(expression)


def _added_quotients(quotients: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Return the sum of quotients over the least common multiple of their denominators."""
    by_bottom: dict[Any, Any] = {}
    for top, bottom in quotients:
        if bottom == 0:
            return top, bottom
        by_bottom[bottom] = by_bottom[bottom] + top if bottom in by_bottom else top
    (bottom, top), *others = by_bottom.items()
    for other, its_top in others:
        _, missing, extra = bottom.cofactors(other)
        top, bottom = top * extra + its_top * missing, bottom * extra
    return top, bottom


def _product_of(factors: list[Any], one: Any) -> Any:
    total = one
    for factor in factors:
        total = total * factor
    return total
