"""Learning rates against their formulas."""

from __future__ import annotations

from math import cos, pi

import numpy as np
import pytest

from onelayer.solvers.epochs import learning_rates
from onelayer.training.parameters import TrainingParameters

STEPS = 5


def rates(epoch, **parameters):
    return learning_rates(TrainingParameters(learning_rate=0.1, **parameters), epoch, STEPS)


@pytest.mark.parametrize("epoch", [0, 7])
def test_constant(epoch):
    assert rates(epoch).tolist() == [0.1] * STEPS


@pytest.mark.parametrize(("epoch", "factor"), [(0, 1), (9, 1), (10, 0.5), (19, 0.5), (20, 0.25), (49, 0.0625)])
def test_step(epoch, factor):
    np.testing.assert_allclose(rates(epoch, schedule="step"), 0.1 * factor)


@pytest.mark.parametrize(("epoch", "factor"), [(0, 0.5), (9, 0.5), (10, 0.25), (49, 0.03125)])
def test_step_from_the_start(epoch, factor):
    np.testing.assert_allclose(rates(epoch, schedule="step", decay_at_start=True), 0.1 * factor)


@pytest.mark.parametrize("at_start", [False, True])
def test_step_is_the_loop_of_the_report(at_start):
    eta, published = 0.1, []
    for epoch in range(12):
        if epoch % 3 == 0 and (epoch or at_start):
            eta *= 0.7
        published.append(eta)
    ours = [rates(e, schedule="step", decay_rate=0.7, decay_epochs=3, decay_at_start=at_start)[0] for e in range(12)]
    np.testing.assert_allclose(ours, published)


@pytest.mark.parametrize("epoch", [0, 1, 4, 9])
def test_exponential(epoch):
    expected = 0.1 * 0.3 ** (epoch / 4)
    np.testing.assert_allclose(rates(epoch, schedule="exponential", decay_rate=0.3, decay_epochs=4), expected)


@pytest.mark.parametrize("epoch", [0, 3, 7])
def test_cosine(epoch):
    expected = [0.1 * (1 + cos(pi * (epoch * STEPS + s) / (8 * STEPS))) / 2 for s in range(STEPS)]
    np.testing.assert_allclose(rates(epoch, schedule="cosine", max_epochs=8), expected)


def test_cosine_after_warm_up_covers_the_remaining_epochs():
    expected = [0.1 * (1 + cos(pi * s / (6 * STEPS))) / 2 for s in range(STEPS)]
    np.testing.assert_allclose(rates(2, schedule="cosine", max_epochs=8, warmup_epochs=2), expected)


def test_cosine_ends_at_zero_and_stays_there():
    assert rates(8, schedule="cosine", max_epochs=8).tolist() == [0.0] * STEPS


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine"])
def test_warm_up_rises_linearly_step_by_step(schedule):
    both = [rates(e, schedule=schedule, warmup_epochs=2, max_epochs=9) for e in range(2)]
    plain = [rates(e, schedule=schedule, max_epochs=9) for e in range(2)]
    if schedule == "cosine":  # it begins to fall only after the warm-up
        plain = [np.full(STEPS, 0.1)] * 2
    np.testing.assert_allclose(np.concatenate(both), np.concatenate(plain) * np.arange(1, 11) / 10)


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine"])
def test_without_warm_up_the_first_step_has_the_base_rate(schedule):
    assert rates(0, schedule=schedule)[0] == 0.1


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine"])
def test_warm_up_of_all_epochs(schedule):
    assert rates(2, schedule=schedule, warmup_epochs=3, max_epochs=3, decay_rate=1.0)[-1] == pytest.approx(0.1)
