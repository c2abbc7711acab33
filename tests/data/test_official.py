from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import pixels

from onelayer.data import Dataset
from onelayer.data.catalog import CATALOG, CatalogEntry, CatalogFile
from onelayer.data.load import find, read_parts
from onelayer.data.official import check_identity, checksum, is_official, pixel_sums
from onelayer.errors import DataError

X = pixels(20, 4, 4, 3)
Y = (np.arange(20) % 2).astype(np.int64)
PART = Dataset("example", X, Y, ("a", "b"), "train", "a test", None, (0.0, 255.0))
SUMS = tuple(int(total) for total in X.reshape(-1, 3).astype(np.int64).sum(axis=0))
ENTRY = CatalogEntry("example", "Example", (4, 4, 3), ("a", "b"), pixel_sums=SUMS)


@pytest.fixture
def member(tmp_path: Path) -> Path:
    path = tmp_path / "batch"
    path.write_bytes(b"content")
    return path


def with_member(path: Path, content: bytes) -> CatalogEntry:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return replace(ENTRY, members=(CatalogFile(path.name, None, f"md5:{digest}", "a test"),))


def test_pixel_sums_are_exact() -> None:
    assert pixel_sums(np.full((9000, 2, 2, 1), 255, np.uint8)) == (9000 * 4 * 255,)
    assert pixel_sums(X) == SUMS


@pytest.mark.parametrize(("fingerprint", "verdict"), [(PART.fingerprint, True), ("0" * 64, False)])
def test_a_known_fingerprint_decides(fingerprint: str, verdict: bool) -> None:
    assert is_official(replace(ENTRY, fingerprints={"train": fingerprint}), {"train": PART}, []) is verdict


def test_other_pixel_sums_prove_that_it_is_not(member: Path) -> None:
    entry = replace(with_member(member, b"content"), pixel_sums=(1, 2, 3))
    assert is_official(entry, {"train": PART}, [member]) is False


def test_checksums_of_all_files_prove_that_it_is(member: Path) -> None:
    assert is_official(with_member(member, b"content"), {"train": PART}, [member]) is True


@pytest.mark.parametrize("other", [True, False])
def test_otherwise_it_is_unknown(member: Path, other: bool) -> None:
    files = [member, member.with_name("another")] if other else [member]
    assert is_official(with_member(member, b"content" if other else b"changed"), {"train": PART}, files) is None


@pytest.mark.parametrize("changes", [{"image_shape": (4, 4, 1)}, {"class_names": ("a", "b", "c")}])
def test_another_shape_or_number_of_classes_is_another_set(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="is not example: it has 4×4×3 in 2 classes"):
        check_identity(replace(ENTRY, **changes), {"train": PART}, Path("place"))


def test_another_set_of_the_catalog_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onelayer.data.official.CATALOG", {"other": replace(ENTRY, name="other")})
    with pytest.raises(DataError, match="holds other, not example"):
        check_identity(ENTRY, {"train": PART}, Path("place"))


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_checksum(member: Path, algorithm: str) -> None:
    assert checksum(member, f"{algorithm}:") == f"{algorithm}:{hashlib.new(algorithm, b'content').hexdigest()}"


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_real_official_sets_are_recognised(data_dir: Path, name: str) -> None:
    entry, found = find(name, data_dir, may_download=False)
    assert {part.official for part in read_parts(entry, found).values()} == {True}


def test_published_mean_of_mnist_is_that_of_its_pixels(data_dir: Path) -> None:
    entry, found = find("mnist", data_dir, may_download=False)
    assert pixel_sums(read_parts(entry, found)["train"].X) == CATALOG["mnist"].pixel_sums
