"""Features that are kept between runs, as the verbs use them."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.features import HOG
from onelayer.storage.tensors import read_tensors

HOG_OF_PHOTOS = ("--features", "hog", "--set", "feature_parameters={pixels_per_cell=[2,2], cells_per_block=[2,2]}")


@pytest.fixture
def place(folder, monkeypatch, class_folders):
    class_folders(n=20)
    monkeypatch.setenv("ONELAYER_CACHE", str(folder / "cache"))
    monkeypatch.delenv("ONELAYER_CACHE_SIZE", raising=False)
    return folder / "cache" / "features"


def entries(place):
    return sorted(place.iterdir()) if place.exists() else []


def weights(run):
    return read_tensors(run / "model.safetensors")[0]["weights"]


def computing(monkeypatch):
    """Count how many images HOG is computed of."""
    images = []
    own = HOG._features
    monkeypatch.setattr(HOG, "_features", lambda self, block: images.append(len(block)) or own(self, block))
    return images


def test_the_second_run_reads_what_the_first_computed(onelayer, folder, place, monkeypatch):
    computed = computing(monkeypatch)
    first = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "a", "--json").json
    assert sum(computed) == 40
    second = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "b", "--json").json
    assert sum(computed) == 40
    without = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "c", "--json", "--no-cache").json
    assert sum(computed) == 80
    for part in ("train", "validation", "test"):
        assert first[part] == second[part] == without[part]
    np.testing.assert_array_equal(weights(folder / "a"), weights(folder / "b"))
    np.testing.assert_array_equal(weights(folder / "a"), weights(folder / "c"))


def test_every_verb_shares_the_cache(onelayer, folder, place, monkeypatch):
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "run")
    computed = computing(monkeypatch)
    for part in ("train", "validation", "test"):
        assert onelayer("evaluate", "run", "photos", "--split", part).code == 0
    assert onelayer("sweep", "photos", *HOG_OF_PHOTOS, "--grid", "l2=0.1,1", "--out", "sweep").code == 0
    assert sum(computed) == 0


def test_pixels_leave_no_trace(onelayer, place):
    assert onelayer("train", "photos", "--out", "run").code == 0
    assert not place.exists()


def test_another_place_and_none(onelayer, folder, place, monkeypatch):
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "a", "--cache-dir", "elsewhere")
    assert len(entries(folder / "elsewhere" / "features")) == 3
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "b", "--no-cache")
    monkeypatch.setenv("ONELAYER_CACHE_SIZE", "0")
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "c")
    assert not place.exists()
    assert onelayer("cache", "show").out == "ONELAYER_CACHE_SIZE is 0: no features are kept\n"
    assert onelayer("cache", "clear").out == "0 bytes freed\n"


def test_what_is_kept_is_shown_and_cleared(onelayer, folder, place):
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "run")
    shown = onelayer("cache", "show").out
    assert "HOG of 24 images of 6×5×3" in shown
    assert shown.endswith(f"KB of at most 10.0 GB in {place}\n")
    found = onelayer("cache", "show", "--json").json
    assert found["folder"] == str(place)
    assert found["limit"] == 10 << 30
    assert found["bytes"] == sum(path.stat().st_size for path in entries(place))
    assert {entry["file"] for entry in found["entries"]} == {path.name for path in entries(place)}
    assert onelayer("cache", "clear", "--json").json == {"bytes": found["bytes"]}
    assert entries(place) == []
    assert onelayer("cache", "show").out == f"0 bytes of at most 10.0 GB in {place}\n"


def test_a_flipped_bit_is_said_in_a_line_and_costs_nothing_else(onelayer, folder, place):
    first = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "a", "--json").json
    largest = max(entries(place), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[-50] ^= 16
    largest.write_bytes(content)
    outcome = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "b", "--json")
    assert outcome.json["train"] == first["train"]
    lines = [line for line in outcome.err.splitlines() if "damaged" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"{largest} is damaged (its checksum does not fit its content)")
    assert "damaged" not in onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "c").err


def test_what_does_not_fit_is_said_once_and_training_goes_on(onelayer, folder, place, monkeypatch):
    monkeypatch.setenv("ONELAYER_CACHE_SIZE", "1K")
    outcome = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "run")
    assert outcome.code == 0
    assert "of HOG of 24 images of 6×5×3 are not kept: the cache may hold 1.0 KB" in outcome.err
    assert sum(path.stat().st_size for path in entries(place)) <= 1024


def test_a_size_that_is_none_is_refused(onelayer, folder, place, monkeypatch):
    monkeypatch.setenv("ONELAYER_CACHE_SIZE", "lots")
    outcome = onelayer("train", "photos", *HOG_OF_PHOTOS, "--out", "run")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: ONELAYER_CACHE_SIZE: a size of 'lots': write bytes, or a number with K, M, G or T, such as 10G\n"
    )


@pytest.mark.slow
def test_two_runs_at_once_share_a_cache(start, folder, place):
    both = [start("train", "photos", *HOG_OF_PHOTOS, "--out", name, cwd=folder) for name in ("a", "b")]
    for one in both:
        _, err = one.communicate(timeout=300)
        assert one.returncode == 0, err
    np.testing.assert_array_equal(weights(folder / "a"), weights(folder / "b"))
    assert [path.suffix for path in entries(place)] == [".safetensors"] * 3


def test_half_floats_are_kept_at_half_the_size(onelayer, folder, place):
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--set", "feature_dtype=float32", "--out", "a")
    full = sum(read_tensors(path)[0]["rows"].nbytes for path in entries(place))
    onelayer("cache", "clear")
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--set", "feature_dtype=float16", "--out", "b")
    half = sum(read_tensors(path)[0]["rows"].nbytes for path in entries(place))
    assert 2 * half == full
    onelayer("train", "photos", *HOG_OF_PHOTOS, "--set", "feature_dtype=float16", "--out", "c", "--no-cache")
    np.testing.assert_array_equal(weights(folder / "b"), weights(folder / "c"))
