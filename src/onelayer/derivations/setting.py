"""A setting: the quantities that a formula may name, what they are, and which are defined by which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from onelayer.derivations.expression import Node, Reference, free_indices, walk
from onelayer.derivations.parser import parse
from onelayer.derivations.shapes import shape_of

__all__ = ["Domain", "Setting", "Symbol"]


class Domain(StrEnum):
    """The values a quantity can have."""

    REAL = "real"
    POSITIVE = "positive"
    PROBABILITY = "probability"  # strictly between 0 and 1
    TARGET = "target"  # between 0 and 1, both included
    DISTRIBUTION = "distribution"  # probabilities over the classes: they sum to 1
    TARGETS = "targets"  # the same, and some may be 0


@dataclass(frozen=True)
class Symbol:
    """A quantity.

    Parameters
    ----------
    name : str
        Its name in formulas.
    meaning : str
        What it is, in a few words.
    axes : str
        One letter an axis: ``"Kd"`` for a matrix of classes by features, ``""`` for a number.
    domain : Domain
        The values it can have.
    definition : str, optional
        ``"z[k] = sum(i, w[k, i]*x[i])"`` without the left side; its free indices are those of ``indices``.
    indices : tuple of str
        The indices that its definition uses for its axes.
    free_unless : str
        The name of a quantity that occurs in its definition as a summand and nowhere else: as long as a formula does
        not name that one too, this quantity can have any value.
    slope_of : str
        The name of the quantity it is an unspecified function of; it has no definition then.
    slope : str
        The name of its derivative with respect to that.
    letter : str
        How it is written, if not by its name; ``hat`` sets a circumflex on it, ``layer`` is a superscript.
    """

    name: str
    meaning: str
    axes: str = ""
    domain: Domain = Domain.REAL
    definition: str | None = None
    indices: tuple[str, ...] = ()
    free_unless: str = ""
    slope_of: str = ""
    slope: str = ""
    letter: str = ""
    hat: bool = False
    layer: int = 0


@dataclass(frozen=True)
class Setting:
    """Quantities in the order in which each is defined by those before it.

    Parameters
    ----------
    name, title : str
        What it is called, and what it is about.
    symbols : tuple of Symbol
        The quantities.
    objective : str
        The name of the one that is a loss or penalty: what a claim about the setting is about if it names nothing else;
        empty if there is none.
    """

    name: str
    title: str
    symbols: tuple[Symbol, ...]
    objective: str = "C"

    @cached_property
    def by_name(self) -> Mapping[str, Symbol]:
        """The quantities by their names."""
        return {symbol.name: symbol for symbol in self.symbols}

    @cached_property
    def axes(self) -> Mapping[str, str]:
        """The axes of each quantity, by its name."""
        return {symbol.name: symbol.axes for symbol in self.symbols}

    @cached_property
    def definitions(self) -> Mapping[str, Node]:
        """The definitions, by name, as trees."""
        return {one.name: parse(one.definition, self.axes) for one in self.symbols if one.definition is not None}

    @cached_property
    def labelled(self) -> frozenset[str]:
        """The names of the quantities that depend on which class c is the true one."""
        found: set[str] = set()
        for name, node in self.definitions.items():
            outside = set(free_indices(node)) - set(self.by_name[name].indices)
            if "c" in outside or any(isinstance(part, Reference) and part.name in found for part in walk(node)):
                found.add(name)
        return frozenset(found)

    def indices(self, *nodes: Node) -> tuple[str, ...]:
        """Return the free indices of formulas, and c where they depend on the true class; in alphabetical order."""
        found = {index for node in nodes for index in free_indices(node)}
        named = {part.name for node in nodes for part in walk(node) if isinstance(part, Reference)}
        return tuple(sorted(found | ({"c"} if named & self.labelled else set())))

    def parse(self, text: str) -> Node:
        """Return the formula that ``text`` is.

        Raises
        ------
        ConfigError
            If it is none, names what is not here, or has vectors that do not fit together.
        """
        node = parse(text, self.axes)
        shape_of(node, self.axes)
        return node

    def with_one_hot_targets(self) -> Setting:
        """Return the setting with targets y that are 1 for the true class c and 0 for the others."""
        symbols = tuple(
            replace(one, definition="delta(k, c)", indices=("k",), domain=Domain.REAL)
            if one.domain is Domain.TARGETS
            else one
            for one in self.symbols
        )
        return replace(self, symbols=symbols)
