"""A derivation: a statement, chains of equalities with the rule used at each, and a proof of every step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np

from onelayer.derivations.equality import equal
from onelayer.derivations.expression import Indexed, walk
from onelayer.derivations.interpreter import Comparisons, index_patterns
from onelayer.derivations.notation import Notation, Symbol
from onelayer.derivations.symbolic import Symbolic

__all__ = ["AGREEMENT", "PROVED_FOR", "Chain", "Derivation", "Line", "Proof", "Rule", "Step"]

PROVED_FOR: Final = (2, 3, 4)
"""The numbers of classes that steps are proved for; features, hidden units and rows are two of each."""


AGREEMENT: Final = 1e-12
"""The largest relative difference, in float64, between a result and what the package computes."""


class Rule(StrEnum):
    """The rule that makes two sides of a step equal."""

    DEFINITION = "definition"
    CHAIN = "chain rule"
    QUOTIENT = "quotient rule"
    PRODUCT = "product rule"
    SUM = "derivative of a sum"
    POWER = "derivative of a power"
    LOGARITHM = "derivative of the logarithm"
    EXPONENTIAL = "derivative of the exponential"
    LINEAR = "derivative of a linear function"
    KINK = "derivative of max(0, m)"
    LOG_QUOTIENT = "logarithm of a quotient"
    SUM_TO_ONE = "Σy = 1"
    ONE_TERM = "one term is left"
    CASES = "two cases"
    SUBSTITUTE = "substitution"
    ALGEBRA = "algebra"


@dataclass(frozen=True)
class Line:
    """One more side of a chain of equalities: the formula, the rule that leads to it, and why it applies."""

    formula: str
    rule: Rule
    why: str


@dataclass(frozen=True)
class Chain:
    """A chain of equalities, from the statement's left side to its right.

    Parameters
    ----------
    title : str
        What it shows, in words.
    start : str
        The first formula.
    lines : tuple of Line
        The others; the last is the result.
    equal, different : pair of str
        Two indices for which the chain is meant only where they are equal, or only where they differ.
    where : mapping of str to str
        Numbers that stand for quantities throughout.
    conclusion : str
        What follows, in a sentence.
    """

    title: str
    start: str
    lines: tuple[Line, ...]
    equal: tuple[str, str] | None = None
    different: tuple[str, str] | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    conclusion: str = ""

    @property
    def result(self) -> str:
        """The last formula."""
        return self.lines[-1].formula

    def admits(self, at: Mapping[str, int]) -> bool:
        """Whether the chain is meant for these values of the indices."""
        return (self.equal is None or at[self.equal[0]] == at[self.equal[1]]) and (
            self.different is None or at[self.different[0]] != at[self.different[1]]
        )


@dataclass(frozen=True)
class Step:
    """From one formula to an equal one."""

    chain: Chain
    number: int
    left: str
    right: str
    rule: Rule
    why: str


@dataclass(frozen=True)
class Proof:
    """What came of proving a derivation.

    Parameters
    ----------
    proved, failed : tuple of Step
        The steps whose two sides were shown equal, and those where that did not succeed.
    classes : tuple of int
        The numbers of classes.
    seconds : float
        How long it took.
    """

    proved: tuple[Step, ...]
    failed: tuple[Step, ...]
    classes: tuple[int, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether every step is proved."""
        return not self.failed


