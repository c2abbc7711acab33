from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fuzzing import encoded
from PIL import Image

from onelayer.data import load_dataset
from onelayer.data.classes import natural_key
from onelayer.data.folder import find_class_folders, read_class_folders
from onelayer.errors import DataError, DataWarning


def fill(root: Path, classes: dict[str, list[int]], suffix: str = "png", size: tuple[int, int] = (3, 4)) -> None:
    """One grey picture for each level."""
    for name, levels in classes.items():
        (root / name).mkdir(parents=True)
        for i, level in enumerate(levels):
            Image.fromarray(np.full(size, level, np.uint8)).save(root / name / f"{i}.{suffix}")


def test_rows_labels_and_names(tmp_path: Path) -> None:
    fill(tmp_path, {"class 10": [30, 40], "class 9": [10, 20]})
    content = read_class_folders(tmp_path)
    X, y = content.parts["all"]
    assert content.class_names == ("class 9", "class 10")
    assert X.shape == (4, 3, 4, 1)
    assert X[:, 0, 0, 0].tolist() == [10, 20, 30, 40]
    assert y.tolist() == [0, 0, 1, 1]


def test_files_are_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, {"a": list(range(12)), "b": [200]})
    assert read_class_folders(tmp_path).parts["all"].X[:, 0, 0, 0].tolist() == [*range(12), 200]


@pytest.mark.parametrize("suffix", ["png", "JPG", "bmp", "gif", "tif", "webp", "pgm"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path, {"a": [7], "b": [9]}, suffix)
    X = read_class_folders(tmp_path).parts["all"].X
    assert np.abs(X[:, 0, 0, 0].astype(int) - [7, 9]).max() <= 1


def test_other_files_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, {"a": [1], "b": [2], ".git": [3], "__MACOSX": [4]})
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / "a" / "._0.png").write_bytes(b"no image")
    (tmp_path / "readme.md").write_text("no class")
    assert read_class_folders(tmp_path).class_names == ("a", "b")


@pytest.mark.parametrize(("held_out", "part"), [("test", "test"), ("val", "validation"), ("validation", "validation")])
def test_folders_of_splits(tmp_path: Path, held_out: str, part: str) -> None:
    fill(tmp_path / "train", {"a": [1, 2], "b": [3]})
    fill(tmp_path / held_out, {"a": [4], "b": [5]})
    content = read_class_folders(tmp_path)
    assert {name: len(rows.y) for name, rows in content.parts.items()} == {"train": 3, part: 2}


def test_parts_with_different_classes_are_refused(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"a": [1], "b": [3]})
    fill(tmp_path / "test", {"a": [4], "c": [5]})
    with pytest.raises(DataError, match=r"test has the class 'c' \(1 row\), and the training part has none"):
        read_class_folders(tmp_path)


def test_an_empty_class_folder_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"a": [1], "b": []})
    with pytest.raises(DataError, match=r"b is empty"):
        read_class_folders(tmp_path)


@pytest.mark.parametrize("classes", [{}, {"a": []}, {"a": [], "b": []}])
def test_nothing_to_read_is_refused(tmp_path: Path, classes: dict[str, list[int]]) -> None:
    fill(tmp_path, classes)
    assert find_class_folders(tmp_path) is None
    with pytest.raises(DataError, match="holds no data set"):
        load_dataset(tmp_path)


def test_one_class_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"a": [1, 2, 3, 4, 5]})
    with pytest.raises(DataError, match="1 class"):
        load_dataset(tmp_path)


def test_mixed_sizes_get_one(tmp_path: Path) -> None:
    fill(tmp_path, {"a": [1] * 5})
    fill(tmp_path, {"b": [2] * 5}, size=(9, 9))
    with pytest.warns(DataWarning, match="images of 3×4 to 9×9 pixels.* brought to 6×6"):
        assert load_dataset(tmp_path).train.image_shape == (6, 6, 1)
    with pytest.warns(DataWarning, match="stretched to 6×5"):
        assert load_dataset(tmp_path, resize=(6, 5)).train.image_shape == (6, 5, 1)


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    fill(tmp_path, {"a": [1], "b": [2]})
    (tmp_path / "b" / "broken.png").write_bytes(encoded("PNG")[:50])
    with pytest.raises(DataError, match=r"broken\.png"):
        read_class_folders(tmp_path)


def test_names_of_folders_are_text(tmp_path: Path) -> None:
    odd = "<img onerror=x>[red]\x1b"
    fill(tmp_path, {"a": [1] * 5, odd: [2] * 2})
    assert read_class_folders(tmp_path).class_names == (odd, "a")
    with pytest.raises(DataError) as caught:
        load_dataset(tmp_path)
    assert "\x1b" not in str(caught.value)


def test_folder_names_that_are_no_utf8_become_text(tmp_path: Path) -> None:
    fill(tmp_path, {"a": [1], "b\udcff": [2]})
    assert read_class_folders(tmp_path).class_names == ("a", "b\ufffd")


def test_natural_key_orders_any_names() -> None:
    names = ["10", "9", "a2", "a1", "a10", "a", "a01", "²", ""]
    assert sorted(names, key=natural_key) == ["", "9", "10", "a", "a01", "a1", "a2", "a10", "²"]
