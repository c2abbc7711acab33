"""Formulas as SymPy expressions, and their derivatives by the chain rule through the definitions of a notation.

A defined quantity stays a symbol of its own until its definition is asked for. Derivatives go through definitions one
after the other,

    d e/d v = ∂e/∂v + Σ_s ∂e/∂s · d s/d v,

the sum being over the quantities s in e that depend on v: so they stay as short as on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

from onelayer.derivations.interpreter import Interpreter
from onelayer.derivations.notation import Domain, Notation
from onelayer.errors import MissingDependencyError

__all__ = ["Symbolic", "indicator", "load_sympy"]


def load_sympy() -> Any:
    """Return the module ``sympy``.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import sympy
    except ImportError:
        raise MissingDependencyError(
            "Proofs need SymPy, which is not installed. Install it with: python -m pip install 'onelayer[derive]'"
        ) from None
    return sympy


_POSITIVE = (Domain.POSITIVE, Domain.PROBABILITY, Domain.DISTRIBUTION)


@cache
def indicator() -> Any:
    """Return the SymPy function that is 1 where its argument is positive, else 0; its slope is 0 where it has one."""
    sympy = load_sympy()

    # To the type checker a module that is a value, loaded when it is needed, has no classes.
    class Positive(sympy.Function):  # type: ignore[name-defined]
        is_real = True

        def fdiff(self, argindex: int = 1) -> Any:
            return sympy.S.Zero

    return Positive


