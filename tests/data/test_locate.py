from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzzing import idx, pixels
from PIL import Image

from onelayer.data.catalog import CATALOG, CatalogEntry
from onelayer.data.cifar import LAYOUTS
from onelayer.data.image_options import AS_FOUND, ImageOptions
from onelayer.data.locate import cache_folder, data_folder, find_by_name, find_by_path
from onelayer.errors import ConfigError, DataError

MNIST, CIFAR10, CIFAR100 = CATALOG["mnist"], CATALOG["cifar10"], CATALOG["cifar100"]


def put_idx(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(pixels(20, 28, 28)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx((np.arange(20) % 10).astype(np.uint8)))
    return folder


def put_cifar(folder: Path, layout: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*LAYOUTS[layout].train, *LAYOUTS[layout].test, LAYOUTS[layout].names):
        (folder / name).write_bytes(b"")
    return folder


def put_images(folder: Path) -> Path:
    for name in "ab":
        (folder / name).mkdir(parents=True)
        Image.new("L", (2, 2)).save(folder / name / "0.png")
    return folder


def put_npz(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "any.npz", X=pixels(20, 3), y=np.arange(20) % 2)
    return folder


@pytest.mark.parametrize("where", ["mnist", "mnist-copy", "."])
def test_official_files_are_found_in_the_folder_and_in_named_folders(tmp_path: Path, where: str) -> None:
    place = put_idx(tmp_path / where)
    found = find_by_name(MNIST, tmp_path)
    assert found is not None
    assert (found.place.resolve(), found.format) == (place.resolve(), "IDX")


@pytest.mark.parametrize(
    ("put", "form"), [(put_images, "class folders"), (put_npz, "npz"), (put_cifar, "CIFAR-10 binary")]
)
def test_named_folders_may_have_any_format(tmp_path: Path, put: Callable[[Path], Path], form: str) -> None:
    put(tmp_path / "cifar10-mine")
    found = find_by_name(CIFAR10, tmp_path)
    assert found is not None
    assert found.format == form


def test_a_directory_of_that_name_may_have_any_format(tmp_path: Path) -> None:
    put_images(tmp_path / "cifar10-mine")
    assert find_by_name(CIFAR10, tmp_path / "cifar10-mine") is not None


@pytest.mark.parametrize("put", [put_images, put_npz, put_cifar])
def test_the_folder_itself_counts_only_with_the_official_layout(tmp_path: Path, put: Callable[[Path], Path]) -> None:
    put(tmp_path)
    assert find_by_name(MNIST, tmp_path) is None


def test_the_named_folder_comes_before_the_folder_itself(tmp_path: Path) -> None:
    put_idx(tmp_path)
    place = put_idx(tmp_path / "mnist")
    found = find_by_name(MNIST, tmp_path)
    assert found is not None
    assert found.place == place


@pytest.mark.parametrize(("layout", "entry"), [(0, CIFAR10), (1, CIFAR10), (2, CIFAR100), (3, CIFAR100)])
def test_unpacked_official_archives_are_found(tmp_path: Path, layout: int, entry: CatalogEntry) -> None:
    put_cifar(tmp_path / LAYOUTS[layout].folder, layout)
    found = find_by_name(entry, tmp_path)
    assert found is not None
    assert found.format == LAYOUTS[layout].format


def test_part_of_another_set_is_no_obstacle(tmp_path: Path) -> None:
    (put_idx(tmp_path) / "t10k-labels-idx1-ubyte").unlink()
    assert find_by_name(CIFAR10, tmp_path) is None
    with pytest.raises(DataError, match="t10k-labels"):
        find_by_name(MNIST, tmp_path)


def test_the_cache_comes_last(tmp_path: Path, own_cache: Path) -> None:
    place = put_idx(own_cache / "mnist")
    assert cache_folder() == own_cache
    for data_dir in (None, tmp_path):
        found = find_by_name(MNIST, data_dir)
        assert found is not None
        assert found.place == place


def test_a_download_broken_off_counts_as_none(own_cache: Path) -> None:
    (put_idx(own_cache / "mnist") / "t10k-labels-idx1-ubyte").unlink()
    assert find_by_name(MNIST, None) is None


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONELAYER_CACHE")
    assert cache_folder().name == "onelayer"


def test_data_folder_is_the_argument_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_folder(None) is None
    monkeypatch.setenv("ONELAYER_DATA", str(tmp_path))
    assert data_folder(None) == tmp_path
    assert data_folder(tmp_path.parent) == tmp_path.parent
    monkeypatch.setenv("ONELAYER_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="ONELAYER_DATA"):
        data_folder(None)


@pytest.mark.parametrize("put", [put_idx, put_images, put_npz])
def test_paths_are_read_by_what_they_hold(tmp_path: Path, put: Callable[[Path], Path]) -> None:
    assert find_by_path(put(tmp_path / "x")).read(AS_FOUND).parts


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.write_text("x"), lambda path: None])
def test_paths_without_data_are_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "thing.csv")
    with pytest.raises(DataError, match=r"thing\.csv"):
        find_by_path(tmp_path / "thing.csv")


def test_resize_is_refused_where_sizes_are_fixed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="resize"):
        find_by_path(put_idx(tmp_path)).read(ImageOptions(resize=(8, 8)))
