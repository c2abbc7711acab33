"""Order, mirrored rows, steps and validations of an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import ConfigError
from onelayer.solvers.epochs import Flips, Orders, count_steps
from onelayer.training.parameters import TrainingParameters
from onelayer.training.segments import validation_steps

N = 50


@settings(deadline=None)
@given(n=st.integers(1, 1000), batch_size=st.integers(1, 1000))
def test_steps_cover_all_rows(n, batch_size):
    steps = count_steps(n, TrainingParameters(batch_size=batch_size))
    assert (steps - 1) * batch_size < n <= steps * batch_size


@settings(deadline=None)
@given(n=st.integers(1, 1000), batch_size=st.integers(1, 1000))
def test_steps_of_whole_batches(n, batch_size):
    parameters = TrainingParameters(batch_size=batch_size, drop_last=True)
    if n < batch_size:
        with pytest.raises(ConfigError, match=f"leaves no batch of {n} rows: use a smaller batch_size"):
            count_steps(n, parameters)
    else:
        assert count_steps(n, parameters) == n // batch_size


@settings(deadline=None)
@given(steps=st.integers(1, 200), validations=st.integers(2, 300), epochs=st.integers(1, 5))
def test_validations_follow_the_rule_over_all_epochs(steps, validations, epochs):
    ours = [e * steps + s for e in range(epochs) for s in validation_steps(e, steps, validations)]
    rule = [s for s in range(epochs * steps) if s % max(1, steps // validations) == 0]
    assert ours == rule


def test_one_validation_an_epoch_is_at_its_end():
    assert [validation_steps(e, 31, 1) for e in (0, 3)] == [[30], [30]]


def test_validations_of_the_published_runs():
    binary = [s for e in range(2) for s in (e * 31 + step for step in validation_steps(e, 31, 5))]
    assert binary == list(range(0, 62, 6))
    assert validation_steps(0, 156, 5) == [0, 31, 62, 93, 124, 155]


def test_legacy_orders_are_those_of_the_course_code():
    legacy = np.random.RandomState(3)
    orders = Orders(N, "numpy-legacy", 3)
    for epoch in range(4):
        np.testing.assert_array_equal(orders(epoch), legacy.permutation(N))


@pytest.mark.parametrize("shuffle", ["pcg64", "numpy-legacy", False])
def test_orders_do_not_depend_on_the_order_of_asking(shuffle):
    in_turn = Orders(N, shuffle, 1)
    expected = [in_turn(epoch) for epoch in range(5)]
    out_of_turn = Orders(N, shuffle, 1)
    for epoch in (3, 0, 0, 4, 1):
        np.testing.assert_array_equal(out_of_turn(epoch), expected[epoch])


@pytest.mark.parametrize("shuffle", ["pcg64", "numpy-legacy"])
def test_orders_are_permutations_that_differ(shuffle):
    orders = Orders(N, shuffle, 1)
    drawn = [orders(epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(N)) for order in drawn)
    assert len({tuple(order) for order in [*drawn, Orders(N, shuffle, 2)(0)]}) == 4


def test_without_shuffling_rows_come_as_they_are():
    assert Orders(4, False, 0)(7).tolist() == [0, 1, 2, 3]


def flips(mode, probability=0.2, n=N, seed=0):
    return Flips(n, TrainingParameters(flip_mode=mode, flip_probability=probability), seed)


@pytest.mark.parametrize("mode", ["independent", "accumulating"])
def test_flips_do_not_depend_on_the_order_of_asking(mode):
    in_turn, out_of_turn = flips(mode), flips(mode)
    expected = [in_turn(epoch).copy() for epoch in range(5)]
    for epoch in (3, 0, 0, 4, 1):
        np.testing.assert_array_equal(out_of_turn(epoch), expected[epoch])


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), probability=st.floats(0.01, 1), epochs=st.integers(1, 8))
def test_accumulating_flips_are_the_parity_of_independent_ones(seed, probability, epochs):
    drawn = [flips("independent", probability, seed=seed)(epoch) for epoch in range(epochs)]
    odd = np.sum(drawn, axis=0) % 2 == 1
    np.testing.assert_array_equal(flips("accumulating", probability, seed=seed)(epochs - 1), odd)


@pytest.mark.parametrize("probability", [0.1, 0.2, 0.5])
def test_accumulated_share_drifts_to_one_half(probability):
    accumulating = flips("accumulating", probability, n=40_000)
    for epoch in (0, 1, 3, 30):
        expected = (1 - (1 - 2 * probability) ** (epoch + 1)) / 2  # of an odd number of flips
        assert accumulating(epoch).mean() == pytest.approx(expected, abs=0.01)


def test_independent_share_stays():
    independent = flips("independent", 0.2, n=40_000)
    assert [independent(epoch).mean() for epoch in (0, 30)] == pytest.approx([0.2, 0.2], abs=0.01)


@pytest.mark.parametrize("mode", ["independent", "accumulating"])
def test_nothing_is_flipped_without_probability(mode):
    assert flips(mode, 0.0)(3) is None


@pytest.mark.parametrize(("mode", "expected"), [("independent", [True, True]), ("accumulating", [True, False])])
def test_certain_flips(mode, expected):
    certain = flips(mode, 1.0)
    assert [certain(epoch).all() for epoch in range(2)] == expected
