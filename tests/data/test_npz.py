from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import pixels

from onelayer.data import load_dataset
from onelayer.data.npz import read_npz
from onelayer.errors import DataError

Y = np.arange(20) % 4


def write(path: Path, save: Any = np.savez, **arrays: Any) -> Path:
    save(path, **arrays)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("X", "shape", "dtype"),
    [
        (pixels(20, 5, 4), (20, 5, 4), np.uint8),
        (pixels(20, 5, 4, 3), (20, 5, 4, 3), np.uint8),
        (pixels(20, 5, 4).astype(np.int64), (20, 5, 4), np.int64),
        (pixels(20, 7), (20, 7), np.uint8),
        (np.asfortranarray(pixels(20, 7).astype(np.float32)), (20, 7), np.float32),
        (pixels(20, 7).astype(">f8"), (20, 7), np.float64),
        (pixels(20, 7).astype(np.float16), (20, 7), np.float32),
        (pixels(20, 7).astype(np.int16), (20, 7), np.float32),
        (pixels(20, 7).astype(np.int32), (20, 7), np.float64),
        (pixels(20, 7) > 127, (20, 7), np.float32),
    ],
)
def test_values_survive(file: Path, X: np.ndarray, shape: tuple[int, ...], dtype: type, save: Any) -> None:
    rows, y = read_npz(write(file, save, X=X, y=Y)).parts["all"]
    assert (rows.shape, rows.dtype) == (shape, dtype)
    np.testing.assert_array_equal(rows.reshape(X.shape), X.astype(dtype))
    np.testing.assert_array_equal(y, Y)


@pytest.mark.parametrize(
    ("y", "names"),
    [
        (np.array([7, -1] * 10), ("-1", "7")),
        (np.array(["dog", "cat"] * 10), ("cat", "dog")),
        (np.array([b"dog", b"cat"] * 10), ("cat", "dog")),
        (np.array([1.0, 0.0] * 10), ("0", "1")),
        (np.array([True, False] * 10), ("False", "True")),
        (np.array([[1], [0]] * 10), ("0", "1")),
    ],
)
def test_labels_become_positions_of_their_sorted_values(file: Path, y: np.ndarray, names: tuple[str, ...]) -> None:
    content = read_npz(write(file, X=pixels(20, 7), y=y))
    assert content.class_names == names
    assert content.parts["all"].y.tolist() == [1, 0] * 10


def test_class_names_are_used(file: Path) -> None:
    content = read_npz(write(file, X=pixels(20, 7), y=Y, class_names=np.array(list("abcde"))))
    assert content.class_names == ("a", "b", "c", "d", "e")


def test_labels_beyond_class_names_are_refused(file: Path) -> None:
    with pytest.raises(DataError, match="out of range"):
        load_dataset(write(file, X=pixels(20, 7), y=Y, class_names=np.array(["a", "b"])))


@pytest.mark.parametrize("style", [str, str.lower, str.upper])
def test_parts(file: Path, style: Any) -> None:
    arrays = {
        "X_train": pixels(20, 7),
        "y_train": Y,
        "X_test": pixels(8, 7),
        "y_test": Y[:8],
        "X_val": pixels(4, 7),
        "y_val": Y[:4],
    }
    content = read_npz(write(file, **{style(name): values for name, values in arrays.items()}))
    assert {part: len(rows.y) for part, rows in content.parts.items()} == {"train": 20, "test": 8, "validation": 4}


def test_a_training_part_alone_is_all(file: Path) -> None:
    assert list(read_npz(write(file, X_train=pixels(20, 7), y_train=Y)).parts) == ["all"]


def test_value_range_of_features_is_that_of_the_training_rows(file: Path) -> None:
    X = np.linspace(-2, 3, 40).reshape(20, 2)
    write(file, X_train=X, y_train=Y, X_test=100 * X, y_test=Y)
    assert load_dataset(file).test.value_range == (-2.0, 3.0)


@pytest.mark.parametrize("X", [np.full((20, 2), 1e300), np.zeros((20, 2))])
def test_value_range_of_constant_features_is_not_empty(file: Path, X: np.ndarray) -> None:
    low, high = load_dataset(write(file, X=X, y=Y)).train.value_range
    assert low == X[0, 0] < high


