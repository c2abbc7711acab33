from __future__ import annotations

import math

import numpy as np
import pytest

from onelayer.errors import ModelFileError
from onelayer.storage.checkpoints import load_checkpoint, save_checkpoint
from onelayer.storage.kinds import CHECKPOINT, MODEL, check_kind, kind_metadata
from onelayer.storage.tensors import write_tensors


def test_state_of_a_random_generator_survives(tmp_path):
    generator = np.random.default_rng(7)
    save_checkpoint(tmp_path / "c", {}, {"generator": generator.bit_generator.state})
    expected = generator.permutation(100)
    again = np.random.default_rng(0)
    again.bit_generator.state = load_checkpoint(tmp_path / "c")[1]["generator"]
    np.testing.assert_array_equal(again.permutation(100), expected)


@pytest.mark.parametrize("value", [0.1, math.inf, -math.inf, 1e-310, 2**200, None, True, "</script>", "caf\udce9"])
def test_values_of_the_state_survive(tmp_path, value):
    save_checkpoint(tmp_path / "c", {}, {"value": value})
    assert load_checkpoint(tmp_path / "c")[1] == {"value": value}


def test_undefined_numbers_survive_bit_by_bit(tmp_path):
    weights = np.array([np.nan, -0.0, np.inf, 5e-324]).view(np.uint64) + np.uint64(1)
    save_checkpoint(tmp_path / "c", {"W": weights.view(float)}, {})
    np.testing.assert_array_equal(load_checkpoint(tmp_path / "c")[0]["W"].view(np.uint64), weights)


def test_a_model_file_is_not_a_checkpoint(tmp_path):
    write_tensors(tmp_path / "m", {}, kind_metadata(MODEL, 1))
    with pytest.raises(ModelFileError, match="is not an onelayer checkpoint but a model file"):
        load_checkpoint(tmp_path / "m")


def test_a_checkpoint_is_not_a_model_file():
    with pytest.raises(ModelFileError, match="is not an onelayer model but a checkpoint; give its run directory"):
        check_kind("c", kind_metadata(CHECKPOINT, 1), MODEL, 1)


def test_a_file_of_another_program(tmp_path):
    write_tensors(tmp_path / "x", {"W": np.zeros(2)}, {"format": "pt"})
    with pytest.raises(ModelFileError, match="something else"):
        load_checkpoint(tmp_path / "x")


def test_another_version(tmp_path):
    write_tensors(tmp_path / "c", {}, kind_metadata(CHECKPOINT, 2) | {"state": "{}"})
    with pytest.raises(ModelFileError, match="version '2'; this onelayer reads version 1"):
        load_checkpoint(tmp_path / "c")


@pytest.mark.parametrize("state", ["", "[]", "{", "[" * 100_000], ids=["missing", "list", "cut", "deep"])
def test_damaged_state(tmp_path, state):
    write_tensors(tmp_path / "c", {}, kind_metadata(CHECKPOINT, 1) | {"state": state})
    with pytest.raises(ModelFileError, match="state is damaged"):
        load_checkpoint(tmp_path / "c")
