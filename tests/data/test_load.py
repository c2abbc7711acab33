from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import idx, pixels

from onelayer.data import Splits, load_dataset
from onelayer.errors import ConfigError, DataError


def put_idx(folder: Path, n: int = 40, labels: list[int] | None = None, size: int = 28) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    y = np.array(labels or [i % 10 for i in range(n)], np.uint8)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(pixels(n, size, size)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(y))
    return folder


def sizes(splits: Splits) -> list[int]:
    return [part.n if part else 0 for part in splits]


def test_digits_are_split_60_20_20() -> None:
    splits = load_dataset("digits")
    assert sizes(splits) == [1079, 359, 359]
    assert [part.split for part in splits if part] == ["train", "validation", "test"]
    assert splits.train.value_range == (0.0, 16.0)


def test_splits_depend_on_the_seed_alone() -> None:
    first, again, other = (load_dataset("digits", random_state=seed) for seed in (3, 3, 4))
    assert first.test.fingerprint == again.test.fingerprint != other.test.fingerprint


def test_mnist_keeps_its_official_test_part(data_dir: Path) -> None:
    splits = load_dataset("mnist", data_dir=data_dir)
    assert sizes(splits) == [54_000, 6_000, 10_000]
    assert splits.test.class_counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert splits.train.title == "mnist"
    assert splits.train.class_names == tuple("0123456789")
    assert splits.validation is not None
    assert abs(splits.validation.class_counts * 9 - splits.train.class_counts).max() <= 10


def test_official_training_part_stays_whole_and_in_order_without_validation(data_dir: Path) -> None:
    train, validation, _ = load_dataset("mnist", data_dir=data_dir, validation_fraction=0)
    assert validation is None
    assert train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert train.X.base is not None
    assert train.n == 60_000


def test_the_environment_names_the_data_directory(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONELAYER_DATA", str(data_dir))
    assert load_dataset("mnist", download=False).train.official is True


def test_a_set_that_is_not_there_and_not_to_be_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="mnist is not in"):
        load_dataset("mnist", data_dir=tmp_path, download=False)


def test_other_content_under_an_official_name_is_labelled_so(tmp_path: Path) -> None:
    put_idx(tmp_path / "mnist")
    assert load_dataset("mnist", data_dir=tmp_path).train.title == "mnist (not the official pixels)"


def test_another_shape_under_an_official_name_is_refused(tmp_path: Path) -> None:
    put_idx(tmp_path / "mnist", size=27)
    with pytest.raises(DataError, match="is not mnist"):
        load_dataset("mnist", data_dir=tmp_path)


def test_labels_beyond_an_official_set_are_refused(tmp_path: Path) -> None:
    put_idx(tmp_path / "mnist", labels=[0, 10] * 20)
    with pytest.raises(DataError, match="label 10 is out of range"):
        load_dataset("mnist", data_dir=tmp_path)


def test_by_path_the_numbers_that_occur_are_the_classes(tmp_path: Path) -> None:
    splits = load_dataset(put_idx(tmp_path / "letters", labels=[3, 7] * 20))
    assert splits.train.class_names == ("3", "7")
    assert (splits.train.name, splits.train.official) == ("letters", None)


def arrays(*parts: str) -> dict[str, Any]:
    return {
        f"{kind}_{part}": values for part in parts for kind, values in (("X", pixels(30, 3)), ("y", np.arange(30) % 3))
    }


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("train", "test"), [27, 3, 30]),
        (("train", "val", "test"), [30, 30, 30]),
        (("train", "val"), [27, 3, 30]),
        (("train",), [18, 6, 6]),
    ],
)
def test_given_parts_are_kept_and_the_rest_split(tmp_path: Path, parts: tuple[str, ...], expected: list[int]) -> None:
    np.savez(tmp_path / "set.npz", **arrays(*parts))
    splits = load_dataset(tmp_path / "set.npz")
    assert sizes(splits) == expected
    assert [part.split for part in splits if part] == ["train", "validation", "test"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"validation_fraction": -0.1}, "validation_fraction"),
        ({"validation_fraction": float("nan")}, "validation_fraction"),
        ({"validation_fraction": "0.1"}, "validation_fraction"),
        ({"random_state": -1}, "random_state"),
        ({"random_state": 2**32}, "random_state"),
        ({"random_state": 0.5}, "random_state"),
        ({"random_state": None}, "random_state"),
        ({"resize": (0, 4)}, "resize"),
        ({"resize": (4,)}, "resize"),
        ({"resize": (4, 5000)}, "resize"),
        ({"resize": (4.0, 4.0)}, "resize"),
        ({"resize": 4}, "resize"),
        ({"resize": (8, 8)}, "resize"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_dataset("digits", **arguments)


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(DataError, match=r"did you mean 'mnist'\? Known sets are digits"):
        load_dataset("minst")


@pytest.mark.parametrize("name", ["", "no/such/place", "x" * 5000, "a/" + "x" * 5000, "nul\0byte", "~nobody-at-all/x"])
def test_paths_that_are_not_there_are_refused(name: str) -> None:
    with pytest.raises(DataError):
        load_dataset(name)


@pytest.mark.parametrize("name", [3, None, b"mnist", ["mnist"]])
def test_what_is_no_name_is_refused(name: Any) -> None:
    with pytest.raises(ConfigError, match="a name or a path"):
        load_dataset(name)


def test_a_small_official_part_can_not_be_split(tmp_path: Path) -> None:
    put_idx(tmp_path / "few", labels=[0] * 39 + [1])
    with pytest.raises(DataError, match="at least 2"):
        load_dataset(tmp_path / "few")
