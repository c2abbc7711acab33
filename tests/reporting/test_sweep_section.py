from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from onelayer.errors import InputError
from onelayer.reporting.page import render_report
from onelayer.reporting.sections.sweep import sweep_statement, trial_table
from onelayer.selection import FoldFigures, Grid, SweepResult
from onelayer.selection.result import best_trial, simplest_trial, summarize
from onelayer.training import TrainingParameters


def table(grid: Grid, accuracy: Callable[..., float | None], n_folds: int = 1) -> dict:
    """A sweep's table as sweep.json has it; an accuracy of None means that the model diverged."""
    trials = []
    for values in grid.values():
        share = accuracy(**values)
        status = "finished" if share is not None else "diverged"
        loss = None if share is None else 2 - share
        trials.append(summarize(values, [FoldFigures(status, 10, 9, loss, share, 400)] * n_folds))
    simplest = simplest_trial(trials, grid.trials(TrainingParameters()))
    return SweepResult(grid.axes, tuple(trials), best_trial(trials), simplest, n_folds, 1, 1.5).to_dict()


ONE = Grid.parse(["l2=1e-4:1:log:5"])
TWO = Grid.parse(["l2=1e-4:1:log:5", "learning_rate=0.1,0.2,1e9"])


def of_l2(l2: float, learning_rate: float = 0.1) -> float | None:
    """Highest at 0.01; 0.1 is within a standard error of it."""
    if learning_rate == 1e9:
        return None if l2 == 1 else 0.1
    return {1e-4: 0.8, 1e-3: 0.85, 1e-2: 0.9, 1e-1: 0.89, 1.0: 0.3}[l2] - learning_rate / 10 + 0.01


@pytest.fixture(scope="module")
def one():
    return SweepResult.check(table(ONE, of_l2))


@pytest.fixture(scope="module")
def two():
    return SweepResult.check(table(TWO, of_l2, n_folds=3))


def test_statement_says_how_many_were_tried_and_that_the_best_of_many_is_too_high(two):
    lines = sweep_statement(two)
    assert "15 combinations on each of 3 folds (45 models) were tried, in 1 pass over the data" in lines[0]
    assert "1 diverged" in lines[0]
    assert "l2 = 0.01, learning_rate = 0.1" in lines[1]
    assert "the best of 15, this figure is on average too high; the test rows had no part in the choice" in lines[1]


def test_statement_where_the_chosen_is_the_simplest():
    found = SweepResult.check(table(Grid.parse(["l2=0.1,0.2"]), lambda l2: l2))
    assert sweep_statement(found)[2] == "Nothing simpler is within one standard error of it."


def test_table_has_the_best_first_and_marks_the_choices(one):
    found = trial_table(one)
    assert found.heading[:2] == ["l2", "Accuracy"]
    assert [row[1] for row in found.rows] == ["90.00%", "89.00%", "85.00%", "80.00%", "30.00%"]
    assert [row[-1] for row in found.rows] == ["chosen", "one standard error", "", "", ""]


def test_report_of_a_swept_run_shows_the_sweep(make_data, one):
    page = render_report(make_data(sweep=one))
    assert page.count(">What was tried</h2>") == 1
    assert "5 combinations were tried" in page
    assert page.count("<td>chosen<") == page.count("<td>one standard error<") == 1


def test_report_of_another_run_does_not(make_data):
    assert "What was tried" not in render_report(make_data())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axes": []}, "sweep: axes"),
        ({"trials": []}, "sweep: trials"),
        ({"seconds": -1}, "sweep: seconds"),
        ({"chosen": None}, "must both be there"),
        ({"axes": [{"name": "../l2", "values": [1], "scale": "lin"}]}, "sweep: axes.0.name"),
        ({"axes": [{"name": "l2", "values": [0.0, 1], "scale": "log"}]}, "must be above 0"),
        ({"axes": [{"name": "l2", "values": ["a"], "scale": "lin"}]}, "must be numbers"),
        ({"trials": table(ONE, of_l2)["trials"][:2]}, "is not among the trials"),
        ({"axes": [{"name": "l2", "values": [7.0], "scale": "lin"}]}, "not those of the axes"),
        (
            {
                "one_se": {"values": {"l2": 0.01}, "status": "diverged", "epochs": 1}
                | dict.fromkeys(("validation_loss", "validation_accuracy", "accuracy_interval", "standard_error"))
            },
            "has no accuracy",
        ),
    ],
)
def test_damaged_tables_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        SweepResult.check(table(ONE, of_l2) | change)


def curve(epochs, accuracy):
    return {"epochs": epochs, "accuracy": accuracy}


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ([curve([1.0], [0.5])] * 3, "not as many curves as trials"),
        ([curve([1.0], [])] * 5, "more of the one than of the other"),
        ([curve([1.0], [1.5])] * 5, "less than or equal to 1"),
        ([curve(["1e400"], [0.5])] * 5, "less than"),
    ],
)
def test_damaged_curves_are_refused(curves, message):
    with pytest.raises(InputError, match=message):
        SweepResult.check(table(ONE, of_l2) | {"curves": curves})


HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_a_report_has_a_chart_for_each_and_hostile_values_are_text(make_data):
    text = json.dumps(table(TWO, of_l2)).replace("1000000000.0", json.dumps(HOSTILE))
    text = text.replace('"scale": "log"', '"scale": "list"')
    page = render_report(make_data(sweep=SweepResult.check(json.loads(text))))
    names = re.findall(r'data-chart="(sweep[^"]*)"', page)
    assert names == [
        "sweep-accuracy-l2",
        "sweep-loss-l2",
        "sweep-accuracy-learning_rate",
        "sweep-loss-learning_rate",
        "sweep-heat-map",
    ]
    charts = json.loads(re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)[1])["charts"]
    assert sorted(names) == sorted(key for key in charts if key.startswith("sweep"))
    assert "<img" not in json.dumps([charts[name] for name in names])
    assert "&lt;/script&gt;" in json.dumps([charts[name] for name in names])


def test_losses_of_different_kinds_are_not_compared(make_data):
    grid = Grid.parse(["loss=softmax,hinge,sigmoid"])
    page = render_report(make_data(sweep=SweepResult.check(table(grid, lambda loss: 0.9))))
    assert re.findall(r'data-chart="(sweep[^"]*)"', page) == ["sweep-accuracy-loss"]
    assert "Values of different losses can't be compared" in page.replace("&#39;", "'")