class Symbolic(Interpreter):
    """Formulas as SymPy expressions.

    Parameters
    ----------
    notation, sizes : as for Interpreter
    where : mapping of str to str
        Numbers that stand for quantities without axes: ``{"y": "1"}``.
    """

    def __init__(self, notation: Notation, sizes: Mapping[str, int], where: Mapping[str, str] | None = None) -> None:
        super().__init__(notation, sizes)
        self.sympy = load_sympy()
        self._places: dict[Any, tuple[str, tuple[int, ...], dict[str, int]]] = {}
        self._slopes: dict[tuple[Any, Any], Any] = {}
        self._definitions: dict[Any, Any] = {}
        self.fixed = {
            self.element(name, (), {}): self.value(notation.parse(text), {}) for name, text in (where or {}).items()
        }

    def number(self, value: Fraction) -> Any:
        """Return a rational number."""
        return self.sympy.Rational(value.numerator, value.denominator)

    def element(self, name: str, place: tuple[int, ...], at: Mapping[str, int]) -> Any:
        """Return the symbol of an element; those whose definition names the true class are told apart by it."""
        symbol = self.notation.by_name[name]
        label = {"c": at["c"]} if name in self.notation.labelled else {}
        text = "_".join([name, *(str(i + 1) for i in place), *(f"c{c + 1}" for c in label.values())])
        known = {"positive": True} if symbol.domain in _POSITIVE else {"real": True}
        atom = self.sympy.Symbol(text, **known)
        self._places[atom] = (name, place, label)
        return atom

    def whole(self, name: str, at: Mapping[str, int]) -> Any:
        """Return a vector as a column, a matrix as it is."""
        lengths = [self.sizes[axis] for axis in self.notation.axes[name]]
        rows, columns = lengths if len(lengths) == 2 else (*lengths, 1)
        return self.sympy.Matrix(rows, columns, lambda i, j: self.element(name, (int(i), int(j))[: len(lengths)], at))

    def call(self, function: str, argument: Any) -> Any:
        """Return a function's value."""
        sympy, x = self.sympy, argument
        match function:
            case "exp":
                return sympy.exp(x)
            case "ln":
                return sympy.log(x)
            case "log2":
                return sympy.log(x) / sympy.log(2)
            case "sigmoid":
                return 1 / (1 + sympy.exp(-x))
            case "plus":
                return x * indicator()(x)
            case "positive":
                return indicator()(x)
            case "leaky":
                return x * self._leak(x)
            case "leaky_slope":
                return self._leak(x)
            case "diag":
                return sympy.diag(*x)
            case "inv":
                return sympy.diag(*(1 / x[i, i] for i in range(x.rows)))
            case "transpose":
                return x.T
        return sympy.ones(*x.shape)  # "ones", the last of FUNCTIONS

    def _leak(self, x: Any) -> Any:
        alpha = self.element("alpha", (), {})
        return alpha + (1 - alpha) * indicator()(x)

    def derivative(self, body: Any, variable: Any) -> Any:
        """Return a derivative; of a number by a matrix in the matrix's shape, of a vector by a vector as Jacobian."""
        if not hasattr(variable, "shape"):
            return (
                body.applyfunc(lambda entry: self.slope(entry, variable))
                if hasattr(body, "shape")
                else self.slope(body, variable)
            )
        if not hasattr(body, "shape"):
            by_entry = variable.applyfunc(lambda entry: self.slope(body, entry))
            return by_entry if variable.shape[1] > 1 else by_entry.T
        return self.sympy.Matrix(len(body), len(variable), lambda i, j: self.slope(body[int(i)], variable[int(j)]))

    def slope(self, expression: Any, variable: Any) -> Any:
        """Return the derivative of an expression by a symbol."""
        total = self.sympy.diff(expression, variable)
        for symbol in sorted(expression.free_symbols - {variable}, key=str):
            through = self._slope_of_symbol(symbol, variable)
            if through != 0:
                total += self.sympy.diff(expression, symbol) * through
        return total

    def _slope_of_symbol(self, symbol: Any, variable: Any) -> Any:
        key = (symbol, variable)
        if key not in self._slopes:
            name, _, _ = self._places[symbol]
            described = self.notation.by_name[name]
            if described.slope_of:
                terms = (
                    self.element(described.slope, place, {})
                    * self.slope(self.element(described.slope_of, place, {}), variable)
                    for place in self._all_places(described.slope_of)
                )
                self._slopes[key] = sum(terms, start=self.sympy.S.Zero)
            else:
                definition = self.definition(symbol)
                self._slopes[key] = self.sympy.S.Zero if definition is None else self.slope(definition, variable)
        return self._slopes[key]

    def _all_places(self, name: str) -> list[tuple[int, ...]]:
        return list(product(*(range(self.sizes[axis]) for axis in self.notation.axes[name])))

    def definition(self, symbol: Any) -> Any | None:
        """Return what a symbol is defined as, None if it is not."""
        if symbol not in self._definitions:
            name, place, label = self._places[symbol]
            described = self.notation.by_name[name]
            at = {**label, **dict(zip(described.indices, place, strict=True))} if described.definition else {}
            self._definitions[symbol] = (
                self.value(self.notation.definitions[name], at) if described.definition else None
            )
        return self._definitions[symbol]

    def stand_in(self, symbol: Any) -> Any | None:
        """Return what may be put in a symbol's place: its number, its definition, or 1 less the other probabilities."""
        if symbol in self.fixed:
            return self.fixed[symbol]
        name, place, _ = self._places[symbol]
        described = self.notation.by_name[name]
        if described.domain in (Domain.DISTRIBUTION, Domain.TARGETS) and described.definition is None:
            last = self.sizes["K"] - 1
            others = (self.element(name, (k,), {}) for k in range(last))
            return 1 - sum(others, start=self.sympy.S.Zero) if place == (last,) else None
        return self.definition(symbol)

    def name_of(self, symbol: Any) -> tuple[str, tuple[int, ...]]:
        """Return the quantity and the place in it that a symbol is."""
        name, place, _ = self._places[symbol]
        return name, place

    def expand_once(self, expression: Any) -> Any:
        """Return the expression with the stand-ins of those of its quantities that come last in the notation.

        Quantities that can have any value as things are stay (``Symbol.free_unless``): scores, where no intercept is
        named. An expression without anything to put in comes back as it is.
        """
        named = {self._places[symbol][0] for symbol in expression.free_symbols}
        ready = {}
        for symbol in expression.free_symbols:
            unless = self.notation.by_name[self._places[symbol][0]].free_unless
            if symbol in self.fixed or not unless or unless in named:
                value = self.stand_in(symbol)
                if value is not None:
                    ready[symbol] = value
        if not ready:
            return expression
        rank = {one.name: i for i, one in enumerate(self.notation.symbols)}
        latest = max(rank[self._places[symbol][0]] for symbol in ready)
        return expression.xreplace({s: value for s, value in ready.items() if rank[self._places[s][0]] == latest})

    def expand(self, expression: Any) -> Any:
        """Return the expression in terms of quantities that can have any values of their domains."""
        while (expanded := self.expand_once(expression)) != expression:
            expression = expanded
        return expression
