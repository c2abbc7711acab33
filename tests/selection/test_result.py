from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.errors import DivergenceError
from onelayer.evaluation import wilson_interval
from onelayer.selection import Validation
from onelayer.selection.curve import Curve
from onelayer.selection.grid import Axis
from onelayer.selection.result import FoldFigures, SweepResult, best_trial, simplest_trial, summarize
from onelayer.training import TrainingParameters


def fold(accuracy: float | None, loss: float | None = 0.5, n: int = 100, status: str = "finished") -> FoldFigures:
    return FoldFigures(status, 10, None if accuracy is None else 8, loss, accuracy, n)


def trials(*accuracies: float, n: int = 100):
    return [summarize({"l2": float(place)}, [fold(a, n=n)]) for place, a in enumerate(accuracies)]


def with_l2(*values: float) -> list[TrainingParameters]:
    return [TrainingParameters(l2=value) for value in values]


def test_trial_over_folds_has_mean_and_standard_error():
    accuracies = np.array([0.8, 0.9, 0.85])
    trial = summarize({}, [fold(a, loss) for a, loss in zip(accuracies.tolist(), (0.1, 0.2, 0.6), strict=True)])
    assert trial.validation_accuracy == pytest.approx(accuracies.mean())
    assert trial.validation_loss == pytest.approx(0.3)
    assert trial.standard_error == pytest.approx(accuracies.std(ddof=1) / np.sqrt(3))
    assert trial.accuracy_interval == pytest.approx(wilson_interval(255, 300))


def test_curve_is_the_mean_over_folds_up_to_where_the_first_ended():
    folds = [
        replace(fold(0.9), validations=tuple(Validation(e, e + 1.0, 1.0 / (e + place), 0.1 * e) for e in range(length)))
        for place, length in ((1, 5), (2, 3))
    ]
    curve = summarize({}, folds).curve
    assert curve.epochs == (1, 2, 3)
    assert curve.loss == pytest.approx([(1 + 1 / 2) / 2, (1 / 2 + 1 / 3) / 2, (1 / 3 + 1 / 4) / 2])
    assert curve.accuracy == pytest.approx([0, 0.1, 0.2])


@given(st.integers(1, 300), st.integers(2, 50))
def test_thinned_curves_keep_the_first_and_the_last(n, most):
    values = tuple(float(place) for place in range(n))
    thinned = Curve(values, values, values).thinned(most)
    assert thinned.epochs == thinned.loss == thinned.accuracy
    assert (thinned.epochs[0], thinned.epochs[-1]) == (values[0], values[-1])
    assert len(thinned.epochs) == min(n, most)
    gaps = np.diff(thinned.epochs)
    assert len(gaps) == 0 or np.ptp(gaps) <= 1  # evenly, but for rounding


def test_json_has_a_curve_for_each_trial_and_bounds_them_all(monkeypatch):
    monkeypatch.setattr("onelayer.selection.result._MOST_POINTS", 30)
    validations = tuple(Validation(e, e + 1.0, float("inf") if e else 0.5, 0.5) for e in range(100))
    found = [summarize({"l2": place}, [replace(fold(0.5), validations=validations)]) for place in (0.1, 0.2, 0.3)]
    table = SweepResult((Axis("l2", (0.1, 0.2, 0.3)),), tuple(found), found[0], found[0], 1, 1, 1.0).to_dict()
    assert [len(curve["epochs"]) for curve in table["curves"]] == [10] * 3
    assert table["curves"][2]["epochs"][-1] == 100
    assert "validations" not in json.dumps(table)


def test_trial_on_one_part_has_the_binomial_error():
    assert summarize({}, [fold(0.9, n=400)]).standard_error == pytest.approx(np.sqrt(0.9 * 0.1 / 400))


def test_trial_that_diverged_on_one_fold_has_no_figures():
    trial = summarize({}, [fold(0.9), fold(None, None, status="diverged")])
    assert (trial.status, trial.validation_accuracy, trial.standard_error) == ("diverged", None, None)


