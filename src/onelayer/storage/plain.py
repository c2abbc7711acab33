"""Values as JSON and TOML have them: no NumPy types, no infinite or undefined numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["json_text", "parse_json_table", "plain"]


def plain(value: Any) -> Any:
    """Return ``value`` with NumPy scalars and arrays made plain, tuples made lists, and NaN and infinities made None.

    Examples
    --------
    >>> plain({"loss": np.float32(0.5), "interval": (0.9, np.nan), "counts": np.eye(2, dtype=int)})
    {'loss': 0.5, 'interval': [0.9, None], 'counts': [[1, 0], [0, 1]]}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def json_text(value: Any, indent: int | None = None) -> str:
    """Return ``value`` as JSON that every reader takes: NaN and infinities are ``null``.

    Examples
    --------
    >>> json_text({"loss": float("nan"), "n": np.int64(3)})
    '{"loss": null, "n": 3}'
    """
    return json.dumps(plain(value), allow_nan=False, indent=indent)


def parse_json_table(text: bytes | str) -> dict[str, Any]:
    """Return the JSON object that ``text`` is.

    Raises
    ------
    ValueError
        With one line that says what is wrong; nothing else is raised, whatever the text.

    Examples
    --------
    >>> parse_json_table("[1]")
    Traceback (most recent call last):
    ...
    ValueError: not a JSON object
    """
    try:
        value = json.loads(text.decode() if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
