"""Audits: is a claimed formula right? Proved, refuted with a counterexample, or undecided with the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from onelayer.derivations.claim import Claim, packaged_claims
from onelayer.derivations.counterexample import Counterexample, find_counterexample
from onelayer.derivations.equality import entries, equal
from onelayer.derivations.expression import Node
from onelayer.derivations.interpreter import index_patterns
from onelayer.derivations.shapes import shape_of
from onelayer.derivations.symbolic import Symbolic

__all__ = ["Audit", "audit_all", "decide"]

Verdict = Literal["proved", "refuted", "undecided"]

# Counterexamples are looked for where there is least of everything.
_SIZES: Final = tuple({"K": k, "d": d, "H": d, "N": d} for k, d in ((2, 1), (2, 2), (3, 2), (4, 2)))
_FIRST_POINTS: Final = 20
_ALL_POINTS: Final = 500


@dataclass(frozen=True)
class Audit:
    """What came of an audit.

    Parameters
    ----------
    verdict : {"proved", "refuted", "undecided"}
    reason : str
        Why, in a sentence.
    counterexample : Counterexample or None
        Where it was refuted.
    truth_proved : bool or None
        Whether the formula given as the right one was proved; None if none was given.
    seconds : float
        How long it took.
    """

    verdict: Verdict
    reason: str
    counterexample: Counterexample | None = None
    truth_proved: bool | None = None
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def decide(claim: Claim) -> Audit:
    """Return the audit of a claim.

    It takes as long and as much memory as it takes: ``bounded.audit`` is for claims from elsewhere.

    Raises
    ------
    MissingDependencyError
        If SymPy is not installed.

    Examples
    --------
    >>> decide(Claim("softmax", "softmax", "yhat[k] - y[k]", variable="z[k]")).verdict
    'proved'
    """
    began = time.monotonic()
    audit = _decide(claim, claim.claimed)
    truth = _decide(claim, claim.truth).verdict == "proved" if claim.truth else None
    return Audit(audit.verdict, audit.reason, audit.counterexample, truth, time.monotonic() - began)


def audit_all() -> list[dict[str, Any]]:
    """Return the audits of all claims that come with the package, as plain data.

    Returns
    -------
    list of dict
        Each with ``name``, the claim's texts, and ``audit`` with ``verdict``, ``reason``, ``counterexample``,
        ``truth_proved`` and ``seconds``.
    """
    return [
        {"name": name, **asdict(claim), "audit": decide(claim).to_dict()} for name, claim in packaged_claims().items()
    ]


def _decide(claim: Claim, formula: str) -> Audit:
    setting, about, claimed = claim.setting, claim.about, claim.setting.parse(formula)
    shapes = [shape_of(node, setting.axes) for node in (claimed, about)]
    if shapes[0] != shapes[1]:
        return Audit("refuted", "what is claimed and what is true have different shapes")
    open_places = 0
    for symbolic, at in _situations(claim, about, claimed):
        found = _compare(claim, symbolic, at, symbolic.value(claimed, at), symbolic.value(about, at))
        if isinstance(found, Counterexample):
            return Audit("refuted", str(found), found)
        open_places += not found
    if open_places:
        return Audit("undecided", "neither a proof nor a counterexample was found")
    if claim.tolerance:
        return Audit("proved", f"both sides are equal to within {claim.tolerance:g}")
    classes = ", ".join(sorted({str(sizes["K"]) for sizes in _sizes(claim)}))
    return Audit("proved", f"both sides are equal for K = {classes}" if _counts(claim, "K") else "both sides are equal")


def _situations(claim: Claim, *nodes: Node) -> Iterator[tuple[Symbolic, Mapping[str, int]]]:
    related = {index for left, right, _ in claim.conditions for index in (left, right)}
    indices = tuple(sorted(related.union(claim.setting.indices(*nodes))))
    for sizes in _sizes(claim):
        symbolic = Symbolic(claim.setting, sizes)
        for at in index_patterns(indices, sizes):
            if claim.admits(at):
                yield symbolic, at


def _counts(claim: Claim, axis: str) -> bool:
    return any(axis in axes for axes in claim.setting.axes.values())


def _sizes(claim: Claim) -> list[dict[str, int]]:
    """Return the lengths of axes to look at, without repeating those that differ in axes which nothing has."""
    distinct = {tuple(sizes[axis] for axis in sizes if _counts(claim, axis)): sizes for sizes in reversed(_SIZES)}
    return list(reversed(distinct.values()))


def _compare(claim: Claim, symbolic: Symbolic, at: Mapping[str, int], claimed: Any, true: Any) -> Counterexample | bool:
    """Return a counterexample, or whether the sides were proved equal.

    The simplest points come before the proof and the others after it: a wrong claim fails at one of the first.
    """
    pairs = list(zip(entries(claimed), entries(true), strict=True))
    if claim.tolerance:
        return find_counterexample(symbolic, at, *pairs[0], limit=1, apart=claim.tolerance) or True
    for limit in (_FIRST_POINTS, _ALL_POINTS):
        for pair in pairs:
            if found_one := find_counterexample(symbolic, at, *pair, limit=limit):
                return found_one
        if limit == _FIRST_POINTS and equal(symbolic, claimed, true):
            return True
    return False
