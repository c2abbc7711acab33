"""Formulas on one line of Unicode, for a terminal."""

from __future__ import annotations

from typing import ClassVar, Final

from onelayer.derivations.expression import Derivative, Node, Number, Quotient
from onelayer.derivations.setting import Symbol
from onelayer.derivations.typesetting import Level, Typesetter

__all__ = ["Text", "bold"]

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


class Text(Typesetter):
    """Formulas on one line.

    Examples
    --------
    >>> from onelayer.derivations.settings import SETTINGS
    >>> softmax = SETTINGS["softmax"]
    >>> Text(softmax).show(softmax.parse("diff(C, z[k]) - sum(l, y[l]*ln(yhat[l]))"))
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
