"""Every gradient derived step by step, each step proved; and an auditor for formulas that others claim."""

from __future__ import annotations

from onelayer.derivations.auditor import Audit, audit, audit_all, decide
from onelayer.derivations.catalog import DERIVATIONS
from onelayer.derivations.claim import ClaimedFormula, load_claim, packaged_claims, parse_claim
from onelayer.derivations.derivation import AGREEMENT, Chain, Derivation, Line, Proof, Rule, Step
from onelayer.derivations.documents import html_claim, html_derivation, html_page, show_claim, show_derivation
from onelayer.errors import ConfigError, did_you_mean, printable

__all__ = [
    "AGREEMENT",
    "DERIVATIONS",
    "Audit",
    "Chain",
    "ClaimedFormula",
    "Derivation",
    "Line",
    "Proof",
    "Rule",
    "Step",
    "audit",
    "audit_all",
    "decide",
    "get_derivation",
    "html_claim",
    "html_derivation",
    "html_page",
    "load_claim",
    "packaged_claims",
    "parse_claim",
    "show_claim",
    "show_derivation",
]


def get_derivation(name: str) -> Derivation:
    """Return the derivation of this name.

    Raises
    ------
    ConfigError
        If there is none.

    Examples
    --------
    >>> get_derivation("softmax").title
    'Multiclass cross-entropy'
    """
    if name not in DERIVATIONS:
        shown = printable(name, 40)
        hint = did_you_mean(shown, DERIVATIONS)
        raise ConfigError(f"unknown derivation {shown!r}{hint}; known are {', '.join(DERIVATIONS)}")
    return DERIVATIONS[name]
