"""A claim to audit: somebody's formula for a quantity or its derivative, in a TOML file."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from onelayer.derivations.expression import INDEX_AXES, Derivative, Indexed, Node, walk
from onelayer.derivations.notation import Notation, shape_of
from onelayer.derivations.notations import NOTATIONS
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.storage.files import decode_text, read_limited

__all__ = ["ClaimedFormula", "load_claim", "packaged_claims", "parse_claim"]

MAX_CLAIM_BYTES: Final = 1 << 14
MAX_CLAIM_LINES: Final = 300
ONE_HOT: Final = "one-hot"

_TEXTS: Final = {
    "title": "what is claimed, in words",
    "loss": "the notation, which says what formulas may name",
    "claimed": "the formula that is claimed",
    "expression": "what it is claimed of; the loss itself if not given",
    "variable": "the quantity that it is differentiated by, if it is",
    "truth": "the right formula, which is audited too",
    "explanation": "what is true, in words",
    "consequence": "whether anything later depended on it",
    "report": "where it is from",
    "source": "the place in it",
}
_NEEDED: Final = ("title", "loss", "claimed")


@dataclass(frozen=True)
class ClaimedFormula:
    """What is claimed; see ``parse_claim`` for the keys, which are these names.

    Parameters
    ----------
    title, loss, claimed, expression, variable, truth, explanation, consequence, report, source : str
        Texts; empty where not given.
    assume : tuple of str
        ``"one-hot"``, and conditions on two indices: ``"j = k"`` or ``"j != k"``.
    tolerance : float
        How far a number may be off, for what was published rounded; 0 for an equality.
    """

    title: str
    loss: str
    claimed: str
    expression: str = ""
    variable: str = ""
    truth: str = ""
    explanation: str = ""
    consequence: str = ""
    report: str = ""
    source: str = ""
    assume: tuple[str, ...] = ()
    tolerance: float = 0.0

    @property
    def notation(self) -> Notation:
        """The quantities, with one-hot targets if those are assumed."""
        notation = NOTATIONS[self.loss]
        return notation.with_one_hot_targets() if ONE_HOT in self.assume else notation

    @property
    def about(self) -> Node:
        """What the claim is about, as a formula."""
        notation = self.notation
        body = notation.parse(self.expression or notation.objective)
        if not self.variable:
            return body
        return Derivative(body, _quantity(notation, self.variable))

    @property
    def conditions(self) -> tuple[tuple[str, str, bool], ...]:
        """The conditions on indices: two of them, and whether they are equal."""
        return tuple(_condition(text) for text in self.assume if text != ONE_HOT)

    def admits(self, at: dict[str, int]) -> bool:
        """Whether the claim is meant for these values of the indices."""
        return all((at[left] == at[right]) is same for left, right, same in self.conditions)


def load_claim(path: str | os.PathLike[str]) -> ClaimedFormula:
    """Return the claim in a TOML file.

    Raises
    ------
    ConfigError
        If it can't be read, or a key or formula is wrong; with the file, the line and what is allowed.
    """
    content = read_limited(path, MAX_CLAIM_BYTES, ConfigError)
    name = printable(str(Path(path)))
    try:
        text = decode_text(content)
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not a TOML file: not UTF-8 text") from None
    return parse_claim(text, name)


def parse_claim(text: str, name: str = "claim") -> ClaimedFormula:
    r"""Return the claim that a TOML text is.

    Parameters
    ----------
    text : str
        TOML with the keys ``title``, ``loss`` and ``claimed``, and any of ``expression``, ``variable``, ``assume``,
        ``tolerance``, ``truth``, ``explanation``, ``consequence``, ``report``, ``source``.
    name : str
        What to call it in messages.

    Raises
    ------
    ConfigError
        As for ``load_claim``.

    Examples
    --------
    >>> parse_claim("title = 'softmax'\nloss = 'softmax'\nclaimed = 'q[k]'")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    onelayer.errors.ConfigError: claim, line 3: claimed: column 1: unknown name 'q'; known are x, w, b, z, y, ...
    """
    if text.count("\n") > MAX_CLAIM_LINES:
        raise ConfigError(f"{name}: more than {MAX_CLAIM_LINES} lines")
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not a TOML file: {printable(str(error))}") from None
    key = ""
    try:
        for key in table:
            _check_key(key, table[key])
        key = ""
        for needed in _NEEDED:
            if needed not in table:
                raise ConfigError(f"the key {needed!r} is missing ({_TEXTS[needed]})")
        claim = ClaimedFormula(**{**table, "assume": tuple(table.get("assume", ()))})
        for key in ("loss", "assume", "expression", "variable", "claimed", "truth", "tolerance"):
            _check_formula(claim, key)
    except ConfigError as error:
        raise ConfigError(f"{name}{_line_of(key, text)}: {error}") from None
    return claim


def packaged_claims() -> dict[str, ClaimedFormula]:
    """Return the claims of the five reports that come with the package, by name.

    Examples
    --------
    >>> packaged_claims()["tdt4265-a1-a"].claimed
    '2*w[k, i]'
    """
    folder = files("onelayer.derivations") / "claims"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {file.name.removesuffix(".toml"): parse_claim(file.read_text(encoding="utf-8"), file.name) for file in found}


def _check_key(key: str, value: Any) -> None:
    known = [*_TEXTS, "assume", "tolerance"]
    if key not in known:
        shown = printable(key, 40)
        raise ConfigError(f"unknown key {shown!r}{did_you_mean(shown, known)}; known are {', '.join(known)}")
    if key == "assume":
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(value) > 6:
            raise ConfigError('assume: a list of at most 6 texts, such as ["one-hot", "j != k"]')
    elif key == "tolerance":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise ConfigError("tolerance: a number above 0 and below 1")
    elif not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{key}: a text, {_TEXTS[key]}")


def _check_formula(claim: ClaimedFormula, key: str) -> None:
    """Raise ConfigError if the value of this key means nothing."""
    if key == "loss" and claim.loss not in NOTATIONS:
        shown = printable(claim.loss, 40)
        raise ConfigError(f"loss: unknown {shown!r}{did_you_mean(shown, NOTATIONS)}; known are {', '.join(NOTATIONS)}")
    try:
        if key == "assume":
            if not all(_conditions_known(claim)):
                raise ConfigError("one-hot targets need targets that are probabilities, as in softmax")
        elif key == "variable":
            shape_of(claim.about, claim.notation.axes)
        elif key == "tolerance" and claim.tolerance:
            _check_is_number(claim)
        elif key == "expression" and not (claim.expression or claim.notation.objective):
            raise ConfigError(f"is needed, as {claim.loss!r} has no loss of its own")
        elif key in ("expression", "claimed", "truth") and getattr(claim, key):
            claim.notation.parse(getattr(claim, key))
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from None


def _conditions_known(claim: ClaimedFormula) -> list[bool]:
    one_hot = NOTATIONS[claim.loss].with_one_hot_targets() != NOTATIONS[claim.loss]
    return [one_hot if text == ONE_HOT else bool(_condition(text)) for text in claim.assume]


def _check_is_number(claim: ClaimedFormula) -> None:
    formulas = (claim.about, claim.notation.parse(claim.claimed))
    named = sorted({part.name for node in formulas for part in walk(node) if isinstance(part, Indexed)})
    if named:
        raise ConfigError(f"only numbers are compared so, without quantities: {', '.join(named)}")


def _condition(text: str) -> tuple[str, str, bool]:
    left, sign, right = text.partition("!=") if "!=" in text else text.partition("=")
    left, right = left.strip(), right.strip()
    if not sign or left not in INDEX_AXES or INDEX_AXES.get(right) != INDEX_AXES[left]:
        raise ConfigError(f"{printable(text, 40)!r} is none of 'one-hot', 'j = k', 'j != k' (two indices of one kind)")
    return left, right, sign == "="


def _quantity(notation: Notation, text: str) -> Indexed:
    node = notation.parse(text)
    if not isinstance(node, Indexed):
        raise ConfigError(f"a quantity expected, such as z[k]; known are {', '.join(notation.axes)}")
    return node


def _line_of(key: str, text: str) -> str:
    """Return ``", line n"``: where a key of a TOML text is set; empty if nowhere.

    The text is read line by line until the key is there: no other way is safe from a key's name within a text.
    """
    start = 1
    lines = text.splitlines(keepends=True)
    for n in range(1, len(lines) + 1):
        try:
            known = tomllib.loads("".join(lines[:n]))
        except ValueError:
            continue
        if key in known:
            return f", line {start}"
        start = n + 1
    return ""
