"""The engine's permutations are NumPy's, number for number, and leave the generator where NumPy leaves it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from onelayer import engine
from onelayer.engine import library, shuffling
from onelayer.errors import InputError, InputTypeError, OnelayerError

SIZES = [0, 1, 2, 3, 10, 255, 256, 257, 1000, 49_000, 65_536, 200_003]


class Refusing:
    """An engine that draws nothing."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the engine was asked for {name}")


def pair(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    return np.random.default_rng(seed), np.random.default_rng(seed)


def assert_same(ours: np.random.Generator, theirs: np.random.Generator, n: int) -> None:
    got, want = engine.permutation(ours, n), theirs.permutation(n)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, want)
    assert ours.bit_generator.state == theirs.bit_generator.state


def test_the_engine_draws_what_this_numpy_draws(needs_engine: None) -> None:
    assert shuffling._is_that_of_numpy()


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_is_that_of_numpy(seed: int, n: int) -> None:
    assert_same(*pair(seed), n)


def test_small_ones_are_those_of_numpy() -> None:
    ours, theirs = pair(7)
    for n in range(200):
        assert_same(ours, theirs, n)


@pytest.mark.parametrize("n", SIZES)
def test_begins_with_half_a_number_that_is_left(n: int) -> None:
    ours, theirs = pair(3)
    for generator in (ours, theirs):
        generator.integers(1 << 20, dtype=np.uint32)
    assert ours.bit_generator.state["has_uint32"]
    assert_same(ours, theirs, n)


def test_begins_with_the_largest_state() -> None:
    ours, theirs = pair(0)
    for generator in (ours, theirs):
        largest = {"state": (1 << 128) - 1, "inc": (1 << 128) - 1}
        generator.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": largest,
            "has_uint32": 1,
            "uinteger": (1 << 32) - 1,
        }
    assert_same(ours, theirs, 1000)


@pytest.mark.parametrize("kind", [np.random.Philox, np.random.PCG64DXSM, np.random.MT19937])
def test_other_generators_are_left_to_numpy(kind: Any) -> None:
    got, want = (engine.permutation(np.random.Generator(kind(5)), 100), np.random.Generator(kind(5)).permutation(100))
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("why", ["reference", "another NumPy"])
def test_numpy_draws_where_the_engine_should_not(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "reference":
        monkeypatch.setenv("ONELAYER_ENGINE", "reference")
    else:
        monkeypatch.setattr(shuffling, "_is_that_of_numpy", lambda: False)
    monkeypatch.setattr(library, "_module", Refusing())
    np.testing.assert_array_equal(
        engine.permutation(np.random.default_rng(1), 50), np.random.default_rng(1).permutation(50)
    )


@pytest.mark.parametrize("engine_wanted", ["", "reference"])
def test_is_written_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch, engine_wanted: str) -> None:
    monkeypatch.setenv("ONELAYER_ENGINE", engine_wanted)
    ours, theirs = pair(4)
    out = np.empty(90, np.int64)
    assert engine.permutation(ours, 90, out) is out
    np.testing.assert_array_equal(out, theirs.permutation(90))


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.empty(49, np.int64), InputError),
        (np.empty(50, np.int32), InputTypeError),
        (np.empty(100, np.int64)[::2], InputError),
    ],
    ids=["too short", "of another type", "every second place"],
)
def test_where_it_can_not_be_written(out: Any, error: type[OnelayerError]) -> None:
    with pytest.raises(error, match="out"):
        engine.permutation(np.random.default_rng(0), 50, out)


def test_fewer_than_no_rows() -> None:
    with pytest.raises(InputError, match="no permutation of -1 rows"):
        engine.permutation(np.random.default_rng(0), -1)
