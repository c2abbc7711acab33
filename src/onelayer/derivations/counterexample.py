"""The simplest values for which two sides differ: zeros and ones first, then halves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from onelayer.derivations.expression import INDEX_AXES
from onelayer.derivations.notation import Domain
from onelayer.derivations.symbolic import Symbolic, indicator

__all__ = ["Counterexample", "find_counterexample"]

_DIGITS: Final = 30
_APART: Final = 1e-9

_CANDIDATES: Final = {
    Domain.REAL: ("0", "1", "-1", "1/2", "2"),
    Domain.POSITIVE: ("1", "2", "1/2"),
    Domain.PROBABILITY: ("1/2", "1/4", "3/4"),
    Domain.TARGET: ("0", "1", "1/2"),
    Domain.DISTRIBUTION: ("1/2", "1/4", "1/8"),
    Domain.TARGETS: ("0", "1", "1/2"),
}


@dataclass(frozen=True)
class Counterexample:
    """Values for which what is claimed is not so.

    Parameters
    ----------
    sizes : mapping of str to int
        Lengths of the axes.
    indices : mapping of str to int
        Values of the free indices, counted from 1.
    values : mapping of str to str
        Values of quantities, such as ``"z[1]"``.
    claimed, true : str
        What the two sides are then: exact where they are rational, else to six digits.
    """

    sizes: Mapping[str, int]
    indices: Mapping[str, int]
    values: Mapping[str, str]
    claimed: str
    true: str

    def __str__(self) -> str:
        """Return it in one line."""
        given = {**self.sizes, **self.indices, **self.values}
        where = ", ".join(f"{name} = {value}" for name, value in given.items())
        return f"{where + ': ' if where else ''}claimed {self.claimed}, true {self.true}"


def find_counterexample(
    symbolic: Symbolic, at: Mapping[str, int], claimed: Any, true: Any, limit: int, apart: float = _APART
) -> Counterexample | None:
    """Return the simplest values found, among at most ``limit``, for which two expressions differ; None if none do."""
    sympy = symbolic.sympy
    sides = symbolic.expand(sympy.Tuple(claimed, true))
    symbols = sorted(sides.free_symbols, key=str)
    for point in _points(symbolic, symbols, limit):
        figures = _at(sympy, sides, point)
        if figures is None:
            continue
        if abs(sympy.N(figures[0] - figures[1], _DIGITS)) > apart:
            return Counterexample(
                {axis: n for axis, n in symbolic.sizes.items() if axis in _axes(symbolic, at, symbols)},
                {index: value + 1 for index, value in at.items()},
                _described(symbolic, point),
                *map(_figure, figures),
            )
    return None


def _axes(symbolic: Symbolic, at: Mapping[str, int], symbols: list[Any]) -> set[str]:
    """Return the axes whose lengths play a part."""
    named = {symbolic.name_of(symbol)[0] for symbol in symbols}
    return {INDEX_AXES[index] for index in at}.union(*(symbolic.notation.axes[name] for name in named))


def _points(symbolic: Symbolic, symbols: list[Any], limit: int) -> Iterator[dict[Any, Any]]:
    """Return values for the symbols, the simplest first: the sum of their places among the candidates grows."""
    kinds = [symbolic.notation.by_name[symbolic.name_of(symbol)[0]].domain for symbol in symbols]
    choices = [[symbolic.sympy.Rational(text) for text in _CANDIDATES[kind]] for kind in kinds]
    tried = 0
    for effort in range(sum(len(one) - 1 for one in choices) + 1):
        for places in _shared_out(effort, [len(one) - 1 for one in choices]):
            point = {symbol: choices[i][place] for i, (symbol, place) in enumerate(zip(symbols, places, strict=True))}
            tried += 1
            if tried > limit:
                return
            if _possible(symbolic, point):
                yield point


def _shared_out(effort: int, most: list[int]) -> Iterator[tuple[int, ...]]:
    """Return every way to share an effort out over places that take at most so much each."""
    if not most:
        if effort == 0:
            yield ()
        return
    for first in range(min(effort, most[0]) + 1):
        for rest in _shared_out(effort - first, most[1:]):
            yield (first, *rest)


def _possible(symbolic: Symbolic, point: Mapping[Any, Any]) -> bool:
    """Whether probabilities that sum to 1 leave something for the last one."""
    totals: dict[str, Any] = {}
    for symbol, value in point.items():
        name, _ = symbolic.name_of(symbol)
        totals[name] = totals.get(name, 0) + value
    limits = {Domain.TARGETS: 1, Domain.DISTRIBUTION: symbolic.sympy.Rational(15, 16)}
    return all(total <= limits.get(symbolic.notation.by_name[name].domain, total) for name, total in totals.items())


def _at(sympy: Any, sides: Any, point: Mapping[Any, Any]) -> tuple[Any, Any] | None:
    """Return the values of both sides at a point; None if one is not defined there, or the point is a kink."""
    there = sides.xreplace(dict(point))
    while kinks := there.atoms(indicator()):
        innermost = min(kinks, key=lambda kink: (len(kink.atoms(indicator())), str(kink)))
        margin = sympy.N(innermost.args[0], _DIGITS)
        if not margin.is_real or abs(margin) < _APART:
            return None
        there = there.xreplace({innermost: sympy.Integer(int(bool(margin > 0)))})
    figures = tuple(there)
    if not all(one.is_real and one.is_finite and not one.has(sympy.nan, sympy.zoo) for one in figures):
        return None
    return figures[0], figures[1]


def _described(symbolic: Symbolic, point: Mapping[Any, Any]) -> dict[str, str]:
    described = {}
    for symbol, value in sorted(
        {**point, **_last_probabilities(symbolic, point)}.items(), key=lambda pair: str(pair[0])
    ):
        name, place = symbolic.name_of(symbol)
        indices = f"[{', '.join(str(i + 1) for i in place)}]" if place else ""
        described[name + indices] = str(value)
    return described


def _last_probabilities(symbolic: Symbolic, point: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return what is left for the last one, of probabilities whose others are all given."""
    found = {}
    for name in {symbolic.name_of(symbol)[0] for symbol in point}:
        if symbolic.notation.by_name[name].domain in (Domain.TARGETS, Domain.DISTRIBUTION):
            last = symbolic.element(name, (symbolic.sizes["K"] - 1,), {})
            left = symbolic.stand_in(last)
            value = None if left is None else left.xreplace(dict(point))
            if value is not None and value.is_Rational:
                found[last] = value
    return found


def _figure(value: Any) -> str:
    if value.is_Rational and value.q <= 64 and abs(value.p) < 10**6:
        return str(value)
    return f"{float(value):.6g}"