def test_trial_that_stopped_early_on_one_fold_says_so():
    assert summarize({}, [fold(0.9), fold(0.9, status="stopped early")]).status == "stopped early"


@pytest.mark.parametrize(
    ("folds", "status"),
    [
        ([fold(0.9), fold(0.9, status="interrupted")], "interrupted"),
        ([fold(0.9, status="stopped early")], "interrupted"),
        ([fold(0.9), fold(None, None, status="diverged")], "diverged"),
    ],
)
def test_trial_of_three_folds_that_lacks_some_was_interrupted(folds, status):
    assert summarize({}, folds, 3).status == status


def test_best_is_the_most_accurate():
    assert best_trial(trials(0.5, 0.9, 0.7)).values == {"l2": 1.0}


def test_of_equal_accuracies_the_lower_loss_is_best():
    tied = [summarize({"l2": loss}, [fold(0.9, loss)]) for loss in (0.5, 0.3, 0.4)]
    assert best_trial(tied).values == {"l2": 0.3}


def test_diverged_trials_are_never_best():
    assert best_trial([summarize({}, [fold(None, None, status="diverged")]), *trials(0.0)]).validation_accuracy == 0.0


def test_all_diverged():
    with pytest.raises(DivergenceError, match="all 1 models of the sweep diverged"):
        best_trial([summarize({}, [fold(None, None, status="diverged")])])


@pytest.mark.parametrize(("n", "expected"), [(100, 3), (10_000, 1)])
def test_one_standard_error_choice_is_the_most_regularised_near_the_best(n, expected):
    """The error of 0.9 is 0.03 of 100 rows, and 0.003 of 10,000."""
    found = trials(0.89, 0.9, 0.88, 0.875, 0.8, n=n)
    assert simplest_trial(found, with_l2(0, 1, 2, 3, 4)) is found[expected]


@pytest.mark.parametrize(
    ("simpler", "other"),
    [
        ({"label_smoothing": 0.1}, {"label_smoothing": 0.0}),
        ({"max_epochs": 5}, {"max_epochs": 9}),
        ({"learning_rate": 0.1}, {"learning_rate": 0.2}),
        ({"momentum": 0.1}, {"momentum": 0.2}),
    ],
)
def test_where_l2_is_equal_the_rest_decides(simpler, other):
    found = trials(0.9, 0.89)
    assert simplest_trial(found, [TrainingParameters(**other), TrainingParameters(**simpler)]) is found[1]


def test_result_counts_what_was_tried_and_is_json():
    found = [*trials(0.5, 0.9), summarize({"l2": 2.0}, [fold(None, None, status="diverged")])]
    result = SweepResult((Axis("l2", (0.0, 1.0, 2.0)),), tuple(found), found[1], found[1], 1, 1, 2.5)
    table = json.loads(json.dumps(result.to_dict()))
    assert (table["n_tried"], table["n_models"], table["n_diverged"]) == (3, 3, 1)
    assert (table["interrupted"], table["n_planned"], table["n_finished"]) == (False, 3, 3)
    assert table["chosen"]["values"] == {"l2": 1.0}
    assert [trial["validation_accuracy"] for trial in table["trials"]] == [0.5, 0.9, None]
    assert table["axes"] == [{"name": "l2", "values": [0.0, 1.0, 2.0], "scale": "list"}]


def test_interrupted_result_has_no_choice_and_is_json():
    found = [*trials(0.5), summarize({"l2": 1.0}, [fold(0.9, status="interrupted")])]
    table = json.loads(
        json.dumps(SweepResult((Axis("l2", (0.0, 1.0, 2.0)),), tuple(found), None, None, 1, 1, 2.5).to_dict())
    )
    assert (table["interrupted"], table["chosen"], table["one_se"]) == (True, None, None)
    assert (table["n_planned"], table["n_tried"], table["n_finished"]) == (3, 2, 1)
