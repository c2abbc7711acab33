"""Protocols in TOML files, checked: whatever is wrong is said in one line that names the line of the file."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.reproduce.complaint import Complaint, Keys
from onelayer.reproduce.consistency import check_claims, check_figures
from onelayer.reproduce.protocol import CLAIMS, Claim, Experiment, Figure, Number, Protocol, Published
from onelayer.reproduce.references import check_derivations, check_numbers, check_references, named_formulas
from onelayer.reproduce.toml_lines import line_of
from onelayer.storage.files import read_limited
from onelayer.training.parameters import config_error, plain_value

__all__ = ["REPORTS", "load_protocol", "packaged_protocol", "parse_protocol"]

REPORTS: Final = ("tdt4265-a1", "dd2424-a1-bonus", "uvic-a3", "cse344-a1")
MAX_BYTES: Final = 1 << 18
MOST_MODELS: Final = 500
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_TEXTS: Final = ("title", "summary")
_LISTS: Final = ("notes", "derivations", "formulas")
_TABLES: Final = ("experiments", "published", "numbers", "figures", "claims")

Model = TypeVar("Model", bound=BaseModel)


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
        text = content.decode()
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{place}: not a TOML file: {printable(str(error))}") from None
    try:
        return _protocol(table, name, folder)
    except Complaint as complaint:
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
        numbers=tuple(_each(Number, "numbers", table)),
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
            raise Complaint((key,), f"unknown key {shown!r}{did_you_mean(shown, known)}; known are {', '.join(known)}")
        if key in _TEXTS and not (isinstance(value, str) and value.strip()):
            raise Complaint((key,), f"{key}: a text is needed")
        if key in _LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise Complaint((key,), f"{key}: a list of texts is needed")
        form: type = dict if key in ("experiments", "claims") else list
        if key in _TABLES and not isinstance(value, form):
            example = f"[{key}.some-name]" if form is dict else f"[[{key}]]"
            raise Complaint((key,), f"{key}: write {example}")
    for key in _TEXTS:
        if key not in table:
            raise Complaint((), f"the key {key!r} is missing")


def _experiments(tables: dict[str, Any]) -> dict[str, Experiment]:
    found: dict[str, dict[str, Any]] = {}
    experiments = {}
    for key, own in tables.items():
        path = ("experiments", key)
        _check_name(path, key)
        if not isinstance(own, dict):
            raise Complaint(path, f"{key}: a table is needed")
        like = own.get("like")
        if like is not None and like not in found:
            raise Complaint((*path, "like"), f"like: there is no experiment {printable(repr(like), 60)} before this")
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
                raise Complaint((*place, key), f"an arm can't change {shown!r}{did_you_mean(shown, known)}")
        _checked(Experiment, {**base, **changes}, place)
    if "/" in "".join(experiment.arms) or "*" in experiment.arms:
        raise Complaint((*path, "arms"), "the name of an arm has no / and is not *")
    if experiment.hold_out_last is not None and experiment.folds is not None:
        raise Complaint((*path, "folds"), "hold_out_last and folds both say what to validate on: give one")
    if experiment.each_fold and experiment.folds is None:
        raise Complaint((*path, "each_fold"), "each_fold needs folds: set their number")
    if not experiment.follow and (experiment.early_stopping or experiment.keep == "best"):
        raise Complaint((*path, "follow"), "follow=false needs keep='last' and no early stopping")
    models = max(1, len(experiment.arms)) * len(experiment.seeds)
    if models * (experiment.folds or 1 if experiment.each_fold else 1) > MOST_MODELS:
        raise Complaint(path, f"more than {MOST_MODELS} models: use fewer arms, seeds or folds")


def _claim(key: str, values: Any) -> Claim:
    path = ("claims", key)
    _check_name(path, key)
    if not isinstance(values, dict) or "design" not in values:
        raise Complaint(path, f"a claim needs a design: one of {', '.join(CLAIMS)}")
    design = values["design"]
    if design not in CLAIMS:
        shown = printable(str(design), 60)
        hint = did_you_mean(shown, CLAIMS)
        raise Complaint((*path, "design"), f"unknown design {shown!r}{hint}; known are {', '.join(CLAIMS)}")
    return _checked(CLAIMS[design], values, path)


def _each(model: type[Model], key: str, table: dict[str, Any]) -> list[Model]:
    return [_checked(model, values, (key, place)) for place, values in enumerate(table.get(key, []))]


def _checked(model: type[Model], values: Any, path: Keys) -> Model:
    if not isinstance(values, dict):
        raise Complaint(path, "a table is needed")
    try:
        return model(**{name: plain_value(value) for name, value in values.items()})
    except ValidationError as error:
        problem = error.errors()[0]
        where = (*path, *problem["loc"])
        if problem["type"] == "missing":
            raise Complaint(where, f"the key {problem['loc'][0]!r} is missing") from None
        raise Complaint(where, str(config_error(error, model))) from None


def _check_name(path: Keys, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Complaint(path, f"{printable(name, 60)!r}: names have small letters, digits, - and _")
