"""Features through the cache: the same numbers to the last bit, computed once."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import ConfigError, InputError
from onelayer.features import HOG, Concatenation, FourierFeatures, HueHistogram, Pixels
from onelayer.features.cached import compute_rows, default_cache, fit_features
from onelayer.storage.cache import ArrayCache

SMALL = {"pixels_per_cell": (4, 3), "cells_per_block": (1, 2), "orientations": 5}
KINDS = {
    "one": lambda: HOG(**SMALL),
    "several": lambda: Concatenation([HOG(**SMALL), HueHistogram(), Pixels()]),
    "a lift": lambda: FourierFeatures(HOG(**SMALL), components=30),
    "a lift of several": lambda: FourierFeatures(Concatenation([HueHistogram(), HOG(**SMALL)]), components=30),
}


@pytest.fixture
def told():
    return []


@pytest.fixture
def cache(tmp_path, told):
    return ArrayCache(tmp_path, 1 << 30, told.append)


@pytest.fixture
def images(monkeypatch):
    monkeypatch.setattr("onelayer.features.cached._IMAGES_AT_ONCE", 64)
    return np.random.default_rng(0).integers(0, 256, (150, 9, 8, 3), dtype=np.uint8)


def rows_of(features, images, cache, fingerprint="images", **options):
    fit_features(features, images, fingerprint, cache)
    return compute_rows(features, images, fingerprint, cache, **options)


def refuse_to_compute(monkeypatch):
    def fail(self, *_):
        raise AssertionError(f"{type(self).__name__} computes")

    for kind in (HOG, HueHistogram):
        monkeypatch.setattr(kind, "_features", fail)
    for kind in (Concatenation, FourierFeatures):
        monkeypatch.setattr(kind, "combine", fail)
    monkeypatch.setattr(FourierFeatures, "_learn_from_rows", fail)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_same_and_computed_once(cache, told, images, monkeypatch, kind):
    expected = KINDS[kind]().fit_transform(images)
    np.testing.assert_array_equal(rows_of(KINDS[kind](), images, None), expected, strict=True)
    np.testing.assert_array_equal(rows_of(KINDS[kind](), images, cache), expected, strict=True)
    refuse_to_compute(monkeypatch)
    again = KINDS[kind]()
    np.testing.assert_array_equal(rows_of(again, images, cache), expected, strict=True)
    assert again.n_features_out == expected.shape[1]
    assert told == []


def test_what_was_learned_serves_other_images(cache, images):
    test = images[::-7]
    lift = FourierFeatures(HOG(**SMALL), components=30)
    expected = FourierFeatures(HOG(**SMALL), components=30).fit(images).transform(test)
    for _ in range(2):
        fit_features(lift, images, "train", cache)
        np.testing.assert_array_equal(compute_rows(lift, test, "test", cache), expected)


def test_parts_are_shared(cache, images, monkeypatch):
    rows_of(HOG(**SMALL), images, cache)
    rows_of(HueHistogram(), images, cache)
    expected = Concatenation([HOG(**SMALL), HueHistogram()]).fit_transform(images)
    monkeypatch.setattr(HOG, "_features", None)
    monkeypatch.setattr(HueHistogram, "_features", None)
    np.testing.assert_array_equal(rows_of(Concatenation([HOG(**SMALL), HueHistogram()]), images, cache), expected)


def test_pixels_are_never_kept(cache, images):
    rows = rows_of(Pixels(), images, cache)
    assert np.shares_memory(rows, images)
    assert cache.entries() == []


def test_features_that_are_not_registered_are_not_kept(cache, images):
    class Own(HueHistogram):
        pass

    np.testing.assert_array_equal(rows_of(Own(), images, cache), HueHistogram().fit_transform(images))
    assert cache.entries() == []


def test_whatever_changes_the_numbers_changes_the_key(cache, images, monkeypatch):
    def number_of_entries_after(features, fingerprint="images", **options):
        rows_of(features, images, cache, fingerprint, **options)
        return len(cache.entries())

    assert number_of_entries_after(HOG(**SMALL)) == 1
    assert number_of_entries_after(HOG(**SMALL)) == 1
    assert number_of_entries_after(HOG(**SMALL), "other images") == 2
    assert number_of_entries_after(HOG(**SMALL | {"orientations": 6})) == 3
    assert number_of_entries_after(HOG(**SMALL), dtype="float16") == 4
    monkeypatch.setattr(HOG, "version", HOG.version + 1)
    assert number_of_entries_after(HOG(**SMALL)) == 5
    monkeypatch.setattr("onelayer.features.cached.__version__", "100.0")
    assert number_of_entries_after(HOG(**SMALL)) == 6
    monkeypatch.setenv("ONELAYER_ENGINE", "reference")
    assert number_of_entries_after(HOG(**SMALL)) == 7


def test_learned_arrays_are_part_of_the_key(cache, images):
    lift = FourierFeatures(HOG(**SMALL), components=30)
    first = rows_of(lift, images, cache)
    lift.scale_ = lift.scale_ * np.float32(2)
    assert not np.array_equal(compute_rows(lift, images, "images", cache), first)


@pytest.mark.parametrize("kind", KINDS)
def test_half_floats_are_rounded_the_same_with_and_without_a_cache(cache, images, kind):
    expected = KINDS[kind]().fit_transform(images).astype(np.float16)
    for way in (None, cache, cache):
        np.testing.assert_array_equal(rows_of(KINDS[kind](), images, way, dtype="float16"), expected, strict=True)


@pytest.mark.parametrize("with_cache", [False, True])
def test_features_that_no_half_float_holds_are_refused(cache, images, with_cache):
    class Large(HueHistogram):
        def _features(self, images):
            return super()._features(images) * np.float32(1e6)

    features = Concatenation([HueHistogram(), Large()]) if not with_cache else Large()
    with pytest.raises(InputError, match="does not fit float16: set feature_dtype to auto"):
        rows_of(features, images, cache if with_cache else None, dtype="float16")


def test_a_damaged_entry_is_said_and_computed_again(cache, told, images):
    expected = np.array(rows_of(HOG(**SMALL), images, cache))
    path = cache.entries()[0].path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    np.testing.assert_array_equal(rows_of(HOG(**SMALL), images, cache), expected)
    assert len(told) == 1
    np.testing.assert_array_equal(rows_of(HOG(**SMALL), images, cache), expected)
    assert len(told) == 1


def test_where_nothing_can_be_kept_it_is_computed(tmp_path, told, images):
    (tmp_path / "file").write_text("")
    cache = ArrayCache(tmp_path / "file", 1 << 30, told.append)
    for kind in KINDS.values():
        np.testing.assert_array_equal(rows_of(kind(), images, cache), kind().fit_transform(images))
    assert any("are not kept" in line for line in told)


def test_a_part_that_images_can_not_have_is_refused_as_without_a_cache(cache, images):
    for way in (None, cache):
        with pytest.raises(InputError, match="smaller than one block"):
            rows_of(Concatenation([HueHistogram(), HOG()]), images, way)
    assert cache.entries() == []


def test_the_cache_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("ONELAYER_CACHE", str(tmp_path / "here"))
    monkeypatch.delenv("ONELAYER_CACHE_SIZE", raising=False)
    assert default_cache().folder == tmp_path / "here" / "features"
    assert default_cache().limit == 10 << 30
    assert default_cache(tmp_path).folder == tmp_path / "features"
    monkeypatch.setenv("ONELAYER_CACHE_SIZE", "500M")
    assert default_cache().limit == 500 << 20
    monkeypatch.setenv("ONELAYER_CACHE_SIZE", "0")
    assert default_cache() is None
    monkeypatch.setenv("ONELAYER_CACHE_SIZE", "lots")
    with pytest.raises(ConfigError, match="a size of 'lots'"):
        default_cache()
