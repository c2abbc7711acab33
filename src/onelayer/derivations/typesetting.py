"""Formulas set in type: what all dialects (text, LaTeX, MathML) have in common, which is where brackets belong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import ClassVar, Final

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
from onelayer.derivations.setting import Setting, Symbol

__all__ = ["Level", "Typesetter"]


_ENTRY: Final = "kihn"


class Level(IntEnum):
    """How tightly a formula holds together: it needs brackets where something tighter is asked for."""

    SUM = 0
    TERM = 1
    FACTOR = 2
    ATOM = 3


class Typesetter(ABC):
    """Formulas of one setting in one dialect.

    Parameters
    ----------
    setting : Setting
        The quantities, whose letters are used.
    """

    quotient_level: ClassVar[Level] = Level.FACTOR
    """A fraction with a bar holds together; one on a single line does less."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def show(self, node: Node, level: Level = Level.SUM) -> str:
        """Return a formula in this dialect, in brackets if it is less tight than ``level``."""
        text, own = self._set(node)
        return text if own >= level else self._bracketed(text)

    def entry(self, symbol: Symbol) -> str:
        """Return a quantity as a list of quantities has it: with the index letters of its axes."""
        letters = [next(letter for letter in _ENTRY if INDEX_AXES[letter] == axis) for axis in symbol.axes]
        return self._symbol(symbol, tuple(letters))

    def _set(self, node: Node) -> tuple[str, Level]:
        match node:
            case Number(value, text):
                return self._number(text), Level.ATOM if value >= 0 else Level.SUM
            case Size(axis):
                return self._size(axis), Level.ATOM
            case Reference(name, indices):
                return self._symbol(self.setting.by_name[name], indices), Level.ATOM
            case Delta(left, right):
                return self._delta(left, right), Level.ATOM
            case Add(terms):
                return self._added(terms), Level.SUM
            case Negative(body):
                return self._operator("−", prefix=True) + self.show(body, Level.TERM), Level.SUM
            case Product(factors):
                return self._multiplied(factors), Level.TERM
            case Quotient(top, bottom):
                return self._divided(top, bottom), self.quotient_level
            case Power(base, exponent):
                return self._power(self.show(base, Level.ATOM), str(exponent).replace("-", "−")), Level.FACTOR
            case Sum(index, excluded, body):
                return self._summation(index, excluded, self.show(body, Level.TERM)), Level.TERM
            case Cases(left, right, same, other):
                return self._cases(left, right, self.show(same), self.show(other)), Level.FACTOR
            case Call(function, argument):
                return self._called(function, argument)
            case Derivative(body, variable):
                return self._derived(body, variable)

    def _added(self, terms: tuple[Node, ...]) -> str:
        first, *rest = terms
        text = self.show(first, Level.TERM if not isinstance(first, Negative) else Level.SUM)
        for term in rest:
            sign, body = ("−", term.body) if isinstance(term, Negative) else ("+", term)
            text += self._operator(sign) + self.show(body, Level.TERM)
        return text

    def _multiplied(self, factors: tuple[Node, ...]) -> str:
        last = len(factors) - 1
        shown = [
            self.show(factor, Level.TERM if i == last and _ends(factor) else Level.FACTOR)
            for i, factor in enumerate(factors)
        ]
        text = shown[0]
        for i in range(1, len(factors)):
            text += self._times(factors[i - 1], factors[i]) + shown[i]
        return text

    def _divided(self, top: Node, bottom: Node) -> str:
        if self.quotient_level == Level.FACTOR:
            return self._fraction(self.show(top), self.show(bottom))
        return self._fraction(self.show(top, Level.FACTOR), self.show(bottom, Level.ATOM))

    def _called(self, function: str, argument: Node) -> tuple[str, Level]:
        match function:
            case "exp":
                return self._exponential(self.show(argument)), Level.FACTOR
            case "ln" | "log2":
                inner, level = self._set(argument)
                bare = level == Level.ATOM
                return self._logarithm(
                    function, inner if bare else self._bracketed(inner), bare
                ), Level.TERM if bare else Level.FACTOR
            case "plus":
                return self._maximum(self.show(argument)), Level.ATOM
            case "positive":
                return self._iverson(self.show(argument)), Level.ATOM
            case "inv":
                return self._power(self.show(argument, Level.ATOM), "−1"), Level.FACTOR
            case "transpose":
                return self._transpose(self.show(argument, Level.ATOM)), Level.FACTOR
            case "ones":
                return self._ones(), Level.ATOM
        return self._function(function, self._bracketed(self.show(argument))), Level.ATOM

    def _derived(self, body: Node, variable: Reference) -> tuple[str, Level]:
        by = self.show(variable)
        if isinstance(body, Reference):
            return self._derivative(self.show(body), (by,)), Level.FACTOR
        if isinstance(body, Derivative) and isinstance(body.body, Reference):
            return self._derivative(self.show(body.body), (by, self.show(body.variable))), Level.FACTOR
        return self._derivative("", (by,)) + self._bracketed(self.show(body)), Level.FACTOR

    @abstractmethod
    def _number(self, text: str) -> str:
        """Return a number."""

    @abstractmethod
    def _size(self, axis: str) -> str:
        """Return the length of an axis."""

    @abstractmethod
    def _symbol(self, symbol: Symbol, indices: tuple[str, ...]) -> str:
        """Return a quantity; in bold, if it has axes and no indices."""

    @abstractmethod
    def _delta(self, left: str, right: str) -> str:
        """Return Kronecker's delta."""

    @abstractmethod
    def _operator(self, sign: str, prefix: bool = False) -> str:
        """Return + or −, with the space that belongs around it."""

    @abstractmethod
    def _times(self, left: Node, right: Node) -> str:
        """Return what stands between two factors."""

    @abstractmethod
    def _bracketed(self, text: str) -> str:
        """Return the text in round brackets."""

    @abstractmethod
    def _fraction(self, top: str, bottom: str) -> str:
        """Return a quotient."""

    @abstractmethod
    def _power(self, base: str, exponent: str) -> str:
        """Return a power."""

    @abstractmethod
    def _summation(self, index: str, excluded: str | None, body: str) -> str:
        """Return a sum over an index."""

    @abstractmethod
    def _cases(self, left: str, right: str, same: str, other: str) -> str:
        """Return one of two formulas: where the indices are equal, and where they are not."""

    @abstractmethod
    def _exponential(self, argument: str) -> str:
        """Return e to a power."""

    @abstractmethod
    def _logarithm(self, function: str, argument: str, bare: bool) -> str:
        """Return ``ln`` or ``log2`` of an argument that is bracketed already, unless ``bare``."""

    @abstractmethod
    def _maximum(self, argument: str) -> str:
        """Return max(0, argument)."""

    @abstractmethod
    def _iverson(self, argument: str) -> str:
        """Return [argument > 0]."""

    @abstractmethod
    def _transpose(self, argument: str) -> str:
        """Return a transpose."""

    @abstractmethod
    def _ones(self) -> str:
        """Return the vector of ones."""

    @abstractmethod
    def _function(self, name: str, argument: str) -> str:
        """Return another function of an argument that is bracketed already."""

    @abstractmethod
    def _derivative(self, top: str, variables: tuple[str, ...]) -> str:
        """Return ∂top/∂variables; without a top, the operator."""


def _ends(node: Node) -> bool:
    """Whether a formula may stand without brackets at the end of a product, though nothing may follow it."""
    return isinstance(node, Sum) or (isinstance(node, Call) and node.function in ("ln", "log2"))
