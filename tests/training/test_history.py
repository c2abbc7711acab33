"""What the history keeps, and in which types."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.training.history import STEP_KEYS, VALIDATION_KEYS, History

RECORD = {key: float(i) for i, key in enumerate(VALIDATION_KEYS)} | {"validation_step": 4, "validation_epoch": 1}


@pytest.fixture
def history():
    history = History()
    history.add_steps(0, 0, np.array([0.7, 0.6]), np.array([0.1, 0.1]))
    history.add_validation(RECORD)
    history.add_steps(2, 1, np.array([0.5]), np.array([0.05, 0.05]))
    return history


def test_steps(history):
    arrays = history.arrays()
    assert [arrays[key].tolist() for key in STEP_KEYS] == [[0, 1, 2], [0, 0, 1], [0.7, 0.6, 0.5], [0.1, 0.1, 0.05]]


def test_validations(history):
    arrays = history.arrays()
    assert {key: arrays[key].tolist() for key in VALIDATION_KEYS} == {key: [value] for key, value in RECORD.items()}


def test_counts_are_integers_and_the_rest_float64(history):
    integers = {key for key, values in history.arrays().items() if values.dtype == np.int64}
    assert integers == {"step", "epoch", "validation_step", "validation_epoch"}
    assert {v.dtype.name for v in history.arrays().values()} == {"int64", "float64"}


def test_newest(history):
    assert (history.last_validation, history.last_batch_loss) == (RECORD, 0.5)


def test_no_steps_leave_no_trace(history):
    history.add_steps(3, 1, np.empty(0), np.array([0.1]))
    assert (len(history.arrays()["step"]), history.last_batch_loss) == (3, 0.5)


def test_empty_history_has_its_types():
    arrays = History().arrays()
    assert (History().last_validation, History().last_batch_loss) == (None, None)
    assert {key: values.shape for key, values in arrays.items()} == dict.fromkeys(STEP_KEYS + VALIDATION_KEYS, (0,))
    assert arrays["step"].dtype == np.int64


@pytest.mark.parametrize("empty", [False, True])
def test_history_of_its_own_arrays_goes_on_the_same(history, empty):
    history = History() if empty else history
    again = History(history.arrays())
    assert (again.last_validation, again.last_batch_loss) == (history.last_validation, history.last_batch_loss)
    for one in (history, again):
        one.add_steps(3, 1, np.array([0.4]), np.array([0.1]))
        one.add_validation(RECORD)
    for key, values in history.arrays().items():
        np.testing.assert_array_equal(again.arrays()[key], values, strict=True)


def test_arrays_of_unknown_name_are_refused():
    with pytest.raises(KeyError):
        History({"odd": np.zeros(1)})


def test_copy_stays_as_it_was():
    history = History()
    history.add_steps(0, 0, np.array([2.0, 1.5]), np.array([0.1, 0.1]))
    earlier = history.copy()
    history.add_steps(2, 0, np.array([1.0]), np.array([0.1]))
    history.add_validation(dict.fromkeys(VALIDATION_KEYS, 0.5))
    assert earlier.arrays()["batch_loss"].tolist() == [2.0, 1.5]
    assert earlier.last_validation is None
