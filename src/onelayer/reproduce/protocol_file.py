"""Protocols in TOML files, checked: whatever is wrong is said in one line that names the line of the file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from onelayer.conversion import plain_value
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.reproduce.protocol import (
    CLAIMS,
    Calculation,
    Claim,
    Experiment,
    Figure,
    Keys,
    Protocol,
    ProtocolError,
    Published,
)
from onelayer.reproduce.protocol_checks import (
    check_claims,
    check_derivations,
    check_figures,
    check_numbers,
    check_references,
    named_formulas,
)
from onelayer.storage.files import decode_text, read_limited
from onelayer.strict import config_error

__all__ = ["REPORTS", "line_of", "load_protocol", "packaged_protocol", "parse_protocol"]


REPORTS: Final = ("tdt4265-a1", "dd2424-a1-bonus", "uvic-a3", "cse344-a1")
MAX_BYTES: Final = 1 << 18
MOST_MODELS: Final = 500
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_TEXTS: Final = ("title", "summary")
_LISTS: Final = ("notes", "derivations", "formulas")
_TABLES: Final = ("experiments", "published", "numbers", "figures", "claims")

M = TypeVar("M", bound=BaseModel)


def packaged_protocol(name: str) -> Protocol:
    """Return the protocol of one of the five reports (two of them share one).

    Raises
    ------
    ConfigError
        If there is none of this name.

    Examples
    --------
    >>> packaged_protocol("uvic-a3").title
    'Simple linear classifiers on HOG features (UVic, assignment 3)'
    """
    if name not in REPORTS:
        shown = printable(name, 60)
        hint = did_you_mean(shown, REPORTS)
        raise ConfigError(f"unknown report {shown!r}{hint}; known are {', '.join(REPORTS)}, or give a TOML file")
    text = (files("onelayer.reproduce") / f"{name}.toml").read_text(encoding="utf-8")
    return parse_protocol(text, f"{name}.toml", name)


def load_protocol(path: str | os.PathLike[str]) -> Protocol:
    """Return the protocol in a TOML file; it is called as the file is.

    Raises
    ------
    ConfigError
        If it can't be read, or something in it is wrong.
    """
    content = read_limited(path, MAX_BYTES, ConfigError)
    shown = printable(str(Path(path)))
    name = Path(path).name.removesuffix(".toml").lower()
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{shown}: name the file with letters, digits, - and _, as in my-report.toml")
    try:
        text = decode_text(content)
    except UnicodeDecodeError:
        raise ConfigError(f"{shown}: not a TOML file: not UTF-8 text") from None
    return parse_protocol(text, shown, name, Path(path).parent)


def parse_protocol(text: str, place: str, name: str, folder: Path | None = None) -> Protocol:
    r"""Return the protocol that a TOML text is.

    Parameters
    ----------
    text : str
    place : str
        What messages call it.
    name : str
        What the protocol is called.
    folder : Path or None
        Where the files of claimed formulas are that it names; None where it may name none.

    Raises
    ------
    ConfigError
        With the line, for unknown keys (and the nearest known one), impossible values and names of nothing.

    Examples
    --------
    >>> parse_protocol("title = 'a'\nsummary = 'b'\n[experiments.c]\ntitle = 'd'\nmax_epoch = 3", "my.toml", "my")
    Traceback (most recent call last):
    onelayer.errors.ConfigError: my.toml, line 5: unknown parameter 'max_epoch'; did you mean 'max_epochs'?
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{place}: not a TOML file: {printable(str(error))}") from None
    try:
        return _protocol(table, name, folder)
    except ProtocolError as complaint:
        line = line_of(complaint.path, text)
        raise ConfigError(f"{place}{f', line {line}' if line else ''}: {complaint}") from None


def _protocol(table: dict[str, Any], name: str, folder: Path | None) -> Protocol:
    _check_form(table)
    experiments = _experiments(table.get("experiments", {}))
    protocol = Protocol(
        name=name,
        title=table["title"],
        summary=table["summary"],
        notes=tuple(table.get("notes", ())),
        derivations=tuple(table.get("derivations", ())),
        formulas=named_formulas(table.get("formulas", []), folder),
        experiments=experiments,
        published=tuple(_each(Published, "published", table)),
        numbers=tuple(_each(Calculation, "numbers", table)),
        figures=tuple(_each(Figure, "figures", table)),
        claims={key: _claim(key, values) for key, values in table.get("claims", {}).items()},
    )
    check_derivations(protocol.derivations)
    check_numbers(protocol.numbers)
    check_references(protocol)
    check_claims(protocol)
    check_figures(protocol)
    return protocol


def _check_form(table: dict[str, Any]) -> None:
    known = (*_TEXTS, *_LISTS, *_TABLES)
    for key, value in table.items():
        if key not in known:
            shown = printable(key, 60)
            raise ProtocolError(
                (key,), f"unknown key {shown!r}{did_you_mean(shown, known)}; known are {', '.join(known)}"
            )
        if key in _TEXTS and not (isinstance(value, str) and value.strip()):
            raise ProtocolError((key,), f"{key}: a text is needed")
        if key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise ProtocolError((key,), f"{key}: a list of texts is needed")
        form: type = dict if key in ("experiments", "claims") else list
        if key in _TABLES and not isinstance(value, form):
            example = f"[{key}.some-name]" if form is dict else f"[[{key}]]"
            raise ProtocolError((key,), f"{key}: write {example}")
    for key in _TEXTS:
        if key not in table:
            raise ProtocolError((), f"the key {key!r} is missing")


