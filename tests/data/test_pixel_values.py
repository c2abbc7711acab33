"""What black and white are, inferred from arrays: every type, every reader, and the same decisions on PNG files."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.data.pixel_values import infer_value_range

RANGES = [
    (np.array([True, False]), (0, 1), False),
    (np.array([0, 1], np.uint8), (0, 1), True),
    (np.array([0, 1], np.int64), (0, 1), True),
    (np.array([0, 1], np.float32), (0, 1), True),
    (np.array([1, 16], np.uint8), (0, 16), True),
    (np.array([0, 16], np.float64), (0, 16), True),
    (np.array([0, 15], np.int32), (0, 15), True),
    (np.array([0, 17], np.uint8), (0, 255), True),
    (np.array([0, 127], np.int16), (0, 255), True),
    (np.array([0, 128], np.uint8), (0, 255), False),
    (np.array([0, 255], np.int64), (0, 255), False),
    (np.array([0, 255], ">u2"), (0, 255), False),
    (np.array([0, 255], np.float64), (0, 255), False),
    (np.array([0, 0], np.uint8), (0, 255), False),
    (np.array([0, 256], np.uint16), (0, 1023), True),
    (np.array([0, 4000], np.int32), (0, 4095), True),
    (np.array([0, 10_000], np.uint16), (0, 16_383), True),
    (np.array([0, 65_535], np.uint16), (0, 65_535), True),
    (np.array([-128, 127], np.int8), (-128, 127), True),
    (np.array([0, 0.5], np.float32), (0, 1), True),
    (np.array([0.25, 1], np.float16), (0, 1), True),
    (np.array([-0.5, 0.4]), (-0.5, 0.5), True),
    (np.array([-1, 0.9], np.float32), (-1, 1), True),
    (np.array([0.5, 254.5]), (0, 255), True),
]
UNKNOWN = [
    np.array([-2.1, 2.6]),
    np.array([0, 7.5]),
    np.array([0.5, 100.5]),
    np.array([0, 300.5]),
    np.array([-1, 3]),
    np.array([-3, 200], np.int16),
    np.array([0, 65_536], np.int32),
]


@pytest.mark.parametrize(("values", "expected", "is_guess"), RANGES)
def test_inferred_ranges(values: np.ndarray, expected: tuple[float, float], is_guess: bool) -> None:
    assert infer_value_range(values.reshape(1, 1, -1)) == (*expected, is_guess)


@pytest.mark.parametrize("values", UNKNOWN)
def test_what_could_be_anything_is_not_guessed(values: np.ndarray) -> None:
    assert infer_value_range(values.reshape(1, 1, -1)) is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_left_to_the_data_set_to_refuse(value: float) -> None:
    assert infer_value_range(np.array([0, value])) == (0, 255, False)


def test_a_fraction_in_a_later_block_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onelayer.data.pixel_values._AT_ONCE", 8)
    values = np.zeros((40, 4))
    values[:, 0] = 200
    values[-1, -1] = 3.5
    assert infer_value_range(values) == (0, 255, True)
