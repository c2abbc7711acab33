"""Formulas from text: a tokenizer and a recursive-descent parser. Nothing is evaluated; names come from fixed lists.

::

    sum      = ["-"] product {("+" | "-") product}
    product  = factor {("*" | "/") factor}
    factor   = "-" factor | atom ["^" integer]
    atom     = number | name | name "[" index {"," index} "]" | "K" | "d" | "H" | "N" | "(" sum ")"
             | function "(" sum ")" | "sum(" index ["!=" index] "," sum ")" | "diff(" sum "," quantity ")"
             | "delta(" index "," index ")" | "cases(" index "=" index "," sum "," sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple, NoReturn

from onelayer.derivations.expression import (
    FUNCTIONS,
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
    children,
)
from onelayer.errors import ConfigError, did_you_mean, printable

__all__ = ["MAX_DEPTH", "MAX_EXPONENT", "MAX_LENGTH", "MAX_TERMS", "parse"]

MAX_LENGTH: Final = 1000
MAX_DEPTH: Final = 30
MAX_TREE_DEPTH: Final = 80
MAX_EXPONENT: Final = 9
MAX_DIGITS: Final = 20
MAX_TERMS: Final = 1500
"""The most numbers and quantities a formula may have once every sum over two values is written out."""

ALIASES: Final = {
    "ŷ": "yhat",
    "σ": "sigmoid",
    "δ": "delta",
    "λ": "lam",
    "η": "eta",
    "α": "alpha",
    "ε": "eps",
    "μ": "u",
    "τ": "tau",
}
SIZES: Final = ("K", "d", "H", "N")
_FORMS: Final = ("sum", "diff", "delta", "cases")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[^\W\d_]\w*)|(?P<sign>!=|\*\*|[-+*/^()\[\],=≠·−]))", re.UNICODE
)
_SAME: Final = {"**": "^", "·": "*", "−": "-", "≠": "!="}


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


def parse(text: str, quantities: Mapping[str, str]) -> Node:
    """Return the tree of a formula.

    Parameters
    ----------
    text : str
        The formula.
    quantities : mapping of str to str
        The names it may use, each with its axes.

    Raises
    ------
    ConfigError
        With the place and what is allowed there, if it is no formula, is too long, too deep, or raises to more than
        the ninth power.

    Examples
    --------
    >>> parse("2*w[k, i]", {"w": "Kd"})
    Product(factors=(Number(value=Fraction(2, 1), text='2'), Indexed(name='w', indices=('k', 'i'))))
    """
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"a formula of {len(text):,} characters; at most {MAX_LENGTH:,} are read")
    parser = _Parser(text, quantities)
    node = parser.sum()
    parser.end()
    if _depth(node) > MAX_TREE_DEPTH:
        raise ConfigError(
            f"a formula of more than {MAX_TREE_DEPTH} operations one inside the other; claim less at once"
        )
    if _terms(node) > MAX_TERMS:
        raise ConfigError(f"a formula of more than {MAX_TERMS:,} terms, its sums written out; claim less at once")
    return node


def _tokens(text: str) -> list[_Token]:
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            raise ConfigError(f"column {place + 1}: {printable(text[place])!r} has no meaning in a formula")
        kind = str(match.lastgroup)
        word = match[kind]
        found.append(_Token(kind, _SAME.get(word, ALIASES.get(word, word)), match.start(kind)))
        place = match.end()
    return [*found, _Token("end", "the end", len(text))]


class _Parser:
    """The state of reading one formula: its tokens, how many are read, and how deep it is nested there."""

    def __init__(self, text: str, quantities: Mapping[str, str]) -> None:
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0
        self.quantities = quantities

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def fail(self, token: _Token, text: str) -> NoReturn:
        raise ConfigError(f"column {token.place + 1}: {text}")

    def take(self, *signs: str) -> str | None:
        """Return the next token and move on if it is one of these signs."""
        if self.next.kind == "sign" and self.next.text in signs:
            self.position += 1
            return self.tokens[self.position - 1].text
        return None

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            self.fail(self.next, f"{sign!r} expected, not {printable(self.next.text)!r}")

    def end(self) -> None:
        if self.next.kind != "end":
            self.fail(self.next, f"an operator or the end expected, not {printable(self.next.text)!r}")

    def go_down(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(self.next, f"nested more than {MAX_DEPTH} deep")

    def sum(self) -> Node:
        self.go_down()
        terms: list[Node] = [Negative(self.product()) if self.take("-") else self.product()]
        while sign := self.take("+", "-"):
            term = self.product()
            terms.append(Negative(term) if sign == "-" else term)
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def product(self) -> Node:
        factors: list[Node] = [self.factor()]
        while sign := self.take("*", "/"):
            if sign == "*":
                factors.append(self.factor())
            else:
                top = factors[0] if len(factors) == 1 else Product(tuple(factors))
                factors = [Quotient(top, self.factor())]
        return factors[0] if len(factors) == 1 else Product(tuple(factors))

    def factor(self) -> Node:
        if self.take("-"):
            self.go_down()
            body = self.factor()
            self.depth -= 1
            return Negative(body)
        base = self.atom()
        return Power(base, self.exponent()) if self.take("^") else base

    def exponent(self) -> int:
        start = self.next
        bracket = self.take("(")
        sign = -1 if self.take("-") else 1
        token = self.next
        if token.kind != "number" or not token.text.isdecimal() or len(token.text) > 2:
            self.fail(start, f"an exponent is a whole number from −{MAX_EXPONENT} to {MAX_EXPONENT}")
        self.position += 1
        if bracket:
            self.expect(")")
        if int(token.text) > MAX_EXPONENT:
            self.fail(start, f"an exponent is a whole number from −{MAX_EXPONENT} to {MAX_EXPONENT}")
        if self.take("^"):
            self.fail(start, "a power of a power needs brackets around the first")
        return sign * int(token.text)

    def atom(self) -> Node:
        token = self.next
        if self.take("("):
            inner = self.sum()
            self.expect(")")
            return inner
        self.position += 1
        if token.kind == "number":
            if len(token.text) > MAX_DIGITS or not token.text.isascii():
                self.fail(token, f"a number of more than {MAX_DIGITS} digits, or of other digits than 0 to 9")
            return Number(Fraction(token.text), token.text)
        if token.kind != "name":
            self.position -= 1
            self.fail(token, f"a number, a name or '(' expected, not {printable(token.text)!r}")
        return self.named(token)

    def named(self, token: _Token) -> Node:
        name = token.text
        if name in self.quantities:
            return self.reference(token)
        if name in SIZES:
            return Size(name)
        if name not in FUNCTIONS and name not in _FORMS:
            known = [*self.quantities, *FUNCTIONS, *_FORMS, *SIZES]
            shown = printable(name, 40)
            self.fail(token, f"unknown name {shown!r}{did_you_mean(shown, known)}; known are {', '.join(known)}")
        self.expect("(")
        node = self.form(name) if name in _FORMS else Call(name, self.sum())
        self.expect(")")
        return node

    def form(self, name: str) -> Node:
        if name == "diff":
            body = self.sum()
            self.expect(",")
            return Derivative(body, self.variable())
        left = self.index()
        if name == "sum":
            excluded = self.index(like=left) if self.take("!=") else None
            self.expect(",")
            return Sum(left, excluded, self.sum())
        self.expect("," if name == "delta" else "=")
        right = self.index(like=left)
        if name == "delta":
            return Delta(left, right)
        self.expect(",")
        same = self.sum()
        self.expect(",")
        return Cases(left, right, same, self.sum())

    def variable(self) -> Indexed:
        token = self.next
        if token.text not in self.quantities:
            self.fail(token, f"a derivative is with respect to one of {', '.join(self.quantities)}")
        self.position += 1
        return self.reference(token)

    def reference(self, token: _Token) -> Indexed:
        axes = self.quantities[token.text]
        if not self.take("["):
            return Indexed(token.text)
        indices = [self.index()]
        while self.take(","):
            indices.append(self.index())
        self.expect("]")
        if "".join(INDEX_AXES[index] for index in indices) != axes:
            right = ", ".join("/".join(name for name, axis in INDEX_AXES.items() if axis == one) for one in axes)
            self.fail(token, f"{token.text} takes the indices [{right}]" if axes else f"{token.text} takes no index")
        return Indexed(token.text, tuple(indices))

    def index(self, like: str = "") -> str:
        token = self.next
        allowed = [name for name, axis in INDEX_AXES.items() if not like or axis == INDEX_AXES[like]]
        if token.kind != "name" or token.text not in allowed:
            self.fail(token, f"an index expected, one of {', '.join(allowed)}, not {printable(token.text, 40)!r}")
        self.position += 1
        return token.text


def _depth(node: Node) -> int:
    return 1 + max(map(_depth, children(node)), default=0)


def _terms(node: Node) -> int:
    """Return how many leaves the tree has once every sum is written out over two values, powers as products."""
    match node:
        case Sum(_, _, body):
            return 2 * _terms(body)
        case Power(base, exponent):
            return max(1, abs(exponent)) * _terms(base)
        case Derivative(body, _):
            return 2 * _terms(body)
        case Add(parts) | Product(parts):
            return sum(map(_terms, parts))
        case Quotient(one, other) | Cases(_, _, one, other):
            return _terms(one) + _terms(other)
        case Negative(body) | Call(_, body):
            return _terms(body)
    return 1
