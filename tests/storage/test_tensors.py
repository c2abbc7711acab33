from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from onelayer.errors import ModelFileError
from onelayer.storage import tensors
from onelayer.storage.tensors import read_tensors, tensor_bytes, write_tensors

DTYPES = ["bool", "u1", "i1", "u2", "i2", "f2", "u4", "i4", "f4", "u8", "i8", "f8", ">f8", ">i2"]
ARRAYS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__"),
    st.sampled_from(DTYPES).flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))),
    max_size=4,
)
METADATA = st.dictionaries(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=8)] * 2, max_size=4)


def file_bytes(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@settings(deadline=None)
@given(ARRAYS, METADATA)
def test_round_trip_is_exact(tmp_path_factory, arrays, metadata):
    path = tmp_path_factory.mktemp("t") / "a.safetensors"
    write_tensors(path, arrays, metadata)
    found, found_metadata = read_tensors(path)
    assert found_metadata == metadata
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found[name], array)


def test_arrays_read_are_writable(tmp_path):
    write_tensors(tmp_path / "a", {"W": np.zeros(3)}, {})
    assert read_tensors(tmp_path / "a")[0]["W"].flags.writeable


@settings(deadline=None)
@given(ARRAYS, METADATA)
def test_the_reference_library_reads_the_same(arrays, metadata):
    content = tensor_bytes(arrays, metadata)
    reference = safetensors.numpy.load(content)
    assert reference.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(reference[name], array)


def test_metadata_is_where_the_reference_library_looks(tmp_path):
    write_tensors(tmp_path / "a", {"W": np.zeros(3)}, {"kind": "é"})
    with safetensors.safe_open(tmp_path / "a", framework="np") as file:
        assert file.metadata() == {"kind": "é"}


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[::-1][::-1]])
def test_bytes_do_not_depend_on_memory_layout(layout):
    array = np.arange(12.0).reshape(3, 4)
    assert tensor_bytes({"W": layout(array)}, {}) == tensor_bytes({"W": array}, {})


def test_bytes_do_not_depend_on_order():
    arrays = {"b": np.zeros(2), "W": np.ones((2, 3)), "n": np.arange(3, dtype=np.uint8)}
    metadata = {"b": "1", "a": "2", "c": "3"}
    backwards = [dict(reversed(table.items())) for table in (arrays, metadata)]
    assert tensor_bytes(arrays, metadata) == tensor_bytes(*backwards)


