"""A training history as lines of JSON: one object a step, one a validation, in the order in which they happened.

A step is ``{"step", "epoch", "batch_loss", "learning_rate"}``; a validation has ``"step"`` and ``"epoch"`` too, then
``"train_loss"``, ``"validation_loss"`` and so on. Numbers are written with all their digits; NaN and infinities are
``null`` and come back as NaN.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from onelayer.storage.plain import json_text, parse_json_table

__all__ = ["format_history", "parse_history"]

Columns = dict[str, npt.NDArray[Any]]
Record = dict[str, Any]

_STEP_COLUMNS = ("step", "epoch", "batch_loss", "learning_rate")
_VALIDATION_NAMES = {"step": "validation_step", "epoch": "validation_epoch"}
_COLUMN_NAMES = {name: key for key, name in _VALIDATION_NAMES.items()}


def format_history(history: Mapping[str, npt.ArrayLike]) -> str:
    """Return a history as lines of JSON.

    Parameters
    ----------
    history : mapping of str to array
        Per step, of one length: ``step``, ``epoch``, ``batch_loss``, ``learning_rate``. Every other key is per
        validation, of another common length: ``validation_step``, ``validation_epoch``, ``train_loss``, ….

    Raises
    ------
    ValueError
        Columns of one kind differ in length.

    Examples
    --------
    >>> print(format_history({"step": [0, 1], "batch_loss": [2.5, 1.5], "validation_step": [0], "train_loss": [2.0]}))
    {"step": 0, "batch_loss": 2.5}
    {"step": 0, "train_loss": 2.0}
    {"step": 1, "batch_loss": 1.5}
    <BLANKLINE>
    """
    steps = _records({key: history[key] for key in _STEP_COLUMNS if key in history})
    validations = _records({_COLUMN_NAMES.get(key, key): history[key] for key in history if key not in _STEP_COLUMNS})
    # sorted() is stable: a validation stays behind the step after which it was made.
    records = sorted([*steps, *validations], key=operator.itemgetter("step"))
    return "".join(f"{json_text(record)}\n" for record in records)


def parse_history(text: str) -> Columns:
    """Return the columns that :func:`format_history` wrote.

    Returns
    -------
    dict of str to ndarray
        1-D; int64 for steps and epochs, float64 for the rest. A kind of record that does not occur has no columns.

    Raises
    ------
    ValueError
        With one line that names the place, for whatever is not a history.

    Examples
    --------
    >>> parse_history('{"step": 0, "batch_loss": null}')
    {'step': array([0]), 'batch_loss': array([nan])}
    """
    columns: dict[bool, dict[str, list[Any]]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            record = parse_json_table(line)
            _append(columns.setdefault("batch_loss" in record, {}), record)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    steps = {key: _column(key, values) for key, values in columns.get(True, {}).items()}
    validations = {
        _VALIDATION_NAMES.get(key, key): _column(key, values) for key, values in columns.get(False, {}).items()
    }
    return steps | validations


def _records(columns: Mapping[str, npt.ArrayLike]) -> Iterator[Record]:
    rows = zip(*(np.asarray(values).tolist() for values in columns.values()), strict=True)
    return (dict(zip(columns, row, strict=True)) for row in rows)


def _append(columns: dict[str, list[Any]], record: Record) -> None:
    if "step" not in record or (columns and columns.keys() != record.keys()):
        raise ValueError("no step, or other keys than in the records before it")
    for key, value in record.items():
        columns.setdefault(key, []).append(_number(key, value))


def _number(key: str, value: Any) -> int | float:
    if value is None and key not in _VALIDATION_NAMES:
        return float("nan")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if isinstance(value, float) and key not in _VALIDATION_NAMES:
        return value
    raise ValueError(f"the value of {key!r} is not a number that fits it")


def _column(key: str, values: list[Any]) -> npt.NDArray[Any]:
    return np.array(values, dtype=np.int64 if key in _VALIDATION_NAMES else np.float64)