BAD: list[tuple[str, dict[str, Any]]] = [
    ("X and y", {"X": pixels(20, 7)}),
    ("X and y", {"a": pixels(20, 7), "b": Y}),
    ("19 labels", {"X": pixels(20, 7), "y": Y[1:]}),
    ("only numbers and strings", {"X": np.array([[{}]] * 20), "y": Y}),
    ("only numbers and strings", {"X": pixels(20, 7), "y": np.array([None] * 20)}),
    ("only numbers and strings", {"X": np.zeros((20, 2), complex), "y": Y}),
    ("only numbers and strings", {"X": np.zeros(20, [("a", int)]), "y": Y}),
    ("only numbers and strings", {"X": np.zeros((20, 2), "M8[s]"), "y": Y}),
    ("must be numbers", {"X": np.array([["a"]] * 20), "y": Y}),
    ("must be numbers", {"X": pixels(20), "y": Y}),
    ("must be numbers", {"X": pixels(20, 2, 2, 2, 2), "y": Y}),
    ("has the shape", {"X": np.uint8(3), "y": Y}),
    ("from -1 to -1.* --value-range LOW,HIGH", {"X": np.full((20, 4, 4), -1), "y": Y}),
    ("row 0, column 0 is nan", {"X": np.full((20, 4), np.nan), "y": Y}),
    ("is inf", {"X": np.full((20, 4), np.inf, np.float32), "y": Y}),
    ("fractions", {"X": pixels(20, 4), "y": Y + 0.5}),
    ("fractions", {"X": pixels(20, 4), "y": np.where(Y == 0, np.nan, Y)}),
    ("no row has a label", {"X": pixels(20, 4), "y": np.full(20, np.nan)}),
    ("one label a row", {"X": pixels(20, 4), "y": np.eye(20)}),
    ("one label a row", {"X": pixels(0, 4), "y": np.zeros(0, int)}),
    ("empty", {"X": pixels(20, 0), "y": Y}),
    ("empty", {"X": np.zeros((20, 0)), "y": Y}),
    ("1 class", {"X": pixels(20, 4), "y": np.zeros(20, int)}),
    ("at least 3", {"X": pixels(20, 4), "y": np.arange(20)}),
    ("as integers", {"X": pixels(20, 4), "y": np.array(["a", "b"] * 10), "class_names": np.array(["a", "b"])}),
    ("different shapes", {"X_train": pixels(20, 4), "y_train": Y, "X_test": pixels(20, 5), "y_test": Y}),
]


@pytest.mark.parametrize(("message", "arrays"), BAD)
def test_bad_content_is_refused(file: Path, message: str, arrays: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=message):
        load_dataset(write(file, **arrays))


def test_headers_of_python_2_are_read(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", npy("(20L, 7L)", bytes(140)))
        archive.writestr("y.npy", npy("(20,)", bytes(range(20))))
    assert read_npz(file).parts["all"].X.shape == (20, 7)


class Boom:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("unpickled",))


def test_objects_are_never_unpickled(file: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (20, 1)})
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", header.getvalue() + pickle.dumps(Boom()))
        archive.writestr("y.npy", b"")
    with pytest.raises(DataError):
        read_npz(file)


def npy(shape: str, body: bytes = b"", descr: str = "'|u1'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


@pytest.mark.parametrize(
    "member",
    [
        npy("(1099511627776,)", bytes(10)),
        npy("(-1, 7)", bytes(7)),
        npy("(20, 7)", bytes(139)),
        npy("(20, 7)", bytes(141)),
        npy("(20, 7", bytes(140)),
        npy("(" * 3000, bytes(140)),
        npy("__import__('os')", bytes(140)),
        npy("(20, 7)", bytes(140), descr="'|O'"),
        npy("(20, 7)", bytes(140), descr="['x']"),
        npy("(True, 7)", bytes(7)),
        npy("(20, 7, " + "1, " * 100 + ")", bytes(140)),
        b"\x93NUMPY\x09\x00",
        b"",
    ],
)
def test_headers_that_lie_are_refused(file: Path, member: bytes) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", member)
        archive.writestr("y.npy", npy("(20,)", bytes(range(20))))
    with pytest.raises(DataError, match=r"set\.npz"):
        load_dataset(file)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onelayer.data.npz.MAX_ARRAY_BYTES", 1 << 20)
    write(file, np.savez_compressed, X=np.zeros((20, 1 << 17), np.uint8), y=Y)
    with pytest.raises(DataError, match="unpacks to"):
        read_npz(file)


def test_a_member_that_claims_more_than_deflate_can_hold_is_refused(file: Path) -> None:
    write(file, X=pixels(20, 7), y=Y)
    data = bytearray(file.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 2**31)
    file.write_bytes(data)
    with pytest.raises(DataError, match="claims"):
        read_npz(file)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(file: Path, kind: int) -> None:
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr("X.npy", npy("(20, 7)", bytes(140)))
    with pytest.raises(DataError, match="unusual"):
        read_npz(file)


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all"])
def test_what_is_no_archive_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(DataError, match="zip archive"):
        read_npz(file)
