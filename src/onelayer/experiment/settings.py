"""What a user writes after ``--set``: a key, and a value as in TOML, in Python, or as a bare word."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Any, Final

from onelayer.errors import ConfigError, printable

__all__ = ["parse_setting", "split_names"]

_TEXTS: Final = ("dataset", "features", "lift")  # whatever they look like: a folder may be called 2024
_NAMES: Final = ("classes",)
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_LONGEST: Final = 10_000
_PLAIN: Final = (bool, int, float, str, type(None))


def parse_setting(setting: str) -> tuple[str, Any]:
    """Return key and value of ``key=value``.

    The value is what TOML makes of it; else what it is as a Python literal (``True``, ``None``, ``.1``, ``8,8``,
    ``{1: 50}``); else the text itself.

    Raises
    ------
    ConfigError
        If there is no key.

    Examples
    --------
    >>> parse_setting("learning_rate=.1"), parse_setting("loss=hinge"), parse_setting("early_stopping=True")
    (('learning_rate', 0.1), ('loss', 'hinge'), ('early_stopping', True))
    >>> parse_setting("resize=8,8"), parse_setting("classes=cat, dog")
    (('resize', (8, 8)), ('classes', ['cat', 'dog']))
    """
    key, equals, text = setting.partition("=")
    key, text = key.strip(), text.strip()
    if not equals or not key:
        raise ConfigError(f"--set {printable(setting)!r}: write key=value, for example --set learning_rate=0.1")
    if key in _TEXTS and text[:1] not in ('"', "'"):
        return key, None if text == "None" else text
    try:
        return key, _toml(text)
    except (ValueError, RecursionError):
        pass
    # Names come first: as a number, 01 would lose its zero.
    if key in _NAMES and text[:1] not in ("[", "("):
        return key, split_names(text)
    try:
        return key, _literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return key, text


def split_names(text: str) -> list[str | int]:
    """Return the names of classes that are written with commas between them; ``7`` is the same name as a number.

    Examples
    --------
    >>> split_names("parked car, 7, 07")
    ['parked car', 7, '07']
    """
    names = (name.strip() for name in text.split(","))
    return [int(name) if _WHOLE.fullmatch(name) else name for name in names]


def _toml(text: str) -> Any:
    table = tomllib.loads(f"value = {text}")
    if len(table) > 1:
        raise tomllib.TOMLDecodeError("more than one value")
    return table["value"]


def _literal(text: str) -> Any:
    """Return a number, text, truth value or None, or lists and tables of them, as Python writes them; run nothing."""
    if len(text) > _LONGEST or "\0" in text:
        raise ValueError("too long")
    value = ast.literal_eval(text)
    if not _is_plain(value):
        raise ValueError("not a value of a configuration")
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, (*value, *value.values())))
    return isinstance(value, _PLAIN)
