"""Arrays of images in files, of any type and layout: what a data set makes of them, and what it says."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from onelayer.data import load_dataset
from onelayer.data.load import load_splits
from onelayer.errors import DataError, DataWarning

LEVELS = np.random.default_rng(0).integers(0, 16, (40, 12, 9, 3))
Y = np.arange(40) % 2


def loaded(path: Path, **options):
    """The whole set, its rows in order, and its notes."""
    splits = load_splits(path, **options)
    return splits.train, splits.train.provenance.notes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set.npz"


def parts(X: np.ndarray) -> dict[str, np.ndarray]:
    return {"X_train": X, "y_train": Y, "X_test": X[:8], "y_test": Y[:8]}


TYPES = {
    "bool": (LEVELS > 7, (0, 1), np.uint8),
    "0/1 bytes": ((LEVELS > 7).astype(np.uint8), (0, 1), np.uint8),
    "0/1 integers": ((LEVELS > 7).astype(np.int64), (0, 1), np.uint8),
    "0/1 floats": ((LEVELS > 7).astype(np.float32), (0, 1), np.float32),
    "0 to 15": (LEVELS.astype(np.uint8), (0, 15), np.uint8),
    "0.0 to 15.0": (LEVELS.astype(np.float64), (0, 15), np.float64),
    "0 to 1": (LEVELS.astype(np.float32) / 15, (0, 1), np.float32),
    "half floats": ((LEVELS / 15).astype(np.float16), (0, 1), np.float32),
    "-1 to 1": (LEVELS / 7.5 - 1, (-1, 1), np.float64),
    "bytes": ((LEVELS * 17).astype(np.uint8), (0, 255), np.uint8),
    "other byte order": ((LEVELS * 17).astype(">i4"), (0, 255), np.uint8),
    "signed bytes": ((LEVELS * 17 - 128).astype(np.int8), (-128, 127), np.float32),
    "12 bits": ((LEVELS * 273).astype(np.uint16), (0, 4095), np.float32),
    "16 bits": ((LEVELS * 4369).astype(np.uint16), (0, 65_535), np.float32),
    "16 bits in 32": ((LEVELS * 4369).astype(np.int32), (0, 65_535), np.float64),
}


@pytest.mark.parametrize("layout", ["channels-last", "channels-first"])
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_in_every_layout_keeps_its_values_and_has_its_range(file: Path, kind: str, layout: str) -> None:
    X, value_range, dtype = TYPES[kind]
    np.savez(file, **parts(X.transpose(0, 3, 1, 2) if layout == "channels-first" else X))
    train, notes = loaded(file, validation_fraction=0)
    assert (train.image_shape, train.value_range, train.X.dtype) == ((12, 9, 3), value_range, dtype)
    np.testing.assert_array_equal(train.X, X)
    said = [note.partition(" ")[0] for note in notes]
    assert said == ["images"] * (layout == "channels-first") + ["pixels"] * (
        kind not in ("bool", "bytes", "other byte order")
    )


def test_the_lines_say_what_was_decided(file: Path) -> None:
    np.savez(file, **parts((LEVELS > 7).astype(np.uint8).transpose(0, 3, 1, 2)))
    with pytest.warns(DataWarning) as caught:
        load_dataset(file)
    assert [str(one.message) for one in caught] == [
        "images of shape (3, 12, 9) are read as 3 channels of 12×9 pixels (--layout channels-last reads them the other "
        "way)",
        "pixels have values from 0 to 1: black is taken to be 0 and white 1 (--value-range LOW,HIGH says otherwise)",
    ]


def test_the_training_part_decides_on_the_range(file: Path) -> None:
    arrays = parts((LEVELS > 7).astype(np.float32)) | {"X_test": LEVELS[:8].astype(np.float32) * 17}
    np.savez(file, **arrays)
    splits = load_splits(file)
    assert splits.train.value_range == splits.test.value_range == (0, 1)


@pytest.mark.parametrize(("shape", "word"), [((3, 4, 5), "3×4 pixels of 5 channels or 4×5"), ((13, 64, 64), "13×64")])
def test_an_ambiguous_layout_is_refused_and_can_be_said(file: Path, shape: tuple[int, ...], word: str) -> None:
    X = np.random.default_rng(0).integers(0, 256, (40, *shape), dtype=np.uint8)
    np.savez(file, X=X, y=Y)
    with pytest.raises(DataError, match=f"{word}.*Say which: --layout channels-last or channels-first"):
        load_dataset(file)
    height, width, channels = shape
    with pytest.warns(DataWarning, match="but no image files"):
        assert load_dataset(file, image_layout="channels-last").train.image_shape == shape
    if height == 3:
        assert load_dataset(file, image_layout="channels-first").train.image_shape == (width, channels, height)


def test_a_layout_that_is_said_is_not_guessed_against(file: Path) -> None:
    np.savez(file, **parts((LEVELS * 17).astype(np.uint8).transpose(0, 3, 1, 2)))
    first = load_dataset(file, image_layout="channels-first").train
    assert first.image_shape == (12, 9, 3)
    with pytest.warns(DataWarning, match="images have 9 channels: .* but no image files, which have 1 or 3"):
        assert load_dataset(file, image_layout="channels-last").train.image_shape == (3, 12, 9)


@pytest.mark.parametrize("X", [np.linspace(-2, 3, 40 * 16), np.linspace(0, 7.3, 40 * 16)])
def test_a_range_that_cannot_be_told_is_refused_and_can_be_said(file: Path, X: np.ndarray) -> None:
    np.savez(file, X=X.reshape(40, 4, 4), y=Y)
    with pytest.raises(DataError, match=r"set\.npz: pixels have values from .* Say it: --value-range LOW,HIGH"):
        load_dataset(file)
    assert load_dataset(file, value_range=(-3, 8)).train.value_range == (-3, 8)
    with pytest.warns(DataWarning, match="beyond the range 0 to 1 asked for"):
        assert load_dataset(file, value_range=(0, 1)).train.value_range == (0, 1)


def test_not_finite_pixels_are_named(file: Path) -> None:
    X = np.zeros((40, 4, 4), np.float32)
    X[7, 2, 1] = np.nan
    np.savez(file, X=X, y=Y)
    with pytest.raises(DataError, match=r"pixel \(2, 1, 0\) of image 7 is nan"):
        load_dataset(file)


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_of_ones_and_zeros_are_not_black(tmp_path: Path, packed: bool) -> None:
    for stem, n in (("train", 40), ("t10k", 20)):
        X = (LEVELS[:n, ..., 0] > 7).astype(np.uint8)
        for kind, values in (("images-idx3", X), ("labels-idx1", Y[:n].astype(np.uint8))):
            data = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
            path = tmp_path / f"{stem}-{kind}-ubyte{'.gz' * packed}"
            path.write_bytes(gzip.compress(data) if packed else data)
    train, notes = loaded(tmp_path)
    assert train.value_range == (0, 1)
    assert notes[0].startswith("pixels have values from 0 to 1")


def test_sets_of_the_catalog_have_the_range_of_bytes_whatever_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    X = np.zeros((50, 28, 28), np.uint8)
    X[:, 0] = 1
    arrays = {"X_train": X, "y_train": np.arange(50) % 10, "X_test": X, "y_test": np.arange(50) % 10}
    np.savez(tmp_path / "mnist" / "mine.npz", **arrays)
    assert load_dataset("mnist", data_dir=tmp_path).train.value_range == (0, 255)
