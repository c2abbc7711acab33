"""CIFAR's Python batches, read without unpickling anything.

The files are pickles, protocol 2, of a dictionary of strings, lists and one uint8 matrix. `pickletools` splits them
into opcodes; those that such files need are carried out here, one by one, on a stack of plain values, and every other
one is refused. The three NumPy names that may occur stand for nothing but themselves: the matrix is built here from its
checked shape, type and bytes. Number of opcodes, memo entries, matrices and file size are capped.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .untrusted import label, read_small

__all__ = ["read_batch", "read_names"]

MAX_FILE_BYTES = 256 << 20
MAX_OPCODES = 500_000
MAX_MEMO = 250_000
_PIXELS = 3072


class _Name(Enum):
    """Stand-ins for the names that a batch may mention; none can be called."""

    RECONSTRUCT = "_reconstruct"
    NDARRAY = "ndarray"
    DTYPE = "dtype"


_NAMES = {
    "numpy.core.multiarray _reconstruct": _Name.RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": _Name.RECONSTRUCT,
    "numpy ndarray": _Name.NDARRAY,
    "numpy dtype": _Name.DTYPE,
}


@dataclass
class _Bytes:
    """The one dtype there is, uint8, before and after its state has been set."""


@dataclass
class _Matrix:
    """A matrix whose state may not have come yet."""

    values: NDArray[np.uint8] | None = None


class _RefusedError(Exception):
    """The pickle holds something that a CIFAR batch does not; never leaves this file."""


def read_batch(path: Path, rows: int, label_key: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read one batch.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        How many images it must have.
    label_key : str
        ``"labels"`` (CIFAR-10) or ``"fine_labels"`` (CIFAR-100).

    Returns
    -------
    pixels : ndarray of shape (rows, 3072), uint8
    labels : ndarray of shape (rows,), int64

    Raises
    ------
    DataError
        If the file is not such a batch, or holds anything more than one needs.
    """
    content = _read(path)
    data, labels = content.get("data"), content.get(label_key)
    if not isinstance(data, _Matrix) or data.values is None:
        raise DataError(f"{label(path)} has no matrix 'data'.")
    if data.values.shape != (rows, _PIXELS):
        raise DataError(f"{label(path)}: 'data' has the shape {data.values.shape}, not {(rows, _PIXELS)}.")
    if not isinstance(labels, list) or len(labels) != rows or not all(isinstance(value, int) for value in labels):
        raise DataError(f"{label(path)}: {label_key!r} must be a list of {rows:,} integers.")
    return data.values, np.array(labels, dtype=np.int64)


def read_names(path: Path, key: str) -> tuple[str, ...]:
    """Read the list of class names at ``key`` of a ``batches.meta`` or ``meta`` file.

    Raises
    ------
    DataError
        If it is not there or is no list of strings.
    """
    names = _read(path).get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{label(path)} has no list of strings {key!r}.")
    return tuple(names)


def _read(path: Path) -> dict[str, Any]:
    data = read_small(path, MAX_FILE_BYTES)
    try:
        return _Machine().run(_scan(data))
    except _RefusedError as refusal:
        raise DataError(
            f"{label(path)} is not a CIFAR batch: {printable(str(refusal))}. Nothing in it was run."
        ) from None


def _scan(data: bytes) -> list[tuple[str, Any]]:
    """Split the pickle into (opcode, argument): lengths checked against the file, opcodes against the list."""
    program: list[tuple[str, Any]] = []
    try:
        for opcode, argument, position in pickletools.genops(data):
            if opcode.name not in _OPCODES:
                raise _RefusedError(f"opcode {opcode.name} at byte {position:,} has no place in one")
            program.append((opcode.name, argument))
            if len(program) > MAX_OPCODES:
                raise _RefusedError(f"it has more than {MAX_OPCODES:,} opcodes")
    except (ValueError, IndexError, OverflowError) as error:
        raise _RefusedError(f"its bytes are no sound pickle ({error})") from None
    return program


