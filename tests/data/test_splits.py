from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.data import Dataset
from onelayer.data.splits import stratified
from onelayer.errors import DataError

THREE = {"test": 0.2, "validation": 0.2}


def labelled(counts: list[int], seed: int = 0) -> Dataset:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    X = np.arange(len(y), dtype=np.float64)[:, np.newaxis]  # the row number, so that rows can be told
    return Dataset("example", X, y, tuple(map(str, range(len(counts)))), "all", "a test", None, (0.0, 1e9))


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(3, 60), min_size=2, max_size=8),
    fractions=st.sampled_from([THREE, {"validation": 0.1}, {"validation": 0.9}, {"test": 0.3}]),
    seed=st.integers(0, 2**32 - 1),
)
def test_parts_are_a_partition_in_order_with_every_class(
    counts: list[int], fractions: dict[str, float], seed: int
) -> None:
    dataset = labelled(counts)
    parts = stratified(dataset, fractions, seed)
    rows = {name: part.X[:, 0] for name, part in parts.items()}
    assert sorted(np.concatenate(list(rows.values()))) == list(range(dataset.n))
    for name, part in parts.items():
        assert (np.diff(rows[name]) > 0).all()
        assert (part.class_counts >= 1).all()
        np.testing.assert_array_equal(part.y, dataset.y[rows[name].astype(int)])


@settings(deadline=None)
@given(counts=st.lists(st.integers(20, 200), min_size=2, max_size=8), seed=st.integers(0, 1000))
def test_sizes_are_exact_and_classes_within_one_row_of_their_share(counts: list[int], seed: int) -> None:
    dataset = labelled(counts)
    for name, part in stratified(dataset, THREE, seed).items():
        share = 0.6 if name == "train" else 0.2
        assert np.abs(part.class_counts - np.array(counts) * share).max() < (2 if name == "train" else 1)
        if name != "train":
            assert part.n == round(dataset.n * 0.2)


def test_same_seed_same_rows_other_seed_other_rows() -> None:
    dataset = labelled([50, 50])
    first, again, other = (stratified(dataset, THREE, seed)["test"].X for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_which_rows_is_fixed_for_all_time() -> None:
    parts = stratified(labelled([6, 6], seed=3), THREE, 0)
    assert {name: part.X[:, 0].astype(int).tolist() for name, part in parts.items()} == {
        "test": [6, 8],
        "validation": [5, 11],
        "train": [0, 1, 2, 3, 4, 7, 9, 10],
    }


def test_absent_classes_are_left_alone() -> None:
    dataset = replace(labelled([5, 5]), class_names=("a", "b", "never seen"))
    assert stratified(dataset, THREE, 0)["test"].class_counts.tolist() == [1, 1, 0]


@pytest.mark.parametrize(("counts", "fractions", "needed"), [([2, 9], THREE, 3), ([9, 1], {"validation": 0.1}, 2)])
def test_too_few_rows_says_how_many_are_needed(counts: list[int], fractions: dict[str, float], needed: int) -> None:
    with pytest.raises(DataError, match=f"at least {needed}, one for each part, and class {int(np.argmin(counts))} "):
        stratified(labelled(counts), fractions, 0)


def test_one_class_can_not_be_split() -> None:
    with pytest.raises(DataError, match="one class only"):
        stratified(labelled([9, 0]), THREE, 0)
