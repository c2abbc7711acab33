"""The theory of a report: derivations typeset and proved, and its formulas audited; what was once decided is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onelayer.derivations import (
    Audit,
    decide,
    get_derivation,
    html_claim,
    html_derivation,
    packaged_claims,
)
from onelayer.derivations.numeric import evaluate
from onelayer.derivations.settings import SETTINGS
from onelayer.errors import OnelayerError
from onelayer.storage.atomic import write_atomically
from onelayer.storage.files import read_limited
from onelayer.storage.plain import json_text, parse_json_table
from onelayer.version import __version__

__all__ = ["Theory", "number_of", "theory_of"]

MAX_BYTES: Final = 1 << 24


@dataclass(frozen=True)
class Theory:
    """What came of derivations and audited formulas, by name."""

    derivations: Mapping[str, Mapping[str, Any]]
    formulas: Mapping[str, Mapping[str, Any]]


def theory_of(
    derivations: Sequence[str], formulas: Sequence[str], kept: Path, tell: Callable[[str], None] = lambda line: None
) -> Theory:
    """Return proofs and audits; ``kept`` is the file where they are kept from one call to the next.

    Raises
    ------
    MissingDependencyError
        If SymPy is not installed.
    StorageError, RunDirectoryError
        If the file can't be written.
    """
    known = _read(kept)
    jobs = [("derivation", name) for name in derivations] + [("formula", name) for name in formulas]
    missing = [job for job in jobs if "/".join(job) not in known]
    if missing:
        tell(f"theory: {len(missing)} derivations and formulas to prove")
        known |= {"/".join(job): _work(*job) for job in missing}
        write_atomically(kept, json_text({"version": __version__, "known": known}))
    return Theory(
        {name: known[f"derivation/{name}"] for name in derivations},
        {name: known[f"formula/{name}"] for name in formulas},
    )


def number_of(expression: str) -> float:
    """Return the value of an expression without names, in the language of claimed formulas.

    Raises
    ------
    ConfigError
        If it is none.

    Examples
    --------
    >>> round(number_of("-log2(1 - 0.9)"), 3)
    3.322
    """
    return float(evaluate(SETTINGS["logistic"], expression, {}))


def _work(kind: str, name: str) -> dict[str, Any]:
    return _derive(name) if kind == "derivation" else _audit(name)


def _derive(name: str) -> dict[str, Any]:
    derivation = get_derivation(name)
    proof, error = derivation.prove(), derivation.check_numerically()
    html = html_derivation(derivation, proof, error)
    return {"title": derivation.title, "holds": proof.holds, "error": error, "html": html}


def _audit(name: str) -> dict[str, Any]:
    claim = packaged_claims()[name]
    audit: Audit = decide(claim)
    return {
        "title": claim.title,
        "source": claim.source,
        "verdict": audit.verdict,
        "reason": audit.reason,
        "explanation": claim.explanation,
        "consequence": claim.consequence,
        "html": html_claim(claim, audit),
    }


def _read(path: Path) -> dict[str, Any]:
    """Return what a file keeps; nothing where there is none, or one of another version."""
    try:
        table = parse_json_table(read_limited(path, MAX_BYTES, OnelayerError))
    except (OnelayerError, ValueError):
        return {}
    known = table.get("known") if table.get("version") == __version__ else None
    return known if isinstance(known, dict) else {}
