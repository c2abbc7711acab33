from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.storage.history import format_history, parse_history

HISTORY = {
    "step": np.arange(4),
    "epoch": np.array([0, 0, 1, 1]),
    "batch_loss": np.array([2.3, 0.1 + 0.2, 1e-300, 5.0]),
    "learning_rate": np.full(4, 0.01),
    "validation_step": np.array([1, 3]),
    "validation_epoch": np.array([0, 1]),
    "train_loss": np.array([1.5, 1.25]),
    "validation_loss": np.array([np.nan, 1 / 3]),
    "weight_norm_squared": np.array([0.5, 0.75]),
}
STEP_KEYS = ("step", "epoch", "batch_loss", "learning_rate")


@pytest.mark.parametrize("key", HISTORY)
def test_columns_survive_exactly(key):
    found = parse_history(format_history(HISTORY))[key]
    assert found.dtype == HISTORY[key].dtype
    np.testing.assert_array_equal(found, HISTORY[key])


def test_no_columns_are_added():
    assert parse_history(format_history(HISTORY)).keys() == HISTORY.keys()


@pytest.mark.parametrize("kept", [STEP_KEYS, [key for key in HISTORY if key not in STEP_KEYS], ()])
def test_a_kind_may_be_missing(kept):
    history = {key: HISTORY[key] for key in kept}
    assert parse_history(format_history(history)).keys() == history.keys()


def test_records_are_in_order_a_validation_after_its_step():
    records = [json.loads(line) for line in format_history(HISTORY).splitlines()]
    assert [(r["step"], "batch_loss" in r) for r in records] == [(0, 1), (1, 1), (1, 0), (2, 1), (3, 1), (3, 0)]


def test_undefined_and_infinite_losses_are_null():
    text = format_history({"step": [0, 1], "batch_loss": [np.nan, np.inf]})
    assert [json.loads(line)["batch_loss"] for line in text.splitlines()] == [None, None]


def test_columns_of_one_kind_must_agree_in_length():
    with pytest.raises(ValueError, match="shorter"):
        format_history({"step": [0, 1], "batch_loss": [1.0]})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        '{"step": 1.5, "batch_loss": 1.0}',
        '{"step": true, "batch_loss": 1.0}',
        '{"step": null, "batch_loss": 1.0}',
        '{"step": 9223372036854775808, "batch_loss": 1.0}',
        '{"step": 1, "batch_loss": "1.0"}',
        '{"step": 1, "batch_loss": [1.0]}',
        '{"step": 1, "batch_loss": ' + "9" * 400 + "}",
        '{"step": 1, "batch_loss": 1.0, "colour": 1.0}',
        '{"a":' * 100_000,
    ],
)
def test_what_is_not_a_history_is_refused_with_its_place(line):
    with pytest.raises(ValueError, match=r"^line 2: ") as caught:
        parse_history('{"step": 0, "batch_loss": 1.0}\n' + line + "\n")
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=500)
@given(st.data())
def test_mutated_histories_raise_only_value_error(data):
    text = format_history(HISTORY)
    place = data.draw(st.integers(0, len(text)))
    end = place + data.draw(st.integers(0, 5))
    piece = data.draw(st.text(max_size=5) | st.sampled_from(['"', "}", "\n", "1e999", "NaN", "-", "null"]))
    with contextlib.suppress(ValueError):
        parse_history(text[:place] + piece + text[end:])
