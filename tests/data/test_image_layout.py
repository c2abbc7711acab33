from __future__ import annotations

import warnings

import numpy as np
import pytest

from onelayer.data.image_layout import channels_last, readings, recognise_layout
from onelayer.errors import DataWarning, InputError

LAST = [(32, 32, 3), (28, 28, 1), (5, 4, 3), (2, 2, 1), (1, 28, 1), (224, 224, 4), (12, 10, 7), (5, 5, 200), (4, 4, 3)]
FIRST = [(3, 32, 32), (1, 28, 28), (3, 8, 8), (4, 64, 48), (1, 8, 32), (3, 480, 640)]
AMBIGUOUS = [(3, 4, 5), (3, 3, 3), (3, 32, 3), (1, 8, 3), (3, 10, 1), (1, 1, 28), (3, 8, 33), (7, 12, 10), (13, 64, 64)]


@pytest.mark.parametrize("shape", LAST)
def test_channels_last_is_recognised(shape: tuple[int, ...]) -> None:
    X = np.zeros((2, *shape))
    assert recognise_layout(shape) == "channels-last"
    assert channels_last(X) is X


@pytest.mark.parametrize("shape", FIRST)
def test_channels_first_is_recognised_moved_and_said(shape: tuple[int, ...]) -> None:
    X = np.random.default_rng(0).normal(size=(2, *shape))
    assert recognise_layout(shape) == "channels-first"
    with pytest.warns(DataWarning, match=f"{shape[1]}×{shape[2]} pixels of {shape[0]} channel"):
        moved = channels_last(X)
    np.testing.assert_array_equal(moved, X.transpose(0, 2, 3, 1))
    assert np.shares_memory(moved, X)


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_what_is_ambiguous_is_refused_with_both_readings(shape: tuple[int, ...]) -> None:
    assert recognise_layout(shape) is None
    with pytest.raises(InputError) as caught:
        channels_last(np.zeros((2, *shape)))
    assert readings(shape) in str(caught.value)
    assert "set image_shape=(h, w, c)" in str(caught.value)


@pytest.mark.parametrize("shape", [*LAST, *FIRST, *AMBIGUOUS])
def test_a_shape_that_is_known_leaves_nothing_ambiguous(shape: tuple[int, ...]) -> None:
    X = np.zeros((2, *shape))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert channels_last(X, shape) is X
    moved_shape = (shape[1], shape[2], shape[0])
    if moved_shape != shape:
        with pytest.warns(DataWarning, match="axes are moved"):
            assert channels_last(X, moved_shape).shape[1:] == moved_shape


@pytest.mark.parametrize("shape", [(8,), (8, 8), (2, 3, 4, 5, 6)])
def test_arrays_of_other_dimensions_stay(shape: tuple[int, ...]) -> None:
    X = np.zeros(shape)
    assert channels_last(X) is X


def test_a_shape_without_channels_is_one_of_grey_images() -> None:
    with pytest.warns(DataWarning, match="axes are moved"):
        assert channels_last(np.zeros((2, 1, 5, 6)), (5, 6)).shape == (2, 5, 6, 1)
