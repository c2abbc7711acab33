from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from onelayer.data import untrusted
from onelayer.data.untrusted import allocate, as_text, opened, read_exactly, read_small
from onelayer.errors import DataError


def test_opened_measures(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with opened(path) as (stream, size):
        assert (stream.read(), size) == (b"abc", 3)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a regular file"), opened(tmp_path / "pipe"):
        pass


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), EOFError("cut"), OSError("bad")])
def test_failures_inside_the_block_are_ours(tmp_path: Path, error: Exception) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(DataError, match="file can't be read: "), opened(path):
        raise error


def test_a_small_file_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcd")
    assert read_small(path, 4) == b"abcd"
    with pytest.raises(DataError, match="4 bytes, more than the 3"):
        read_small(path, 3)


@pytest.mark.parametrize(("data", "message"), [(b"abc", "truncated"), (b"abcde", "too long")])
def test_read_exactly_wants_no_less_and_no_more(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_exactly(io.BytesIO(data), np.empty(4, np.uint8), Path("file"), "its values")


def test_read_exactly_fills_any_shape_and_type() -> None:
    out = np.empty((2, 3), "<u2")
    read_exactly(io.BytesIO(np.arange(6, dtype="<u2").tobytes()), out, Path("file"), "its values")
    assert out.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_allocate_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "MAX_ARRAY_BYTES", 100)
    assert allocate((10, 10), np.uint8, "it").shape == (10, 10)
    with pytest.raises(DataError, match=r"it claims 10 × 11 values, 110 bytes; the limit is 100"):
        allocate((10, 11), np.uint8, "it")


def test_memory_that_is_not_there_is_our_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "empty", fail)
    with pytest.raises(DataError, match="does not have free"):
        allocate((1,), np.uint8, "it")


def test_names_become_proper_text() -> None:
    assert as_text("caf\u00e9\udcff") == "caf\u00e9\ufffd"
