"""Names of classes, and labels by them: one order, one spelling, one way from what a user writes to a label."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import ConfigError, DataError, did_you_mean, printable

__all__ = [
    "UNLABELLED",
    "Labels",
    "class_order",
    "declared_labels",
    "distinct_names",
    "find_classes",
    "labels_by_name",
    "natural_key",
    "normal_name",
    "read_labels",
    "read_texts",
    "unite",
    "weights_by_label",
]

UNLABELLED = -1
"""The label of a row that has none."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_SURROGATES = re.compile("[\ud800-\udfff]+")
_MOST_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of some rows, as one file has them.

    Parameters
    ----------
    y : (n,) int64
        Positions in ``names``, -1 for a row without a label; or, without names, whole numbers that are names
        themselves.
    names : tuple of str or None
    declared : bool
        Whether the file has a list of names and numbers them; otherwise the labels themselves were the names.
    """

    y: NDArray[np.int64]
    names: tuple[str, ...] | None = None
    declared: bool = False

    @property
    def absent(self) -> bool:
        """Whether no row has a label."""
        return bool((self.y == UNLABELLED).all())


def normal_name(name: str) -> str:
    r"""Return a name as proper text with composed accents, so that one name has one spelling.

    File systems and keyboards differ in how they write an accent (Unicode NFC, NFD); bytes that are no text become
    U+FFFD.

    Examples
    --------
    >>> normal_name("Ba\u0308ume") == "B\u00e4ume"
    True
    """
    return unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", name))


def natural_key(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Sort key by which ``"class 2"`` comes before ``"class 10"``.

    Examples
    --------
    >>> sorted(["10", "9", "a"], key=natural_key)
    ['9', '10', 'a']
    """
    # Of two numbers without leading zeros the longer is the greater, however long: int() refuses thousands of digits.
    pieces = [piece.lstrip("0") if i % 2 else piece for i, piece in enumerate(re.split(r"([0-9]+)", name))]
    keys = [(False, len(piece), piece) if i % 2 else (True, 0, piece) for i, piece in enumerate(pieces)]
    # The name itself decides between "a1" and "a01", so that the order never depends on the file system's.
    return [key for key in keys if key != (True, 0, "")], name


def class_order(names: Iterable[str]) -> list[str]:
    """Return names in the order that classes have: whole numbers by their value, anything else in natural order.

    Examples
    --------
    >>> class_order(["10", "2", "-1"]), class_order(["b10", "b9", "a"])
    (['-1', '2', '10'], ['a', 'b9', 'b10'])
    """
    several = list(names)
    if all(_WHOLE.fullmatch(name) for name in several):
        return sorted(several, key=lambda name: (int(name), name))
    return sorted(several, key=natural_key)


def read_labels(values: NDArray[Any], where: str) -> Labels:
    """Return the labels that an array of numbers or strings means.

    Raises
    ------
    DataError
        If it isn't one label a row, or holds fractions, NaN or infinity.
    """
    y = values.reshape(len(values), -1)[:, 0] if values.ndim > 1 and values.size == len(values) else values
    if y.ndim != 1 or len(y) == 0:
        hint = " Of one-hot rows, save y.argmax(axis=1)." if values.ndim == 2 and values.size else ""
        raise DataError(f"{where} must be one label a row, got the shape {values.shape}.{hint}")
    if y.dtype.kind == "f":
        y = y.astype(np.float64, copy=False)
        if np.isnan(y).all():
            return Labels(np.full(len(y), UNLABELLED, np.int64))
        if not (np.isfinite(y).all() and (y == np.floor(y)).all() and np.abs(y).max() <= 2**53):
            raise DataError(f"{where} holds fractions, NaN or infinity; labels must be integers or strings.")
        return Labels(y.astype(np.int64))
    if y.dtype.kind in "iu" and y.max() <= np.iinfo(np.int64).max:
        return Labels(y.astype(np.int64))
    _check_characters(y, where)
    distinct, positions = np.unique(y, return_inverse=True)
    return labels_by_name(read_texts(distinct, where), positions)


def labels_by_name(spelled: Sequence[str], positions: NDArray[Any]) -> Labels:
    """Return labels that are positions in a list of names; two spellings of one name are one class."""
    names = class_order({normal_name(name) for name in spelled})
    place = {name: i for i, name in enumerate(names)}
    return Labels(np.array([place[normal_name(name)] for name in spelled], np.int64)[positions], tuple(names))


def read_texts(values: NDArray[Any], where: str) -> list[str]:
    """Return the texts that an array of strings, bytes or numbers holds.

    Raises
    ------
    DataError
        If they are none.
    """
    _check_characters(values, where)
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values.tolist()]


def _check_characters(values: NDArray[Any], where: str) -> None:
    """Refuse four bytes that are no character, which Python can't make a text of."""
    if values.dtype.kind == "U" and values.size and values.dtype.itemsize:
        codes = np.ascontiguousarray(values).view(values.dtype.byteorder.replace("|", "=") + "u4")
        if int(codes.max()) > sys.maxunicode:
            raise DataError(f"{where} holds text that can't be read: it has characters beyond Unicode.")


