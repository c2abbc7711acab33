from __future__ import annotations

import gzip
import hashlib
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzzing import idx, pixels

from onelayer.data.idx import find_idx, read_idx, read_idx_folder
from onelayer.errors import DataError

IMAGES = pixels(12, 5, 4)
LABELS = (np.arange(12) % 3).astype(np.uint8)


def write_four(folder: Path, dot: str = "-", suffix: str = "", test: str = "t10k") -> None:
    pack = gzip.compress if suffix else bytes
    for part in ("train", test):
        (folder / f"{part}-images{dot}idx3-ubyte{suffix}").write_bytes(pack(idx(IMAGES)))
        (folder / f"{part}-labels{dot}idx1-ubyte{suffix}").write_bytes(pack(idx(LABELS)))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("values", [IMAGES, LABELS])
def test_what_was_written_is_read(tmp_path: Path, pack: type, values: np.ndarray) -> None:
    path = tmp_path / "file"
    path.write_bytes(pack(idx(values)))
    np.testing.assert_array_equal(read_idx(path, values.ndim), values)


@pytest.mark.parametrize("test", ["t10k", "test"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("dot", ["-", "."])
def test_all_names_are_found(tmp_path: Path, dot: str, suffix: str, test: str) -> None:
    write_four(tmp_path, dot, suffix, test)
    content = read_idx_folder(tmp_path)
    assert content.parts["train"].X.shape == content.parts["test"].X.shape == (12, 5, 4, 1)
    assert content.parts["test"].y.tolist() == LABELS.tolist()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_four(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte"):
        find_idx(tmp_path)


def header(*sizes: int, magic: bytes = b"\0\0\x08\x03") -> bytes:
    return magic + struct.pack(f">{len(sizes)}I", *sizes)


BAD = [
    (b"", "starts with nothing"),
    (b"\0\0\x08", "not the IDX file expected"),
    (b"\0\0\x08\x03\0\0", "header ends"),
    (header(12, 5, 4, magic=b"\0\0\x0d\x03") + bytes(240), "starts with 00000d03"),
    (header(240, magic=b"\0\0\x08\x01") + bytes(240), "starts with 00000801"),
    (idx(IMAGES)[:-1], "truncated"),
    (idx(IMAGES) + b"\0", "too long"),
    (header(2**31, 28, 28) + bytes(784), "truncated"),
    (header(2**32 - 1, 2**32 - 1, 2**32 - 1), "truncated"),
    (header(0, 5, 4), "empty"),
    (header(12, 0, 4), "empty"),
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(("data", "message"), BAD)
def test_bad_files_are_refused(tmp_path: Path, data: bytes, message: str, pack: type) -> None:
    path = tmp_path / "file"
    path.write_bytes(pack(data))
    with pytest.raises(DataError, match=message):
        read_idx(path, 3)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(idx(IMAGES))[:-4],
        gzip.compress(idx(IMAGES))[:40],
        gzip.compress(idx(IMAGES))[:-8] + bytes(8),
        b"\x1f\x8b",
    ],
    ids=["no length", "cut", "wrong CRC", "magic alone"],
)
def test_damaged_gzip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"file.gz"):
        read_idx(path, 3)


def test_a_gzip_bomb_is_read_no_further_than_its_header_allows(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(header(1, 10, 10) + bytes(200 << 20), compresslevel=9))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="too long"):
            read_idx(path, 3)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_counts_of_images_and_labels_must_agree(tmp_path: Path) -> None:
    write_four(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:-1]))
    with pytest.raises(DataError, match=r"12 images and .* 11 labels"):
        read_idx_folder(tmp_path)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None], ids=["a folder", "nothing"])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "file")
    with pytest.raises(DataError, match="file"):
        read_idx(tmp_path / "file", 3)


# MD5 of the four uncompressed files, from the data folder's README.
MNIST = {
    "train-images": ("6bbc9ace898e44ae57da46a324031adb", 3),
    "train-labels": ("a25bea736e30d166cdddb491f175f624", 1),
    "t10k-images": ("2646ac647ad5339dbf082846283269ea", 3),
    "t10k-labels": ("27ae3e4e09519cfbb04c329615203637", 1),
}


@pytest.mark.parametrize("name", MNIST)
def test_mnist_is_read_to_the_byte(data_dir: Path, name: str) -> None:
    md5, dimensions = MNIST[name]
    values = read_idx(data_dir / "mnist" / f"{name}-idx{dimensions}-ubyte.gz", dimensions)
    assert hashlib.md5(idx(values), usedforsecurity=False).hexdigest() == md5
