from __future__ import annotations

import numpy as np
import sklearn.datasets

from onelayer.data.digits import read_digits


def test_equals_what_scikit_learn_ships() -> None:
    X, y = read_digits().parts["all"]
    expected = sklearn.datasets.load_digits()
    np.testing.assert_array_equal(X.reshape(1797, 64), expected.data)
    np.testing.assert_array_equal(y, expected.target)
    assert (X.dtype, X.shape, y.dtype) == (np.uint8, (1797, 8, 8, 1), np.int64)


def test_pixels_are_0_to_16() -> None:
    content = read_digits()
    assert content.value_range == (0.0, 16.0) == (content.parts["all"].X.min(), content.parts["all"].X.max())
