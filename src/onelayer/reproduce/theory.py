"""The theory of a report: derivations typeset and proved, and its formulas audited; what was once decided is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import isfinite, nan
from pathlib import Path
from typing import Any, Final

from onelayer.derivations import (
    ClaimedFormula,
    audit,
    decide,
    get_derivation,
    html_claim,
    html_derivation,
    packaged_claims,
)
from onelayer.derivations.interpreter import evaluate
from onelayer.derivations.notations import NOTATIONS
from onelayer.errors import ConfigError, OnelayerError, printable
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
    derivations: Sequence[str],
    formulas: Mapping[str, ClaimedFormula],
    kept: Path,
    tell: Callable[[str], None] = lambda line: None,
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
    jobs: dict[str, Callable[[], dict[str, Any]]] = {
        f"derivation {name}": partial(_derive, name) for name in derivations
    }
    jobs |= {_key(claim): partial(_audit, name, claim) for name, claim in formulas.items()}
    missing = [key for key in jobs if key not in known]
    if missing:
        tell(f"theory: {len(missing)} derivations and formulas to prove")
        known |= {key: jobs[key]() for key in missing}
        write_atomically(kept, json_text({"version": __version__, "known": known}))
    return Theory(
        {name: known[f"derivation {name}"] for name in derivations},
        {name: known[_key(claim)] for name, claim in formulas.items()},
    )


def number_of(expression: str) -> float:
    """Return the value of an expression without names, in the language of claimed formulas.

    Raises
    ------
    ConfigError
        If it is no formula, has names in it, or no finite value.

    Examples
    --------
    >>> round(number_of("-log2(1 - 0.9)"), 3)
    3.322
    """
    try:
        value = float(evaluate(NOTATIONS["logistic"], expression, {}))
    except KeyError as error:
        raise ConfigError(f"{error} has no value: write numbers, and functions of numbers") from None
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        value = nan
    if not isfinite(value):
        raise ConfigError(f"{printable(expression, 60)!r} has no finite value")
    return value


def _key(claim: ClaimedFormula) -> str:
    return "formula " + hashlib.sha256(json_text(asdict(claim)).encode()).hexdigest()[:16]


def _derive(name: str) -> dict[str, Any]:
    derivation = get_derivation(name)
    proof, error = derivation.prove(), derivation.check_numerically()
    html = html_derivation(derivation, proof, error)
    return {"title": derivation.title, "holds": proof.holds, "error": error, "html": html}


def _audit(name: str, claim: ClaimedFormula) -> dict[str, Any]:
    found = decide(claim) if packaged_claims().get(name) == claim else audit(claim)  # others have a limit of time
    return {
        "title": claim.title,
        "source": claim.source,
        "verdict": found.verdict,
        "reason": found.reason,
        "explanation": claim.explanation,
        "consequence": claim.consequence,
        "html": html_claim(claim, found),
    }


def _read(path: Path) -> dict[str, Any]:
    """Return what a file keeps; nothing where there is none, or one of another version."""
    try:
        table = parse_json_table(read_limited(path, MAX_BYTES, OnelayerError))
    except (OnelayerError, ValueError):
        return {}
    known = table.get("known") if table.get("version") == __version__ else None
    return known if isinstance(known, dict) else {}
