from __future__ import annotations

import pickle
import struct
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import ROWS, cifar_batch, cifar_names, pixels

from onelayer.data import cifar_pickle
from onelayer.data.cifar_pickle import read_batch, read_names
from onelayer.errors import DataError

PIXELS = 3072


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data_batch_1"


def read(file: Path, data: bytes) -> tuple[np.ndarray, np.ndarray]:
    file.write_bytes(data)
    return read_batch(file, ROWS, "labels")


def test_what_python_reads_is_read(file: Path) -> None:
    X, y = read(file, cifar_batch())
    expected = pickle.loads(cifar_batch(), encoding="latin1")  # noqa: S301 - a file of our own, as reference
    np.testing.assert_array_equal(X, expected["data"])
    np.testing.assert_array_equal(X, pixels(ROWS, PIXELS))
    assert y.tolist() == expected["labels"]
    assert (X.dtype, y.dtype) == (np.uint8, np.int64)


def test_fortran_order(file: Path) -> None:
    raw = np.asfortranarray(pixels(ROWS, PIXELS)).tobytes(order="F")
    X, _ = read(file, cifar_batch(data=raw).replace(b"tb\x89T", b"tb\x88T"))
    np.testing.assert_array_equal(X, pixels(ROWS, PIXELS))


def test_names(file: Path) -> None:
    file.write_bytes(cifar_names())
    assert read_names(file, "label_names") == tuple("abcdefghij")


def replaced(old: bytes, new: bytes) -> bytes:
    batch = cifar_batch()
    assert batch.count(old) == 1
    return batch.replace(old, new)


class Boom:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("unpickled",))


HOSTILE = {
    "names another function": (replaced(b"cnumpy\nndarray\n", b"cposix\nsystem\n"), "posix system"),
    "names a builtin": (
        replaced(b"cnumpy.core.multiarray\n_reconstruct\n", b"c__builtin__\neval\n"),
        "__builtin__ eval",
    ),
    "names something else of NumPy": (replaced(b"cnumpy\nndarray\n", b"cnumpy\nmemmap\n"), "numpy memmap"),
    "protocol 4 global": (pickle.dumps({"data": Boom(), "labels": []}, 4), "opcode"),
    "protocol 2 object": (pickle.dumps({"data": Boom()}, 2), "opcode BINUNICODE"),
    "ordered dictionary": (pickle.dumps(OrderedDict(), 2), "collections OrderedDict"),
    "extension": (b"\x80\x02}U\x01a\x82\x01s.", "EXT1"),
    "persistent id": (b"\x80\x02U\x01aQ.", "BINPERSID"),
    "long of a size it has not": (b"\x80\x02\x8b\xff\xff\xff\x7f.", "no sound pickle"),
    "string of a size it has not": (b"\x80\x02}U\x01aT\xff\xff\xff\x7fxs.", "no sound pickle"),
    "string of negative size": (b"\x80\x02}U\x01aT\xff\xff\xff\xffxs.", "no sound pickle"),
    "matrix of a size it has not": (replaced(b"J" + struct.pack("<i", ROWS), b"J\xff\xff\xff\x7f"), "does not have"),
    "matrix of negative size": (replaced(b"J" + struct.pack("<i", ROWS), b"J\xff\xff\xff\xff"), "positive"),
    "matrix of another type": (replaced(b"U\x02u1", b"U\x02f8"), "other than a uint8 matrix"),
    "matrix of objects": (replaced(b"U\x02u1", b"U\x02O8"), "other than a uint8 matrix"),
    "called twice": (cifar_batch().replace(b"\x87R(K\x01J", b"\x87RR(K\x01J"), "not there|other than"),
    "no stop": (cifar_batch()[:-1], "no sound pickle"),
    "nothing": (b"", "no sound pickle"),
    "stack underflow": (b"\x80\x02s.", "not there"),
    "mark missing": (b"\x80\x02t.", "mark is missing"),
    "memo missing": (b"\x80\x02h\x07.", "memo entry 7"),
    "two values": (b"\x80\x02}}.", "one dictionary"),
    "a list": (b"\x80\x02].", "one dictionary"),
    "append to a dictionary": (b"\x80\x02}K\x01a.", "list is missing"),
    "key that is no string": (b"\x80\x02}]K\x01s.", "no string as its key"),
    "build of a string": (b"\x80\x02U\x01aNb.", "other than a uint8 matrix"),
}


@pytest.mark.parametrize(("data", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_pickles_are_refused(file: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(file, data)


WRONG = {
    "no matrix": (b"\x80\x02}.", "no matrix"),
    "matrix without state": (
        b"\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87Rs.",
        "no matrix",
    ),
    "too few rows": (cifar_batch(ROWS - 1), "shape"),
    "no labels": (replaced(b"U\x06labels", b"U\x06Labels"), "list of 20"),
    "too few labels": (replaced(b"K\x08K\x09e", b"K\x08e"), "list of 20"),
    "labels that are strings": (replaced(b"K\x08K\x09e", b"K\x08U\x019e"), "list of 20"),
}


@pytest.mark.parametrize(("data", "message"), WRONG.values(), ids=WRONG)
def test_pickles_that_are_no_batch_are_refused(file: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(file, data)


def test_one_string_can_not_become_many_matrices(file: Path) -> None:
    # Memoised bytes are free to repeat in a pickle; matrices made of them would not be.
    batch = cifar_batch()
    start = batch.index(b"cnumpy.core.multiarray")
    matrix = batch[start:-2]
    with pytest.raises(DataError, match="more than one matrix"):
        read(file, batch[:-2] + b"U\x05data2" + matrix + b"u.")


@pytest.mark.parametrize(
    ("cap", "message"), [("MAX_OPCODES", "opcodes"), ("MAX_MEMO", "memorises"), ("MAX_FILE_BYTES", "more than the")]
)
def test_sizes_are_capped(file: Path, monkeypatch: pytest.MonkeyPatch, cap: str, message: str) -> None:
    monkeypatch.setattr(cifar_pickle, cap, 3)
    with pytest.raises(DataError, match=message):
        read(file, cifar_batch())


def test_a_list_that_holds_itself_is_harmless(file: Path) -> None:
    with pytest.raises(DataError, match="list of 20"):
        read(file, cifar_batch(extra=b"U\x06labels]q\x09h\x09a"))


def test_memory_stays_near_the_size_of_the_file(file: Path) -> None:
    batch = cifar_batch()
    tracemalloc.start()
    try:
        read(file, batch)
        assert tracemalloc.get_traced_memory()[1] < 6 * len(batch) + (1 << 20)
    finally:
        tracemalloc.stop()
