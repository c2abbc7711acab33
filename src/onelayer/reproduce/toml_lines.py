"""Where in a TOML text a key is set."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

__all__ = ["line_of"]

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
        except tomllib.TOMLDecodeError:
            continue
    return {}


def _leads_somewhere(path: Sequence[str | int], table: Any) -> bool:
    for key in path:
        try:
            table = table[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
