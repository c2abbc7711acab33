"""Audits: is a claimed formula right? Proved, refuted with a counterexample, or undecided with the reason.

A claim from elsewhere may need any amount of time and memory: it is audited in a process of its own, with limits.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from onelayer.derivations.claim import ClaimedFormula, packaged_claims
from onelayer.derivations.counterexample import Counterexample, find_counterexample
from onelayer.derivations.equality import entries, equal
from onelayer.derivations.expression import Node
from onelayer.derivations.interpreter import index_patterns
from onelayer.derivations.notation import shape_of
from onelayer.derivations.symbolic import Symbolic, load_sympy

__all__ = ["Audit", "audit", "audit_all", "decide"]


AuditVerdict = Literal["proved", "refuted", "undecided"]

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

    verdict: AuditVerdict
    reason: str
    counterexample: Counterexample | None = None
    truth_proved: bool | None = None
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def decide(claim: ClaimedFormula) -> Audit:
    """Return the audit of a claim.

    It takes as long and as much memory as it takes: ``audit`` is for claims from elsewhere.

    Raises
    ------
    MissingDependencyError
        If SymPy is not installed.

    Examples
    --------
    >>> decide(ClaimedFormula("softmax", "softmax", "yhat[k] - y[k]", variable="z[k]")).verdict
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


def _decide(claim: ClaimedFormula, formula: str) -> Audit:
    notation, about, claimed = claim.notation, claim.about, claim.notation.parse(formula)
    shapes = [shape_of(node, notation.axes) for node in (claimed, about)]
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


def _situations(claim: ClaimedFormula, *nodes: Node) -> Iterator[tuple[Symbolic, Mapping[str, int]]]:
    related = {index for left, right, _ in claim.conditions for index in (left, right)}
    indices = tuple(sorted(related.union(claim.notation.indices(*nodes))))
    for sizes in _sizes(claim):
        symbolic = Symbolic(claim.notation, sizes)
        for at in index_patterns(indices, sizes):
            if claim.admits(at):
                yield symbolic, at


def _counts(claim: ClaimedFormula, axis: str) -> bool:
    return any(axis in axes for axes in claim.notation.axes.values())


def _sizes(claim: ClaimedFormula) -> list[dict[str, int]]:
    """Return the lengths of axes to look at, without repeating those that differ in axes which nothing has."""
    distinct = {tuple(sizes[axis] for axis in sizes if _counts(claim, axis)): sizes for sizes in reversed(_SIZES)}
    return list(reversed(distinct.values()))


def _compare(
    claim: ClaimedFormula, symbolic: Symbolic, at: Mapping[str, int], claimed: Any, true: Any
) -> Counterexample | bool:
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


_WORKER: Final = "from onelayer.derivations.auditor import audit_stdin; audit_stdin()"
_MEMORY_BYTES: Final = 2 << 30


def audit(claim: ClaimedFormula, seconds: float = 30.0) -> Audit:
    """Return the audit of a claim; undecided if it needs more than so many seconds, or 2 GiB of memory.

    Raises
    ------
    MissingDependencyError
        If SymPy is not installed.

    Examples
    --------
    >>> audit(ClaimedFormula("hinge", "l2", "2*w[k, i]", variable="w[k, i]")).counterexample.true
    '1'
    """
    load_sympy()
    command = [sys.executable, "-P", "-c", _WORKER]
    try:
        done = subprocess.run(  # noqa: S603 (our own command)
            command, input=json.dumps(asdict(claim)), capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return Audit("undecided", f"not decided within {seconds:g} seconds", seconds=seconds)
    if done.returncode != 0:
        return Audit("undecided", "the audit needed more than 2 GiB of memory, or ended before its time")
    return _audit_from(json.loads(done.stdout))


def _audit_from(values: dict[str, Any]) -> Audit:
    found = values.pop("counterexample")
    return Audit(**values, counterexample=None if found is None else Counterexample(**found))


def audit_stdin() -> None:
    """Audit the claim that comes in on stdin as JSON, with a limit on memory, and write the audit to stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    values = json.load(sys.stdin)
    claim = ClaimedFormula(**{**values, "assume": tuple(values["assume"])})
    json.dump(decide(claim).to_dict(), sys.stdout)
