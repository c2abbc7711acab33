from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.data import Dataset
from onelayer.errors import DataError


def images(n: int = 6, shape: tuple[int, ...] = (3, 4, 1)) -> Dataset:
    X = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    y = (np.arange(n) % 3).astype(np.int64)
    return Dataset("example", X, y, ("a", "b", "c"), "all", "a test", None, (0.0, 255.0))


def features(dtype: type = np.float64) -> Dataset:
    X = np.arange(12, dtype=dtype).reshape(6, 2)
    return replace(images(), X=X, value_range=(0.0, 11.0))


def test_properties_of_images() -> None:
    dataset = images(7)
    assert (dataset.n, dataset.n_classes, dataset.image_shape) == (7, 3, (3, 4, 1))
    assert dataset.class_counts.tolist() == [3, 2, 2]


def test_features_have_no_image_shape() -> None:
    assert features().image_shape is None


def test_arrays_are_kept_not_copied() -> None:
    X = np.zeros((6, 2))
    assert features().X is not X
    assert replace(features(), X=X).X is X


def test_fields_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        images().name = "other"  # type: ignore[misc]  # that it can't be is what is tested


def test_repr_is_short_and_without_control_characters() -> None:
    text = repr(replace(images(), name="x\x1b[31m" * 100))
    assert len(text) < 140
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("official", "title"), [(True, "example"), (None, "example"), (False, "example (not the official pixels)")]
)
def test_title(official: bool | None, title: str) -> None:
    assert replace(images(), official=official).title == title


def with_nan(shape: tuple[int, ...], place: tuple[int, ...]) -> np.ndarray:
    X = np.zeros(shape)
    X[place] = np.nan
    return X


BAD: list[tuple[str, dict[str, Any]]] = [
    ("must be as many", {"y": np.zeros(5, np.int64)}),
    ("out of range", {"y": np.array([0, 1, 2, 3, 0, 0])}),
    ("label -1 at row 2", {"y": np.array([0, 1, -1, 2, 0, 0])}),
    ("int64", {"y": np.zeros(6, np.int32)}),
    ("int64", {"y": np.zeros((6, 1), np.int64)}),
    ("int64", {"y": [0, 1, 2, 0, 1, 2]}),
    ("at least two", {"class_names": ("a",), "y": np.zeros(6, np.int64)}),
    ("object", {"X": np.full((6, 2), None, dtype=object)}),
    ("list", {"X": [[1.0]] * 6}),
    ("int32", {"X": np.zeros((6, 2), np.int32)}),
    ("shape", {"X": np.zeros((6, 2, 2))}),
    (r"pixel \(1, 0, 0\) of image 2 is nan", {"X": with_nan((6, 2, 2, 1), (2, 1, 0, 0))}),
    ("empty", {"X": np.zeros((6, 0))}),
    ("empty", {"X": np.zeros((0, 2)), "y": np.zeros(0, np.int64)}),
    ("row 3, column 1 is nan", {"X": np.where(np.arange(12).reshape(6, 2) == 7, np.nan, 1.0)}),
    ("is -inf", {"X": np.full((6, 2), -np.inf, np.float32)}),
    ("value range", {"value_range": (1.0, 1.0)}),
    ("value range", {"value_range": (0.0, np.inf)}),
    ("split", {"split": "training"}),
]


@pytest.mark.parametrize(("message", "changes"), BAD)
def test_bad_content_is_refused(message: str, changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=message):
        replace(images(), **changes)


def test_nan_is_found_beyond_the_first_block() -> None:
    X = np.zeros((3 << 12, 1 << 10), np.float32)
    X[-1, 5] = np.nan
    with pytest.raises(DataError, match=f"row {len(X) - 1}, column 5"):
        replace(images(), X=X, y=np.zeros(len(X), np.int64))


def test_fingerprint_is_sha256_of_types_shapes_and_bytes() -> None:
    dataset = features()
    expected = hashlib.sha256(b"onelayer dataset 1\n")
    expected.update(b"<f8 (6, 2)\n" + dataset.X.tobytes() + b"<i8 (6,)\n" + dataset.y.tobytes())
    assert dataset.fingerprint == expected.hexdigest()


@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_fingerprint_tells_any_changed_pixel_and_label(data: st.DataObject) -> None:
    dataset = images()
    X, y = dataset.X.copy(), dataset.y.copy()
    if data.draw(st.booleans()):
        X.reshape(-1)[data.draw(st.integers(0, X.size - 1))] ^= data.draw(st.integers(1, 255))
    else:
        y[data.draw(st.integers(0, len(y) - 1))] -= data.draw(st.sampled_from([1, 2]))
        y %= 3
    assert replace(dataset, X=X, y=y).fingerprint != dataset.fingerprint


@pytest.mark.parametrize(
    "same",
    [
        lambda X: np.asfortranarray(X),
        lambda X: np.repeat(X, 2, axis=0)[::2],
        lambda X: np.ascontiguousarray(X.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1),
    ],
)
def test_fingerprint_does_not_depend_on_memory_layout(same: Any) -> None:
    dataset = images(50, (3, 4, 3))
    assert replace(dataset, X=same(dataset.X)).fingerprint == dataset.fingerprint


def test_fingerprint_does_not_depend_on_names() -> None:
    dataset = images()
    other = replace(dataset, name="b", source="c", split="test", official=False, class_names=("x", "y", "z"))
    assert other.fingerprint == dataset.fingerprint


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_fingerprint_tells_types_apart(dtype: type) -> None:
    assert features(dtype).fingerprint != features().fingerprint


def test_fingerprint_does_not_copy_large_arrays() -> None:
    import tracemalloc

    dataset = images(1, (1, 1, 1))
    large = replace(dataset, X=np.zeros((1000, 64, 64, 16), np.uint8), y=np.zeros(1000, np.int64))
    tracemalloc.start()
    try:
        assert large.fingerprint
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_slice_is_a_view() -> None:
    dataset = images()
    part = dataset.take(slice(2, 5))
    assert np.shares_memory(part.X, dataset.X)
    assert part.y.tolist() == [2, 0, 1]


@pytest.mark.parametrize("rows", [[4, 0], np.array([False, True] * 3), np.array([5, 5, -1])])
def test_take_rows(rows: Any) -> None:
    dataset = images()
    part = dataset.take(rows)
    np.testing.assert_array_equal(part.X, dataset.X[rows])
    np.testing.assert_array_equal(part.y, dataset.y[rows])


@pytest.mark.parametrize("rows", [[6], [-7], [0.5], [], slice(3, 3), np.array([True])])
def test_take_refuses_rows_that_are_not_there(rows: Any) -> None:
    with pytest.raises(DataError):
        images().take(rows)


def test_select_classes_relabels_in_the_order_given() -> None:
    dataset = images(9)
    kept = dataset.select_classes([2, 0])
    assert kept.class_names == ("c", "a")
    assert kept.y.tolist() == [1, 0] * 3
    np.testing.assert_array_equal(kept.X, dataset.X[dataset.y != 1])


@pytest.mark.parametrize("labels", [[0], [], [0, 0], [0, 3], [-1, 0], [0.0, 1.0], ["a", "b"], 1, [[0, 1]]])
def test_select_classes_refuses(labels: Any) -> None:
    with pytest.raises(DataError):
        images().select_classes(labels)