class _Machine:
    """Carries out the opcodes of one file. A value is a string, integer, bool, None, tuple, list, dict or stand-in."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.matrices = 0

    def run(self, program: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, argument in program:
            _OPCODES[name](self, argument)
        if len(self.stack) != 1 or not isinstance(self.stack[0], dict):
            raise _RefusedError("it does not hold one dictionary")
        return self.stack[0]

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise _RefusedError("an opcode takes a value that is not there")
        return self.stack.pop()

    def top(self, kind: type) -> Any:
        value = self.pop()
        if not isinstance(value, kind):
            raise _RefusedError(f"a {kind.__name__} is missing where one must be")
        self.stack.append(value)
        return value

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def pop_mark(self) -> list[Any]:
        if not self.marks:
            raise _RefusedError("a mark is missing")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def tuple_of(self, count: int) -> None:
        self.push(tuple([self.pop() for _ in range(count)][::-1]))

    def put(self, index: int) -> None:
        if len(self.memo) >= MAX_MEMO:
            raise _RefusedError(f"it memorises more than {MAX_MEMO:,} values")
        self.memo[index] = self.top(object)

    def get(self, index: int) -> None:
        if index not in self.memo:
            raise _RefusedError(f"memo entry {index} is not there")
        self.push(self.memo[index])

    def append(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def set_items(self, pairs: list[Any]) -> None:
        target = self.top(dict)
        if len(pairs) % 2 or not all(isinstance(key, str) for key in pairs[::2]):
            raise _RefusedError("a dictionary entry has no string as its key")
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def find(self, name: str) -> None:
        if name not in _NAMES:
            raise _RefusedError(f"it names {name!r}")
        self.push(_NAMES[name])

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        if function is _Name.RECONSTRUCT and arguments == (_Name.NDARRAY, (0,), "b"):
            self.push(_Matrix())
        elif function is _Name.DTYPE and arguments == ("u1", 0, 1):
            self.push(_Bytes())
        else:
            raise _RefusedError("it makes something other than a uint8 matrix")

    def build(self) -> None:
        state = self.pop()
        target = self.top(object)
        if isinstance(target, _Matrix):
            self.matrices += 1
            if self.matrices > 1:
                raise _RefusedError("it holds more than one matrix")
            target.values = _matrix(state)
        elif not isinstance(target, _Bytes) or state != (3, "|", None, None, None, -1, -1, 0):
            raise _RefusedError("it sets the state of something other than a uint8 matrix")


def _matrix(state: Any) -> NDArray[np.uint8]:
    """Build the matrix from NumPy's state: version, shape, dtype, whether in Fortran order, bytes."""
    if not isinstance(state, tuple) or len(state) != 5 or state[0] != 1 or not isinstance(state[2], _Bytes):
        raise _RefusedError("the state of its matrix is not NumPy's")
    shape, fortran, raw = state[1], state[3], state[4]
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(isinstance(size, int) and size > 0 for size in shape):
        raise _RefusedError("the shape of its matrix is not two positive sizes")
    if not isinstance(raw, str) or len(raw) != shape[0] * shape[1]:
        raise _RefusedError(f"its matrix claims {shape[0]:,} × {shape[1]:,} bytes, which it does not have")
    # pickletools hands byte strings over as Latin-1 text: one character a byte.
    return np.frombuffer(raw.encode("latin-1"), np.uint8).reshape(shape, order="F" if fortran else "C")


_Step = Callable[[_Machine, Any], None]
_OPCODES: dict[str, _Step] = {
    "PROTO": lambda machine, version: None,
    "STOP": lambda machine, _: None,
    "MARK": lambda machine, _: machine.mark(),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "BININT": lambda machine, value: machine.push(value),
    "BININT1": lambda machine, value: machine.push(value),
    "BININT2": lambda machine, value: machine.push(value),
    "BINSTRING": lambda machine, value: machine.push(value),
    "SHORT_BINSTRING": lambda machine, value: machine.push(value),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_mark())),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "BINPUT": lambda machine, index: machine.put(index),
    "LONG_BINPUT": lambda machine, index: machine.put(index),
    "BINGET": lambda machine, index: machine.get(index),
    "LONG_BINGET": lambda machine, index: machine.get(index),
    "APPEND": lambda machine, _: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.pop_mark()),
    "SETITEM": lambda machine, _: machine.set_items([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_mark()),
    "GLOBAL": lambda machine, name: machine.find(name),
    "REDUCE": lambda machine, _: machine.reduce(),
    "BUILD": lambda machine, _: machine.build(),
}
