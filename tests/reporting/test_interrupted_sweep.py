from __future__ import annotations

import re
from dataclasses import replace

import pytest

from onelayer.errors import InputError
from onelayer.evaluation import RunFigures
from onelayer.reporting.data import ReportData
from onelayer.reporting.page import render_report, write_report
from onelayer.reporting.sections.sweep import interruption_statement
from onelayer.selection import FoldFigures, Grid, SweepResult
from onelayer.selection.result import summarize
from onelayer.storage.run_directory import RunDirectory

GRID = Grid.parse(["l2=1e-4:1:log:40"])
DATA = ReportData(
    "<digits>, an interrupted sweep", {"l2": 0.1}, RunFigures(), {}, ["a", "b"], command="onelayer sweep digits"
)


def sweep(statuses: list[str], n_folds: int = 1) -> SweepResult:
    """The first trials of the grid, the later the more accurate, as sweep.json has them."""
    figures = [
        FoldFigures(status, 5, *((None,) * 3 if status == "diverged" else (4, 0.5, 0.5 + place / 100)), 400)
        for place, status in enumerate(statuses)
    ]
    trials = [summarize(values, [one]) for values, one in zip(GRID.values(), figures, strict=False)]
    return SweepResult.check(SweepResult(GRID.axes, tuple(trials), None, None, n_folds, 1, 1.5).to_dict())


def page_of(sweep):
    return render_report(replace(DATA, sweep=sweep))


def test_statement_counts_the_trials():
    line, *_ = interruption_statement(sweep(["finished", "diverged", "interrupted", "interrupted", "interrupted"], 3))
    assert line == (
        "Interrupted after 1.5 s: of 40 combinations on each of 3 folds 2 were trained to their end, 3 in part and 35 "
        "not at all."
    )


def test_page_has_the_trials_with_the_best_first_and_says_which_were_interrupted():
    page = page_of(sweep(["finished", "interrupted"]))
    assert page.index("<td>51.00%</td>") < page.index("<td>50.00%</td>")
    assert page.count("<td>interrupted</td>") == 1
    assert "Nothing was chosen" in page
    assert "<td>chosen</td>" not in page


def test_page_says_where_the_trials_are_that_it_leaves_out():
    page = page_of(sweep(["interrupted"] * 30))
    assert "The best 20 of 30 trials; sweep.json has all of them." in page
    assert page.count("<td>interrupted</td>") == 20


def test_page_of_trials_that_all_diverged():
    assert page_of(sweep(["diverged"])).count("<td>diverged</td>") == 1


def test_only_sections_that_need_no_model_are_there():
    page = page_of(sweep(["finished", "interrupted"]))
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", page) == ["What was tried", "The data", "Repeat it"]
    assert 'class="chart"' not in page


def test_there_are_no_figures(tmp_path):
    run = RunDirectory.create(tmp_path / "run")
    write_report(run, replace(DATA, sweep=sweep(["finished", "interrupted"])))
    assert not run.figures_path.exists()
    assert run.report_path.read_text("utf-8") == page_of(sweep(["finished", "interrupted"]))


def test_names_are_text():
    page = page_of(sweep(["interrupted"]))
    assert "<h1>&lt;digits&gt;, an interrupted sweep</h1>" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trials": []}, "sweep: trials"),
        ({"n_folds": 0}, "sweep: n_folds"),
        ({"axes": [{"name": "l2", "values": [7.0], "scale": "lin"}]}, "not those of the axes"),
    ],
)
def test_damaged_tables_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        SweepResult.check(sweep(["finished"]).to_dict() | change)
