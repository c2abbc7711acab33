from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fuzzing import idx

from onelayer.data import describe, list_datasets, load_dataset, verify_dataset
from onelayer.errors import ConfigError, DataError


def test_list_says_where_sets_are_and_what_has_to_be_downloaded(data_dir: Path) -> None:
    rows = {row["name"]: row for row in list_datasets(data_dir)}
    assert {name: row["format"] for name, row in rows.items()} == {
        "digits": "scikit-learn",
        "mnist": "IDX",
        "fashion-mnist": None,
        "cifar10": "Parquet",
        "cifar100": None,
    }
    assert rows["mnist"]["bytes"] == sum(path.stat().st_size for path in (data_dir / "mnist").iterdir())
    assert rows["cifar100"] == {**rows["cifar100"], "place": None, "bytes": 168_513_733}


def test_list_names_what_is_wrong_with_a_set(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(3, np.uint8)))
    rows = {row["name"]: row for row in list_datasets(tmp_path)}
    assert "train-images-idx3-ubyte" in rows["mnist"]["problem"]
    assert rows["cifar10"]["problem"] is None


def test_describe_is_plain_and_complete() -> None:
    splits = load_dataset("digits")
    told = json.loads(json.dumps(describe(splits)))
    assert (told["title"], told["official"], told["image_shape"]) == ("digits", True, [8, 8, 1])
    assert {part: row["n"] for part, row in told["splits"].items()} == {"train": 1079, "validation": 359, "test": 359}
    assert told["splits"]["test"]["fingerprint"] == splits.test.fingerprint
    assert sum(map(sum, (row["class_counts"] for row in told["splits"].values()))) == 1797


def test_describe_features_without_validation(tmp_path: Path) -> None:
    X, y = np.eye(30)[:, :4], np.arange(30) % 3
    np.savez(tmp_path / "set.npz", X_train=X, y_train=y, X_test=X, y_test=y)
    told = describe(load_dataset(tmp_path / "set.npz", validation_fraction=0))
    assert (told["image_shape"], told["features"], told["dtype"]) == (None, 4, "float64")
    assert list(told["splits"]) == ["train", "test"]


def test_verify_tells_the_wrapper_from_the_content(data_dir: Path) -> None:
    rows = {row["item"]: row for row in verify_dataset("mnist", data_dir)}
    # The training images here are wrapped by another gzip than the official ones; what is in it is the same.
    assert {item: row["ok"] for item, row in rows.items()} == {
        "train-images-idx3-ubyte.gz": False,
        "train-labels-idx1-ubyte.gz": True,
        "t10k-images-idx3-ubyte.gz": True,
        "t10k-labels-idx1-ubyte.gz": True,
        "content of train": True,
        "content of test": True,
    }
    assert all(row["source"] for row in rows.values())


def test_verify_digits() -> None:
    assert [row["ok"] for row in verify_dataset("digits")][-1] is True


@pytest.mark.slow
def test_verify_can_not_tell_official_pixels_in_another_order(data_dir: Path) -> None:
    rows = {row["item"]: row["ok"] for row in verify_dataset("cifar10", data_dir)}
    assert (rows["content of train"], rows["train-00000-of-00001.parquet"]) == (None, None)


@pytest.mark.parametrize(("name", "error"), [("minst", ConfigError), ("mnist", DataError)])
def test_verify_what_is_not_there(name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="mnist"):
        verify_dataset(name)