@dataclass(frozen=True)
class Derivation:
    """A statement and the way to it.

    Parameters
    ----------
    name : str
        What ``onelayer derive`` calls it.
    title : str
        What it is about.
    statement : pair of str
        What is shown to be equal: ``("diff(C, z[k])", "ŷ[k] - y[k]")``.
    notation : Notation
        The quantities.
    chains : tuple of Chain
        The chains of equalities.
    sources : tuple of str
        The reports that derive it.
    comparisons : function
        Random values, and what the package computes from them.
    """

    name: str
    title: str
    statement: tuple[str, str]
    notation: Notation
    chains: tuple[Chain, ...]
    sources: tuple[str, ...]
    comparisons: Comparisons

    @property
    def steps(self) -> Iterator[Step]:
        """Every step of every chain."""
        for chain in self.chains:
            left = chain.start
            for number, line in enumerate(chain.lines, 1):
                yield Step(chain, number, left, line.formula, line.rule, line.why)
                left = line.formula

    @property
    def quantities(self) -> tuple[Symbol, ...]:
        """The quantities that it names."""
        texts = [*self.statement, *(chain.start for chain in self.chains), *(step.right for step in self.steps)]
        nodes = (node for text in texts for node in walk(self.notation.parse(text)))
        named = {node.name for node in nodes if isinstance(node, Indexed)}
        return tuple(symbol for symbol in self.notation.symbols if symbol.name in named)

    def prove(self, classes: tuple[int, ...] = PROVED_FOR) -> Proof:
        """Return the proof of every step, and of the statement, for these numbers of classes.

        Raises
        ------
        MissingDependencyError
            If SymPy is not installed.

        Examples
        --------
        >>> from onelayer.derivations import get_derivation
        >>> get_derivation("sigmoid").prove().holds
        True
        """
        began = time.monotonic()
        proved: list[Step] = []
        failed: list[Step] = []
        for step in [*self.steps, self._statement()]:
            (proved if self.holds(step, classes) else failed).append(step)
        return Proof(tuple(proved), tuple(failed), classes, time.monotonic() - began)

    def _statement(self) -> Step:
        left, right = self.statement
        return Step(Chain("statement", left, ()), 0, left, right, Rule.ALGEBRA, "what was to be shown")

    def holds(self, step: Step, classes: tuple[int, ...] = PROVED_FOR) -> bool:
        """Return whether the two sides of a step are proved equal, for every value of their indices."""
        counts_classes = any("K" in one.axes for one in self.notation.symbols)
        return all(self._holds_for(step, k) for k in (classes if counts_classes else classes[:1]))

    def _holds_for(self, step: Step, k: int) -> bool:
        sizes = {"K": k, "d": 2, "H": 2, "N": 2}
        symbolic = Symbolic(self.notation, sizes, step.chain.where)
        left, right = self.notation.parse(step.left), self.notation.parse(step.right)
        related = {*(step.chain.equal or ()), *(step.chain.different or ())}
        indices = tuple(sorted(related.union(self.notation.indices(left, right))))
        return all(
            equal(symbolic, symbolic.value(left, at), symbolic.value(right, at))
            for at in index_patterns(indices, sizes)
            if step.chain.admits(at)
        )

    def check_numerically(self, random_state: int = 0, repeats: int = 5) -> float:
        """Return the largest error of the results against what the package computes, in float64.

        Parameters
        ----------
        random_state : int
            Seed of the random values; classes number 2 to 12, at random.
        repeats : int
            How often.

        Examples
        --------
        >>> from onelayer.derivations import get_derivation
        >>> get_derivation("softmax").check_numerically() < 1e-12
        True
        """
        rng = np.random.default_rng(random_state)
        return max(one.error(self.notation) for _ in range(repeats) for one in self.comparisons(rng))

    def to_dict(self, proof: Proof, error: float) -> dict[str, Any]:
        """Return derivation, proof and numerical check as plain data."""
        failed = {(step.chain.title, step.number) for step in proof.failed}
        return {
            "name": self.name,
            "title": self.title,
            "statement": list(self.statement),
            "sources": list(self.sources),
            "steps": [
                {
                    "part": step.chain.title,
                    "from": step.left,
                    "to": step.right,
                    "rule": step.rule.value,
                    "why": step.why,
                    "proved": (step.chain.title, step.number) not in failed,
                }
                for step in self.steps
            ],
            "proved": proof.holds,
            "proved_for_classes": list(proof.classes),
            "proof_seconds": proof.seconds,
            "largest_error": error,
        }
