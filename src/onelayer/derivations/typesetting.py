"""Formulas set in type: what all dialects have in common, which is where brackets belong; and text for a terminal."""

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
from onelayer.derivations.notation import Notation, Symbol

__all__ = ["Level", "PlainText", "Typesetter", "bold"]


_ENTRY: Final = "kihn"


class Level(IntEnum):
    """How tightly a formula holds together: it needs brackets where something tighter is asked for."""

    SUM = 0
    TERM = 1
    FACTOR = 2
    ATOM = 3


class Typesetter(ABC):
    """Formulas of one notation in one dialect.

    Parameters
    ----------
    notation : Notation
        The quantities, whose letters are used.
    """

    quotient_level: ClassVar[Level] = Level.FACTOR
    """A fraction with a bar holds together; one on a single line does less."""

    def __init__(self, notation: Notation) -> None:
        self.notation = notation

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
            case Indexed(name, indices):
                return self._symbol(self.notation.by_name[name], indices), Level.ATOM
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

    def _derived(self, body: Node, variable: Indexed) -> tuple[str, Level]:
        by = self.show(variable)
        if isinstance(body, Indexed):
            return self._derivative(self.show(body), (by,)), Level.FACTOR
        if isinstance(body, Derivative) and isinstance(body.body, Indexed):
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


_SUBSCRIPTS: Final = dict(zip("0123456789ehijklmn", "₀₁₂₃₄₅₆₇₈₉ₑₕᵢⱼₖₗₘₙ", strict=True))
_SUPERSCRIPTS: Final = dict(zip("0123456789−()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁽⁾", strict=True))
_FUNCTIONS: Final = {"sigmoid": "σ", "leaky": "LeakyReLU", "leaky_slope": "LeakyReLU′"}
_FRACTIONS: Final = {("1", "2"): "½", ("1", "3"): "⅓", ("1", "4"): "¼", ("3", "4"): "¾"}


def bold(letter: str) -> str:
    """Return a Latin letter in bold, another as it is.

    Examples
    --------
    >>> bold("y")
    '𝐲'
    """
    if len(letter) == 1 and letter.isascii() and letter.isalpha():
        return chr(ord(letter) - ord("a") + 0x1D41A) if letter.islower() else chr(ord(letter) - ord("A") + 0x1D400)
    return letter


class PlainText(Typesetter):
    """Formulas on one line.

    Examples
    --------
    >>> from onelayer.derivations.notations import NOTATIONS
    >>> softmax = NOTATIONS["softmax"]
    >>> PlainText(softmax).show(softmax.parse("diff(C, z[k]) - sum(l, y[l]*ln(yhat[l]))"))
    '∂C/∂zₖ − Σₗ yₗ ln ŷₗ'
    """

    quotient_level: ClassVar[Level] = Level.TERM

    def _number(self, text: str) -> str:
        return text

    def _size(self, axis: str) -> str:
        return axis

    def _symbol(self, symbol: Symbol, indices: tuple[str, ...]) -> str:
        letter = symbol.letter or symbol.name
        letter = bold(letter) if symbol.axes and not indices else letter
        hat = ("ŷ" if letter == "y" else letter + "\u0302") if symbol.hat else letter
        layer = _raised(f"({symbol.layer})") if symbol.layer else ""
        return hat + layer + _lowered("".join(indices))

    def _delta(self, left: str, right: str) -> str:
        return f"δ{_lowered(left + right)}"

    def _operator(self, sign: str, prefix: bool = False) -> str:
        return sign if prefix else f" {sign} "

    def _times(self, left: Node, right: Node) -> str:
        apart = isinstance(left, Derivative) or isinstance(right, Derivative | Number | Quotient)
        return " · " if apart else " "

    def _bracketed(self, text: str) -> str:
        return f"({text})"

    def _fraction(self, top: str, bottom: str) -> str:
        return _FRACTIONS.get((top, bottom), f"{top}/{bottom}")

    def _power(self, base: str, exponent: str) -> str:
        return base + _raised(exponent)

    def _summation(self, index: str, excluded: str | None, body: str) -> str:
        below = f"_{{{index}≠{excluded}}}" if excluded else _lowered(index)
        return f"Σ{below} {body}"

    def _cases(self, left: str, right: str, same: str, other: str) -> str:
        return f"{{ {same}  if {left} = {right};  {other}  if {left} ≠ {right} }}"

    def _exponential(self, argument: str) -> str:
        return f"exp({argument})"

    def _logarithm(self, function: str, argument: str, bare: bool) -> str:
        return f"{'ln' if function == 'ln' else 'log₂'}{' ' if bare else ''}{argument}"

    def _maximum(self, argument: str) -> str:
        return f"max(0, {argument})"

    def _iverson(self, argument: str) -> str:
        return f"[{argument} > 0]"

    def _transpose(self, argument: str) -> str:
        return f"{argument}ᵀ"

    def _ones(self) -> str:
        return "𝟏"

    def _function(self, name: str, argument: str) -> str:
        return _FUNCTIONS.get(name, name) + argument

    def _derivative(self, top: str, variables: tuple[str, ...]) -> str:
        squared = "²" if len(variables) == 2 else ""
        return f"∂{squared}{top}/{''.join(f'∂{one}' for one in variables)}" + ("" if top else " ")


def _lowered(text: str) -> str:
    """Return the text as a subscript; ``_c`` where Unicode has no such letter."""
    if all(letter in _SUBSCRIPTS for letter in text):
        return "".join(_SUBSCRIPTS[letter] for letter in text)
    return f"_{text}"


def _raised(text: str) -> str:
    return "".join(_SUPERSCRIPTS[letter] for letter in text)
