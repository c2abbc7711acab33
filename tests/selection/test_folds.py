from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import ConfigError, InputError
from onelayer.selection.folds import Fold, check_folds, fold_weights, shuffled_folds, stratified_folds


@settings(deadline=None)
@given(counts=st.lists(st.integers(5, 40), min_size=2, max_size=6), k=st.integers(2, 5), seed=st.integers(0, 99))
def test_stratified_folds_hold_out_each_row_once_in_even_shares(counts, k, seed):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    folds = stratified_folds(y, k, seed)
    assert np.array_equal(np.sort(np.concatenate([fold.held_out for fold in folds])), np.arange(len(y)))
    for fold in folds:
        assert np.array_equal(np.sort(np.concatenate(list(vars(fold).values()))), np.arange(len(y)))
    table = np.array([np.bincount(y[fold.held_out], minlength=len(counts)) for fold in folds])
    assert np.ptp(table, axis=0).max() <= 1
    assert np.ptp(table.sum(axis=1)) <= 1


@settings(deadline=None)
@given(n=st.integers(5, 60), k=st.integers(2, 5), seed=st.integers(0, 99))
def test_shuffled_folds_hold_out_each_row_once(n, k, seed):
    folds = shuffled_folds(n, k, seed)
    assert np.array_equal(np.sort(np.concatenate([fold.held_out for fold in folds])), np.arange(n))
    assert all(len(fold.training) + len(fold.held_out) == n for fold in folds)
    assert np.ptp([len(fold.held_out) for fold in folds]) <= 1


@pytest.mark.parametrize(
    "make", [lambda seed: stratified_folds(np.arange(60) % 3, 4, seed), lambda seed: shuffled_folds(60, 4, seed)]
)
def test_folds_are_drawn_from_their_seed(make):
    held_out = [[fold.held_out.tolist() for fold in make(seed)] for seed in (1, 1, 2)]
    assert held_out[0] == held_out[1] != held_out[2]


def test_too_few_rows_of_a_class():
    with pytest.raises(InputError, match="class 1 has 2"):
        stratified_folds(np.array([0, 0, 0, 1, 1]), 3, 0)


def test_too_few_rows():
    with pytest.raises(InputError, match="3 rows can't be cut into 4 folds"):
        shuffled_folds(3, 4, 0)


@pytest.mark.parametrize("make", [lambda: stratified_folds(np.array([0, 1]), 1, 0), lambda: shuffled_folds(9, 1, 0)])
def test_one_fold_is_none(make):
    with pytest.raises(ConfigError, match="at least 2 folds"):
        make()


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ([], "no folds"),
        ([Fold(np.array([0, 1]), np.array([], int))], "fold 0 has no rows"),
        ([Fold(np.array([0, 1]), np.array([9]))], "not among 4"),
        ([Fold(np.array([0, 1]), np.array([1]))], "trains on rows that it holds out"),
    ],
)
def test_wrong_folds(folds, message):
    with pytest.raises(InputError, match=message):
        check_folds(folds, 4)


def test_weights_say_who_trains_and_who_is_held_out():
    training, held_out = fold_weights(shuffled_folds(23, 5, 0), 23)
    assert np.array_equal(training + held_out, np.ones((23, 5)))
    assert np.array_equal(held_out.sum(axis=1), np.ones(23))
