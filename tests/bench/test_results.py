"""Results as files, tables and pictures."""

from __future__ import annotations

import json

import pytest

from onelayer.bench import JOBS
from onelayer.bench.pictures import compared, draw_all
from onelayer.bench.results import (
    JobResult,
    Measured,
    Verdict,
    describe_machine,
    entry_rows,
    read_results,
    skipped_lines,
    verdict_row,
    write_result,
)
from onelayer.bench.timing import Timed
from onelayer.errors import DataError

ENTRIES = [
    Timed("onelayer", 1e9, 2, setting="threads: 2", seconds=[0.2, 0.2, 0.1], figures={"accuracy": 0.9}),
    Timed("other", 1e9, 2, setting="threads: 1", seconds=[2.0, 2.0, 2.0]),
    Timed("absent", 1e9, 2, skipped="it is not installed"),
    Timed("sgemm, NumPy", 8e9, seconds=[0.8, 0.8, 0.8]),
]
COMPARED = JobResult("mnist", "MNIST: softmax", 3, 2, ENTRIES, [Verdict("speed", 9, 10.0, "×", True)], "onelayer")
POINTS = [
    Timed(f"{series}, n = {n}", n, series=series, size=n, seconds=[n * cost] * 3)
    for series, cost in (("onelayer", 1e-5), ("other", 1e-4))
    for n in (10, 100, 1000, 10_000)
]
OVER_SIZES = JobResult("scaling-n", "Rows: softmax", 3, 2, POINTS, axis="n")


@pytest.fixture
def folder(tmp_path):
    for result in (COMPARED, OVER_SIZES):
        write_result(tmp_path / "results", Measured(result, describe_machine(2)))
    return tmp_path / "results"


def test_results_are_read_as_they_were_written(folder):
    assert [one.result for one in read_results(folder, JOBS)] == [COMPARED, OVER_SIZES]


def test_a_table_has_times_ratio_share_and_accuracy():
    assert entry_rows(COMPARED) == [
        ("onelayer", "threads: 2", "100 ms", "50 ms", "1.00", "50%", "0.9000"),
        ("other", "threads: 1", "1.00 s", "1.00 s", "10.00", "5%", ""),
        ("sgemm, NumPy", "", "20 GFLOP/s", "20 GFLOP/s", "", "", ""),
    ]


def test_what_was_left_out_is_said_with_its_reason():
    assert skipped_lines(COMPARED) == ["absent was left out: it is not installed"]


@pytest.mark.parametrize(
    ("verdict", "row"),
    [
        (Verdict("a", 9, 4.126, "×", False), ("a", "9×", "4.13×", "missed")),
        (Verdict("a", 0.6, None, "%", None), ("a", "60%", "–", "not measured")),
        (Verdict("a", 0.6, 0.5987, "%", False), ("a", "60%", "59.9%", "missed")),
        (Verdict("a", 60.0, 34.56, " MB", True), ("a", "60 MB", "34.6 MB", "met")),
    ],
)
def test_a_verdict_has_target_and_figure(verdict, row):
    assert verdict_row(verdict) == row


def test_pictures_are_drawn_of_what_there_is(tmp_path):
    assert [path.name for path in draw_all(tmp_path, [COMPARED, OVER_SIZES])] == ["compared.svg", "growth.svg"]
    assert draw_all(tmp_path, [JobResult("memory", "Memory", 1, 2, [])]) == []


def test_bars_of_all_jobs_fit_on_the_axis_that_they_share():
    slow = JobResult(
        "hog", "HOG", 3, 2, [Timed("onelayer", 1, seconds=[1.0]), Timed("it", 1, seconds=[123.0])], [], "onelayer"
    )
    first, second = compared([COMPARED, slow]).axes
    assert first.get_xlim() == second.get_xlim()
    assert second.get_xlim()[1] > 123
    assert [text.get_text() for text in second.texts] == ["1", "120"]


@pytest.mark.parametrize(("names", "kinds"), [(("onelayer", "it"), 2), (("softmax", "hinge"), 1)])
def test_bars_of_others_have_a_colour_of_their_own(names, kinds):
    entries = [Timed(name, 1, seconds=[1.0]) for name in names]
    (axes,) = compared([JobResult("job", "Job", 1, 2, entries, [], names[0])]).axes
    assert len({bar.get_facecolor() for bar in axes.patches}) == kinds


@pytest.mark.parametrize("content", ["", "[]", '{"result": {}}', json.dumps({"result": {"entries": [{}]}})])
def test_a_file_that_is_no_result_is_refused_in_a_line(folder, content):
    (folder / "mnist.json").write_text(content)
    with pytest.raises(DataError, match="no result of onelayer bench") as caught:
        read_results(folder, JOBS)
    assert "\n" not in str(caught.value)


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no results"):
        read_results(tmp_path, JOBS)
