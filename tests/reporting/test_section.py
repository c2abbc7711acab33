"""A panel is added by one function and one line of the registry; tables of very many rows are shown some at a time."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from onelayer.figures import Axis, Bars, Figure, Plot
from onelayer.reporting.data import ReportData
from onelayer.reporting.page import render_report, write_report
from onelayer.reporting.section import Content, Section, Table
from onelayer.reporting.sections import SECTIONS
from onelayer.storage.run_directory import RunDirectory


def error_content(data: ReportData) -> Content | None:
    """Return the share of each class that is taken for another one: a panel as one would write it."""
    counts = data.confusion
    if counts is None:
        return Content("No part of the data was evaluated.")
    shares = 1 - counts.hits / counts.supports
    words = [f"{name}: {share:.1%}" for name, share in zip(data.class_names, shares, strict=True)]
    axis = Axis(ticks=list(enumerate(data.class_names)), first=-0.6, last=len(shares) - 0.4, backwards=True)
    plot = Plot([Bars(np.arange(len(shares)), shares, words=words)], Axis("share of errors", "percent"), axis)
    message = f"At most {shares.max():.1%} of a class is taken for another one"
    table = Table(
        "errors", "Errors of each class", ("Class", "Errors"), list(zip(data.class_names, words, strict=True))
    )
    return Content(
        lines=["A class that nothing is taken for has no errors."],
        figures=[Figure("errors", message, "Of the evaluated rows.", plot)],
        tables=[table],
    )


@pytest.fixture
def added(monkeypatch):
    """The registry with the panel, entered as the fourth."""
    panel = Section("errors", "Errors of each class", error_content)
    monkeypatch.setattr("onelayer.reporting.sections.SECTIONS", SECTIONS)  # for whoever looks it up there
    SECTIONS.insert(3, panel)
    yield panel
    SECTIONS.remove(panel)


def payload(page):
    return json.loads(re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.usefixtures("added")
def test_a_panel_that_is_entered_stands_in_the_page(make_data):
    page = render_report(make_data())
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings.index("Errors of each class") == headings.index("Learning curves") + 1
    assert '<li><a href="#errors">Errors of each class</a></li>' in page
    assert "At most 25.0% of a class is taken for another one" in page
    assert "A class that nothing is taken for has no errors." in page
    assert payload(page)["charts"]["errors"]["data"][0]["x"] == pytest.approx([0.1, 0.0, 0.25])
    assert "<td>owl: 25.0%</td>" in page


@pytest.mark.usefixtures("added")
def test_a_panel_that_is_entered_has_its_files(make_data, tmp_path):
    run = RunDirectory.create(tmp_path / "run")
    write_report(run, make_data())
    assert (run.figures_path / "errors.png").read_bytes()[:4] == b"\x89PNG"
    assert (run.figures_path / "errors.svg").read_bytes()[:5] == b"<?xml"


@pytest.mark.usefixtures("added")
def test_a_panel_says_what_it_lacks(make_data):
    page = render_report(make_data(metrics={"evaluation": {}}))
    assert page.count('<p class="absent">No part of the data was evaluated.</p>') == 3
    assert "errors" not in payload(page)["charts"]


def test_a_section_without_content_is_left_out(make_data):
    page = render_report(make_data(), [*SECTIONS, Section("none", "Nothing", lambda data: None)])
    assert "Nothing" not in re.findall(r"<h2[^>]*>(.*?)</h2>", page)


def test_names_of_sections_differ():
    names = [section.name for section in SECTIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("n", "in_page"), [(3, 3), (100, 100), (101, 100), (10_000, 100)])
def test_a_page_has_a_hundred_rows_of_a_table_and_its_script_the_others(make_data, n, in_page):
    rows = [(f"<b>{place}</b>", str(place)) for place in range(n)]
    table = Table("long", "Long", ("Name", "Number"), rows)
    page = render_report(make_data(), [Section("long", "Long", lambda data: Content(tables=[table]))])
    assert len(re.findall(r'<th scope="row">&lt;b&gt;', page)) == in_page
    assert payload(page)["tables"] == ({"long": [list(row) for row in rows]} if n > 100 else {})
    assert (f"Rows 1 to 100 of {n:,}" in page) == (n > 100)
