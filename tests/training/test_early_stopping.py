"""The monitor: what counts as better, and when patience ends."""

from __future__ import annotations

from math import inf, nan

import pytest

from onelayer.training.early_stopping import Monitor
from onelayer.training.parameters import TrainingParameters


def monitor(patience=2, **parameters):
    return Monitor(TrainingParameters(early_stopping=True, patience=patience, **parameters))


@pytest.mark.parametrize(
    ("values", "better"),
    [
        pytest.param([0.5, 0.4, 0.3], [True, True, True], id="falling"),
        pytest.param([0.5, 0.5], [True, False], id="equal is not better"),
        pytest.param([0.5, 0.6, 0.55], [True, False, False], id="below the last, not below the best"),
        pytest.param([nan, 0.5, nan], [False, True, False], id="undefined is never better"),
        pytest.param([inf, 0.5, -inf], [False, True, False], id="infinite is never better"),
    ],
)
def test_lower_loss_is_better(values, better):
    followed = monitor()
    assert [followed.update(value) for value in values] == better


def test_higher_accuracy_is_better():
    followed = monitor(monitor="validation_accuracy")
    assert [followed.update(value) for value in (0.5, 0.6, 0.6, 0.4)] == [True, True, False, False]


def test_patience_counts_validations_in_a_row():
    followed, exhausted = monitor(patience=3), []
    for loss in (0.5, 0.6, 0.7, 0.4, 0.4, 0.4, 0.4):
        followed.update(loss)
        exhausted.append(followed.exhausted)
    assert exhausted == [False, False, False, False, False, False, True]


def test_nothing_is_exhausted_without_early_stopping():
    followed = Monitor(TrainingParameters(patience=1))
    for _ in range(5):
        followed.update(1.0)
    assert not followed.exhausted
