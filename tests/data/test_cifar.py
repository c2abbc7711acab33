from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fuzzing import cifar_batch, cifar_names, pixels

from onelayer.data import verify_dataset
from onelayer.data.cifar import LAYOUTS, CifarLayout, find_cifar, read_binary, read_cifar
from onelayer.data.load import find, read_parts
from onelayer.errors import DataError

FORMATS = tuple(layout.format for layout in LAYOUTS)
BINARY, PYTHON, BINARY_100, PYTHON_100 = (replace(layout, train_rows=4, test_rows=4) for layout in LAYOUTS)


def records(rows: int, label_bytes: int, label: int = 3) -> bytes:
    return np.hstack([np.full((rows, label_bytes), label, np.uint8), pixels(rows, 3072)]).tobytes()


def write(layout: CifarLayout, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*layout.train, *layout.test):
        rows = records(4, layout.label_bytes)
        batch = (
            cifar_batch(4).replace(b"U\x06labels", b"U\x0bfine_labels") if layout.n_classes == 100 else cifar_batch(4)
        )
        (folder / name).write_bytes(rows if layout.label_bytes else batch)
    if layout.label_bytes:
        (folder / layout.names).write_text("\n".join(f"name{i}" for i in range(layout.n_classes)) + "\n\n")
    elif layout.n_classes == 10:
        (folder / layout.names).write_bytes(cifar_names())
    else:
        names = b"](" + b"".join(b"U\x02" + f"{i:02}".encode() for i in range(100)) + b"e"
        (folder / layout.names).write_bytes(b"\x80\x02}U\x10fine_label_names" + names + b"s.")


@pytest.mark.parametrize("layout", [BINARY, PYTHON, BINARY_100, PYTHON_100], ids=lambda layout: layout.format)
@pytest.mark.parametrize("nested", [False, True])
def test_layouts_are_found_and_read(tmp_path: Path, layout: CifarLayout, nested: bool) -> None:
    write(layout, tmp_path / layout.folder if nested else tmp_path)
    found = find_cifar(tmp_path, FORMATS)
    assert found is not None
    assert found[0].format == layout.format
    content = read_cifar(layout, found[1])
    assert content.class_names is not None
    assert len(content.class_names) == layout.n_classes
    X, y = content.parts["train"]
    assert X.shape == (4 * len(layout.train), 32, 32, 3)
    np.testing.assert_array_equal(X[:4].transpose(0, 3, 1, 2).reshape(4, 3072), pixels(4, 3072))
    assert y[:4].tolist() == ([3] * 4 if layout.label_bytes else [0, 1, 2, 3])


def test_cifar100_is_read_with_its_fine_labels(tmp_path: Path) -> None:
    path = tmp_path / "train.bin"
    path.write_bytes(bytes([19, 98]) + bytes(3072))
    assert read_binary(path, 1, 2)[1].tolist() == [98]


@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"\0", lambda d: d[: len(d) // 2], lambda d: b""])
def test_wrong_length_is_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(change(records(4, 1)))
    with pytest.raises(DataError, match="4 records take 12,292"):
        read_binary(path, 4, 1)


@pytest.mark.parametrize("layout", [BINARY, BINARY_100], ids=lambda layout: layout.format)
def test_a_label_out_of_range_is_refused(tmp_path: Path, layout: CifarLayout) -> None:
    write(layout, tmp_path)
    (tmp_path / layout.train[0]).write_bytes(records(4, layout.label_bytes, layout.n_classes))
    with pytest.raises(DataError, match=f"label {layout.n_classes} of record 0 is out of range"):
        read_cifar(layout, tmp_path)


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    write(BINARY, tmp_path)
    (tmp_path / "data_batch_4.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_4\.bin missing"):
        find_cifar(tmp_path, FORMATS)


def test_a_whole_layout_beside_a_part_of_another_is_found(tmp_path: Path) -> None:
    write(PYTHON, tmp_path)
    (tmp_path / "data_batch_1.bin").write_bytes(b"")
    found = find_cifar(tmp_path, FORMATS)
    assert found is not None
    assert found[0].format == "CIFAR-10 Python"


def test_files_called_train_and_test_alone_are_not_cifar100(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / name).write_bytes(b"")
    assert find_cifar(tmp_path, FORMATS) is None


def test_names_are_optional(tmp_path: Path) -> None:
    write(BINARY, tmp_path)
    (tmp_path / BINARY.names).unlink()
    assert read_cifar(BINARY, tmp_path).class_names is None


@pytest.mark.parametrize("text", ["a b c", "x " * 11, "y" * 100_000])
def test_wrong_names_are_refused(tmp_path: Path, text: str) -> None:
    write(BINARY, tmp_path)
    (tmp_path / BINARY.names).write_text(text)
    with pytest.raises(DataError, match=BINARY.names):
        read_cifar(BINARY, tmp_path)


def test_official_lengths() -> None:
    assert [(layout.train_rows * len(layout.train), layout.test_rows * len(layout.test)) for layout in LAYOUTS] == [
        (50_000, 10_000)
    ] * 4


@pytest.mark.slow
def test_parquet_and_both_official_layouts_have_one_fingerprint(data_dir: Path, cifar10_layouts: Path) -> None:
    fingerprints, formats, official = set(), set(), set()
    for place in (data_dir, cifar10_layouts / "cifar-10-batches-bin", cifar10_layouts / "cifar-10-batches-py"):
        entry, found = find("cifar10", place, may_download=False)
        parts = read_parts(entry, found)
        fingerprints.add((parts["train"].fingerprint, parts["test"].fingerprint))
        formats.add(found.format)
        official.add(parts["train"].official)
    assert formats == {"Parquet", "CIFAR-10 binary", "CIFAR-10 Python"}
    assert len(fingerprints) == 1
    assert official == {None}  # the pixels sum up to the official ones; the order is another


@pytest.mark.slow
def test_verify_finds_one_grey_level_of_difference(cifar10_layouts: Path, tmp_path: Path) -> None:
    shutil.copytree(cifar10_layouts / "cifar-10-batches-bin", tmp_path / "cifar-10-batches-bin")
    batch = tmp_path / "cifar-10-batches-bin" / "data_batch_3.bin"
    content = bytearray(batch.read_bytes())
    content[1] ^= 1  # the first byte after the label
    batch.write_bytes(content)
    rows = {row["item"]: row["ok"] for row in verify_dataset("cifar10", tmp_path)}
    assert rows["content of train"] is False
