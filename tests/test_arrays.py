"""Memory that begins with a line of the cache."""

import numpy as np
import pytest

from onelayer.arrays import aligned_empty
from onelayer.data import load_dataset


@pytest.mark.parametrize("shape", [(), (1,), (7, 3), (100, 28, 28, 1), (3000, 3072)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_arrays_begin_with_a_line_and_are_as_numpy_makes_them(shape, dtype):
    ours, numpys = aligned_empty(shape, dtype), np.empty(shape, dtype)
    assert ours.ctypes.data % 64 == 0
    assert (ours.shape, ours.dtype, ours.strides) == (numpys.shape, numpys.dtype, numpys.strides)
    assert ours.flags.c_contiguous
    assert ours.flags.writeable


def test_an_array_may_be_empty():
    assert aligned_empty((0, 5), np.float32).shape == (0, 5)


def test_loaded_parts_and_rows_taken_from_them_begin_with_a_line():
    train = load_dataset("digits")[0]
    few = train.take([5, -1, 2])
    assert train.X.ctypes.data % 64 == few.X.ctypes.data % 64 == 0
    np.testing.assert_array_equal(few.X, train.X[[5, -1, 2]])
    np.testing.assert_array_equal(few.y, train.y[[5, -1, 2]])
