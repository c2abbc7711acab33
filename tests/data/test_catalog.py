from __future__ import annotations

import re

import pytest

from onelayer.data.catalog import CATALOG, CatalogEntry, find_entry
from onelayer.data.cifar import LAYOUTS, CifarLayout
from onelayer.errors import ConfigError

ENTRIES = list(CATALOG.values())


def test_names() -> None:
    assert list(CATALOG) == ["digits", "mnist", "fashion-mnist", "cifar10", "cifar100"]


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'mnist'"):
        find_entry("minst")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_checksum_is_whole_and_has_a_source(entry: CatalogEntry) -> None:
    for file in (*entry.downloads, *entry.members):
        assert re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", file.checksum)
        assert file.source
    for fingerprint in entry.fingerprints.values():
        assert re.fullmatch(r"[0-9a-f]{64}", fingerprint)


@pytest.mark.parametrize("entry", ENTRIES[1:], ids=lambda entry: entry.name)
def test_downloads_can_be_had_and_measured(entry: CatalogEntry) -> None:
    assert all(address.startswith("http") and address.endswith("/") for address in entry.addresses)
    assert entry.addresses
    assert all(file.size for file in entry.downloads)


@pytest.mark.parametrize(
    ("name", "classes"), [("mnist", 10), ("fashion-mnist", 10), ("cifar10", 10), ("cifar100", 100)]
)
def test_class_names_are_as_many_and_different(name: str, classes: int) -> None:
    assert len(CATALOG[name].class_names) == len(set(CATALOG[name].class_names)) == classes


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_members_are_the_files_of_both_layouts(name: str) -> None:
    files = {
        file for layout in LAYOUTS if layout.format in CATALOG[name].layouts for file in (*layout.train, *layout.test)
    }
    assert {member.name for member in CATALOG[name].members} == files


@pytest.mark.parametrize(
    "layout", [layout for layout in LAYOUTS if layout.label_bytes], ids=lambda layout: layout.format
)
def test_sizes_of_members_follow_from_the_layout(layout: CifarLayout) -> None:
    record = layout.label_bytes + 3072
    entry = CATALOG["cifar10" if layout.n_classes == 10 else "cifar100"]
    sizes = {member.name: member.size for member in entry.members}
    assert sizes[layout.train[0]] == layout.train_rows * record
    assert sizes[layout.test[0]] == layout.test_rows * record


# Mean pixel as published, pixels of a channel, times 255 where the mean is of 1.
PUBLISHED_MEANS = {
    "fashion-mnist": ([0.2860405969887955], 60_000 * 28 * 28 * 255),
    "cifar10": ([125.306918046875, 122.950394140625, 113.86538318359375], 50_000 * 32 * 32),
    "cifar100": ([0.5070751592371323, 0.48654887331495095, 0.4409178433670343], 50_000 * 32 * 32 * 255),
}


@pytest.mark.parametrize("name", PUBLISHED_MEANS)
def test_pixel_sums_follow_from_the_published_means(name: str) -> None:
    means, count = PUBLISHED_MEANS[name]
    assert CATALOG[name].pixel_sums == tuple(round(mean * count) for mean in means)
    assert all(abs(mean * count - round(mean * count)) < 1e-4 for mean in means)