def declared_labels(y: NDArray[np.int64], names: Iterable[str], where: str) -> Labels:
    """Return labels that are positions in a list of names; -1 stands for none.

    Raises
    ------
    DataError
        If a label is outside the list, or a name is in it twice.
    """
    proper = distinct_names(names, where)
    labels = Labels(y, proper, declared=True)
    outside = (y < 0) | (y >= len(proper))
    if outside.any() and not labels.absent:
        row = int(np.argmax(outside))
        hint = " (-1 stands for no label: remove such rows, or label them)" if y[row] == UNLABELLED else ""
        raise DataError(
            f"{where}: label {y[row]} at row {row} is out of range; {len(proper)} classes have the labels 0 to "
            f"{len(proper) - 1}{hint}."
        )
    return labels


def distinct_names(names: Iterable[str], where: str) -> tuple[str, ...]:
    """Return names in their normal spelling.

    Raises
    ------
    DataError
        If two of them are one name then.
    """
    spelled = list(names)
    proper = [normal_name(name) for name in spelled]
    first = {name: i for i, name in reversed(list(enumerate(proper)))}
    for i, name in enumerate(proper):
        if first[name] != i:
            how = "" if spelled[i] == spelled[first[name]] else ", spelled in two ways (composed accents, other bytes)"
            raise DataError(f"{where} has the class name {printable(name, 60)!r} twice{how}. Rename one of the two.")
    return tuple(proper)


def unite(files: Sequence[tuple[str, Labels]]) -> tuple[tuple[str, ...] | None, list[NDArray[np.int64]]]:
    """Return the names of all classes of several files, and each file's labels as positions among them.

    Classes are the same where their names are, in whatever order each file has them. Where no file has names, the
    labels stay the numbers that they are, and there are no names.

    Raises
    ------
    DataError
        If one file numbers a list of names and another has numbers without names: nothing says what these mean.
    """
    declared = [(where, labels) for where, labels in files if labels.declared]
    nameless = [where for where, labels in files if labels.names is None and not labels.absent]
    if declared and nameless:
        raise DataError(
            f"{nameless[0]} has labels that are numbers without names, and {declared[0][0]} has names for its labels. "
            "Write the names into both, or into none."
        )
    if all(labels.names is None for _, labels in files):
        return None, [labels.y for _, labels in files]
    own = [_names_themselves(labels) for _, labels in files]
    names = list(declared[0][1].names or ()) if declared else []
    more = {name for labels in own for name in labels.names or ()}.difference(names)
    names += class_order(more)
    place = {name: i for i, name in enumerate(names)}
    return tuple(names), [_moved(labels, place) for labels in own]


def find_classes(given: Iterable[object], names: Sequence[str], what: str) -> list[int]:
    """Return the labels of classes that a user names: 0 … k − 1, in the order given.

    What is given is the name of a class. A number that is no name is a label, counted from 0, but only where no class
    has a number for its name.

    Raises
    ------
    ConfigError
        If there is no such class.
    """
    place = {normal_name(name): i for i, name in enumerate(names)}
    numbered = any(_WHOLE.fullmatch(name) for name in names)
    found = []
    for one in given:
        text = normal_name(str(one))
        if text in place:
            found.append(place[text])
        elif not numbered and _WHOLE.fullmatch(text) and 0 <= int(text) < len(names):
            found.append(int(text))
        else:
            known = ", ".join(printable(name, 40) for name in names[:_MOST_SHOWN])
            more = f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else ""
            hint = did_you_mean(text, place) or "."
            raise ConfigError(
                f"{what} has {printable(text, 60)!r}, which is the name of no class{hint} Classes are {known}{more}."
            )
    return found


def weights_by_label(weights: Mapping[object, float], names: Sequence[str]) -> dict[int, float]:
    """Return weights that are given by the names of classes, by label.

    Raises
    ------
    ConfigError
        If there is no such class, or one is named twice.
    """
    labels = find_classes(weights, names, "class_weight")
    if len(set(labels)) < len(labels):
        raise ConfigError(f"class_weight names a class twice: {printable(', '.join(map(str, weights)))}.")
    return dict(zip(labels, weights.values(), strict=True))


def _names_themselves(labels: Labels) -> Labels:
    """Return bare numbers as the names that they are."""
    if labels.names is not None or labels.absent:
        return labels
    distinct, positions = np.unique(labels.y, return_inverse=True)
    return Labels(positions.astype(np.int64), tuple(str(value) for value in distinct.tolist()))


def _moved(labels: Labels, place: Mapping[str, int]) -> NDArray[np.int64]:
    if labels.names is None:
        return labels.y  # without a label, all of them
    table = np.array([*(place[name] for name in labels.names), UNLABELLED], np.int64)
    moved: NDArray[np.int64] = table[labels.y]
    return moved