def test_bytes_do_not_depend_on_the_process():
    code = (
        "import hashlib, numpy as np; from onelayer.storage.tensors import tensor_bytes;"
        "print(hashlib.sha256(tensor_bytes({'W': np.eye(3)}, {c: c for c in 'qwertyuiop'})).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            text=True,
            check=True,
            capture_output=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    content = tensor_bytes({"W": np.eye(3)}, {c: c for c in "qwertyuiop"})
    assert digests == {hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("name", ["u1", "f4", "f8"])
def test_every_array_is_aligned_to_its_elements(name):
    content = tensor_bytes({"a": np.zeros(3, "u1"), "b": np.zeros(3, "f8"), "c": np.zeros(3, "f4")}, {"x": "y"})
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    entry = header[{"u1": "a", "f8": "b", "f4": "c"}[name]]
    assert (8 + length + entry["data_offsets"][0]) % np.dtype(name).itemsize == 0


@pytest.mark.parametrize("array", [np.array([None]), np.array(["a"]), np.zeros(2, "c16"), np.zeros(2, "M8[s]")])
def test_types_the_format_lacks_are_refused(array):
    with pytest.raises(ModelFileError, match="can't be stored"):
        tensor_bytes({"W": array}, {})


def test_text_that_is_not_unicode_is_refused():
    with pytest.raises(ModelFileError, match="valid text"):
        tensor_bytes({}, {"name": "caf\udce9"})


def test_a_header_that_could_not_be_read_back_is_not_written():
    with pytest.raises(ModelFileError, match="more than"):
        tensor_bytes({}, {"names": "x" * tensors.MAX_HEADER_BYTES})


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
DAMAGED = {
    "empty": b"",
    "truncated length": b"\x05\0\0",
    "header longer than the file": (1000).to_bytes(8, "little") + b"{}",
    "header of 2**63 bytes": (1 << 63).to_bytes(8, "little") + b"{}",
    "header of 2**64 - 1 bytes": b"\xff" * 8 + b"{}",
    "header not JSON": file_bytes(b"nonsense"),
    "header not UTF-8": file_bytes(b'{"\xff": 1}'),
    "header in UTF-16": file_bytes("{}".encode("utf-16")),
    "header a list": file_bytes([]),
    "header nested too deep": file_bytes(b'{"a":' * 100_000),
    "an integer of 5000 digits": file_bytes(b'{"a":' + b"9" * 5000 + b"}"),
    "metadata not text": file_bytes({"__metadata__": {"a": 1}}),
    "metadata a list": file_bytes({"__metadata__": []}),
    "entry not a table": file_bytes({"W": 3}),
    "unknown dtype": file_bytes({"W": ENTRY | {"dtype": "Q7"}}, bytes(8)),
    "dtype that NumPy lacks": file_bytes({"W": ENTRY | {"dtype": "BF16", "shape": [4]}}, bytes(8)),
    "dtype a list": file_bytes({"W": ENTRY | {"dtype": ["F32"]}}, bytes(8)),
    "data truncated": file_bytes({"W": ENTRY}, bytes(7)),
    "data too long": file_bytes({"W": ENTRY}, bytes(9)),
    "shape too large": file_bytes({"W": ENTRY | {"shape": [3]}}, bytes(8)),
    "shape that overflows": file_bytes({"W": ENTRY | {"shape": [2**33, 2**33]}}, bytes(8)),
    "negative shape": file_bytes({"W": ENTRY | {"shape": [-2]}}, bytes(8)),
    "65 axes": file_bytes({"W": ENTRY | {"shape": [2] + [1] * 64}}, bytes(8)),
    "offsets past the end": file_bytes({"W": ENTRY | {"data_offsets": [8, 16]}}, bytes(8)),
    "offsets backwards": file_bytes({"W": ENTRY | {"data_offsets": [8, 0]}}, bytes(8)),
    "overlap": file_bytes({"W": ENTRY, "b": ENTRY}, bytes(8)),
    "hole": file_bytes({"W": ENTRY, "b": ENTRY | {"data_offsets": [16, 24]}}, bytes(24)),
    "a name twice": file_bytes(b'{"W":%s,"W":%s}' % ((json.dumps(ENTRY).encode(),) * 2), bytes(8)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_files_are_refused_in_one_line_that_names_them(tmp_path, content):
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"damaged\.safetensors") as caught:
        read_tensors(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    path = tmp_path / "sparse.safetensors"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelFileError, match="more than"):
        read_tensors(path)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_only_regular_files_are_read(tmp_path, make):
    make(tmp_path / "x")
    with pytest.raises(ModelFileError, match=r"can't be read|not a regular file"):
        read_tensors(tmp_path / "x")


@settings(deadline=None, max_examples=500)
@given(st.data())
def test_mutated_files_raise_only_our_error(tmp_path_factory, data):
    content = bytearray(tensor_bytes({"W": np.eye(3, dtype=np.float32), "b": np.zeros(3)}, {"format": "x"}))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["replace", "insert", "cut"]))
        piece = data.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"]", b"}", b",", b"-1", b"1e9", b"\\u0000"]))
        content[place : place + (0 if kind == "insert" else len(piece) or 1)] = b"" if kind == "cut" else piece
    path = tmp_path_factory.getbasetemp() / "mutated.safetensors"
    path.write_bytes(content)
    with contextlib.suppress(ModelFileError):
        arrays, metadata = read_tensors(path)
        assert sum(array.nbytes for array in arrays.values()) <= len(content)
        assert all(isinstance(text, str) for text in metadata.values())