def _experiments(tables: dict[str, Any]) -> dict[str, Experiment]:
    found: dict[str, dict[str, Any]] = {}
    experiments = {}
    for key, own in tables.items():
        path = ("experiments", key)
        _check_name(path, key)
        if not isinstance(own, dict):
            raise ProtocolError(path, f"{key}: a table is needed")
        like = own.get("like")
        if like is not None and like not in found:
            raise ProtocolError(
                (*path, "like"), f"like: there is no experiment {printable(repr(like), 60)} before this"
            )
        values = {**found.get(str(like), {}), **{name: value for name, value in own.items() if name != "like"}}
        found[key] = values
        experiments[key] = _checked(Experiment, values, path)
        _check_arms(experiments[key], path)
    return experiments


def _check_arms(experiment: Experiment, path: Keys) -> None:
    base = experiment.model_dump()
    for name, changes in experiment.arms.items():
        place = (*path, "arms", name)
        for key in changes:
            if key in ("arms", "seeds", "title", "random_state", "follow", "together") or key not in base:
                known = [one for one in base if one not in ("arms", "seeds", "title", "random_state")]
                shown = printable(key, 60)
                raise ProtocolError((*place, key), f"an arm can't change {shown!r}{did_you_mean(shown, known)}")
        _checked(Experiment, {**base, **changes}, place)
    if "/" in "".join(experiment.arms) or "*" in experiment.arms:
        raise ProtocolError((*path, "arms"), "the name of an arm has no / and is not *")
    if experiment.hold_out_last is not None and experiment.folds is not None:
        raise ProtocolError((*path, "folds"), "hold_out_last and folds both say what to validate on: give one")
    if experiment.each_fold and experiment.folds is None:
        raise ProtocolError((*path, "each_fold"), "each_fold needs folds: set their number")
    if not experiment.follow and (experiment.early_stopping or experiment.keep == "best"):
        raise ProtocolError((*path, "follow"), "follow=false needs keep='last' and no early stopping")
    models = max(1, len(experiment.arms)) * len(experiment.seeds)
    if models * (experiment.folds or 1 if experiment.each_fold else 1) > MOST_MODELS:
        raise ProtocolError(path, f"more than {MOST_MODELS} models: use fewer arms, seeds or folds")


def _claim(key: str, values: Any) -> Claim:
    path = ("claims", key)
    _check_name(path, key)
    if not isinstance(values, dict) or "design" not in values:
        raise ProtocolError(path, f"a claim needs a design: one of {', '.join(CLAIMS)}")
    design = values["design"]
    if design not in CLAIMS:
        shown = printable(str(design), 60)
        hint = did_you_mean(shown, CLAIMS)
        raise ProtocolError((*path, "design"), f"unknown design {shown!r}{hint}; known are {', '.join(CLAIMS)}")
    return _checked(CLAIMS[design], values, path)


def _each(model: type[M], key: str, table: dict[str, Any]) -> list[M]:
    return [_checked(model, values, (key, place)) for place, values in enumerate(table.get(key, []))]


def _checked(model: type[M], values: Any, path: Keys) -> M:
    if not isinstance(values, dict):
        raise ProtocolError(path, "a table is needed")
    try:
        return model(**{name: plain_value(value) for name, value in values.items()})
    except ValidationError as error:
        problem = error.errors()[0]
        where = (*path, *problem["loc"])
        if problem["type"] == "missing":
            raise ProtocolError(where, f"the key {problem['loc'][0]!r} is missing") from None
        raise ProtocolError(where, str(config_error(error, model))) from None


def _check_name(path: Keys, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ProtocolError(path, f"{printable(name, 60)!r}: names have small letters, digits, - and _")


_LONGEST_VALUE = 200  # lines


def line_of(path: Sequence[str | int], text: str) -> int | None:
    r"""Return the line, from 1, of what ``path`` leads to, else of what it leads to last.

    A line that names the key is taken if the text up to the end of its value has the key: no other way is safe from a
    key's name within a text.

    Examples
    --------
    >>> line_of(("experiments", "a", "rate"), "title = 'rate'\n[experiments.a]\nrate = 2")
    3
    >>> line_of(("published", 1, "missing"), "[[published]]\nvalue = 1\n[[published]]\nvalue = 2")
    3
    """
    lines = text.splitlines(keepends=True)
    for depth in range(len(path), 0, -1):
        part = path[:depth]
        name = next(key for key in reversed(part) if isinstance(key, str))
        for place, line in enumerate(lines):
            if name in line and _leads_somewhere(part, _read_until_valid(lines, place)):
                return place + 1
    return None


def _read_until_valid(lines: list[str], place: int) -> dict[str, Any]:
    """Return the table that the text makes up to and with the value that begins in a line."""
    for end in range(place + 1, min(len(lines), place + _LONGEST_VALUE) + 1):
        try:
            return tomllib.loads("".join(lines[:end]))
        except ValueError:
            continue
    return {}


def _leads_somewhere(path: Sequence[str | int], table: Any) -> bool:
    for key in path:
        try:
            table = table[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
