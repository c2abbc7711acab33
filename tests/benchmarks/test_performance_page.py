"""The pages on speed: their figures are written from results, and agree with each other."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from onelayer.bench.results import JobResult, Measured, Verdict
from onelayer.bench.timing import Timed

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ENVIRONMENT = {
    "platform": {"processor": "Abacus"},
    "cores": {"usable": 2},
    "instruction_sets": ["beads"],
    "engine": "native (baseline)",
    "threads": 2,
    "versions": {"python": "3.11.7"},
}
HOG = JobResult(
    "hog",
    "HOG of images",
    3,
    2,
    [
        Timed("onelayer native", 10_000, 10, "1,000 images", "threads: 2", [0.01, 0.02, 0.01]),
        Timed("scikit-image", 10_000, 10, "1,000 images", "image by image", [1.0, 3.0, 1.0]),
        Timed("absent", 10_000, skipped="it is not installed"),
    ],
    [Verdict("HOG, against scikit-image", 200, 123.4, "×", False)],
    "onelayer native",
)


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return import_module("performance_page")


@pytest.fixture
def docs(tmp_path):
    """The two pages with their marks, and nothing between these."""
    for name in ("performance.md", "contributing/engine.md"):
        text = (DOCS / name).read_text("utf-8")
        emptied = re.sub(r"(<!-- (\w+) -->\n).*?\n(<!-- /\2 -->)", r"\1\3", text, flags=re.DOTALL)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(emptied, "utf-8")
    (tmp_path / "images").mkdir()
    return tmp_path


def rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]


def test_pages_are_written_from_results(page, docs):
    page.update(docs, [Measured(HOG, ENVIRONMENT)])
    short = (docs / "performance.md").read_text("utf-8")
    assert ["HOG features of 1,000 images of 32×32 pixels", "1 ms", "scikit-image", "100 ms", "100"] in rows(short)
    assert ["processor", "Abacus"] in rows(short)
    long = (docs / "contributing/engine.md").read_text("utf-8")
    assert ["HOG, against scikit-image", "200×", "123×", "missed"] in rows(long)
    assert ["scikit-image", "image by image", "100 ms", "100 ms", "100.00", "", ""] in rows(long)
    assert "absent was left out: it is not installed." in long
    assert "(../images/performance-compared.svg)" in long
    assert (docs / "images" / "performance-compared.svg").is_file()
    assert "Not measured." in long  # no job over sizes


def test_results_of_two_machines_do_not_go_into_one_page(page):
    with pytest.raises(SystemExit, match="different machines"):
        page.machine([Measured(HOG, ENVIRONMENT), Measured(HOG, ENVIRONMENT | {"threads": 1})])


def test_a_page_without_marks_is_refused(page):
    with pytest.raises(SystemExit, match="no marks for jobs"):
        page.replaced("# Speed", "jobs", "")


def test_the_short_table_has_the_figures_of_the_long_ones(page):
    jobs = (DOCS / "contributing/engine.md").read_text("utf-8").split("<!-- jobs -->")[1]
    names = {label: name for name, label in page.LABELS.items()}
    measured = {
        (name, median, f"{float(ratio):.3g}") for name, _, median, _, ratio, *_ in rows(jobs) if ratio[:1].isdigit()
    }
    summary = (DOCS / "performance.md").read_text("utf-8").split("<!-- summary -->")[1].split("<!--")[0]
    _, *shown = rows(summary)
    assert len(shown) > 10
    for _, ours, other, takes, ratio in shown:
        assert (names.get(other, other), takes, ratio) in measured
        assert not ours or any(median == ours and ratio == "1" for _, median, ratio in measured)
