"""Audits of claims from elsewhere: in a process of their own (``worker``), with limits on its time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any, Final

from onelayer.derivations.audit import Audit
from onelayer.derivations.claim import Claim
from onelayer.derivations.counterexample import Counterexample
from onelayer.derivations.sympy_extra import load_sympy

__all__ = ["audit"]

_WORKER: Final = "onelayer.derivations.worker"


def audit(claim: Claim, seconds: float = 30.0) -> Audit:
    """Return the audit of a claim; undecided if it needs more than so many seconds, or 2 GiB of memory.

    Raises
    ------
    MissingDependencyError
        If SymPy is not installed.

    Examples
    --------
    >>> audit(Claim("hinge", "l2", "2*w[k, i]", variable="w[k, i]")).counterexample.true
    '1'
    """
    load_sympy()
    command = [sys.executable, "-P", "-m", _WORKER]
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
