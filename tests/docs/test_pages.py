"""What the pages of the documentation say is what happens: their code runs, and prints what they say it prints.

Of each page the blocks run in order, in one folder. ``python`` is executed; in ``sh`` the lines that begin with
``onelayer``, with or without variables before it, and those that draw a figure; ``toml`` with a title is written to a
file of that name. A ``text`` block is what the block before it prints; numbers may differ by 2%, times by anything.
"""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from onelayer.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FIGURES = DOCS / "figures"
FENCE = re.compile(r'^ *```(\w*)(?: title="([^"]*)")?\n(.*?)^ *```$', re.MULTILINE | re.DOTALL)
DRAWING = re.compile(r"python docs/figures/(\w+\.py)")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
RELATIVE, NEGLIGIBLE = 0.02, 1e-7
PAGES = sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if FENCE.search(path.read_text("utf-8")))


def blocks(page):
    return FENCE.findall((DOCS / page).read_text("utf-8"))


def needs_data(page):
    code = " ".join(content for kind, _, content in blocks(page) if kind in ("python", "sh"))
    code += " ".join((FIGURES / script).read_text("utf-8") for script in DRAWING.findall(code))
    return bool(re.search(r"\b(mnist|cifar10)\b", code))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in; figures are written there too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(FIGURES)
    import images

    monkeypatch.setattr(images, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_code_does_what_the_page_says(page, folder, request, monkeypatch, capsys):
    if needs_data(page):
        monkeypatch.setenv("ONELAYER_DATA", str(request.getfixturevalue("data_dir")))
    namespace, printed = {"__name__": page}, ""
    for kind, title, content in blocks(page):
        if kind == "text":
            assert_same(content, printed)
        elif kind == "toml" and title:
            (folder / title).write_text(content, "utf-8")
        elif kind in ("python", "sh"):
            capsys.readouterr()
            if kind == "python":
                exec(compile(content, page, "exec"), namespace)  # noqa: S102 (our own pages)
            else:
                run_lines(content, monkeypatch)
            printed = capsys.readouterr().out


def run_lines(content, monkeypatch):
    for line in content.replace("\\\n", " ").splitlines():
        code, _, remark = line.partition("#")
        words = shlex.split(code)
        drawing = DRAWING.fullmatch(code.strip())
        if drawing:
            runpy.run_path(str(FIGURES / drawing[1]))
            continue
        with monkeypatch.context() as patch:
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                patch.setenv(*words.pop(0).split("=", 1))
            if words[:1] == ["onelayer"]:
                expected = re.search(r"exit code (\d)", remark)
                assert main(words[1:]) == int(expected[1] if expected else 0), line


def assert_same(said, printed):
    """Compare texts without regard to numbers, and numbers with some tolerance."""
    assert shape(printed) == shape(said)
    for one, other in zip(numbers(printed), numbers(said), strict=True):
        assert one == pytest.approx(other, rel=RELATIVE, abs=NEGLIGIBLE)


def shape(text):
    return re.sub(r"[\s─]+", " ", NUMBER.sub("0", text)).strip()


def numbers(text):
    text = re.sub(r"[\d.]+ s\b", "0 s", text)
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def test_figures_of_reports_are_those_that_the_code_draws():
    drawn = set(re.findall(r'save\(.*"([\w-]+\.png)"\)', (DOCS / "figures.md").read_text("utf-8")))
    assert drawn == {path.name for path in (DOCS / "images" / "report").iterdir()}


def test_each_figure_has_a_page_that_draws_it():
    scripts = {path.name for path in FIGURES.glob("*.py")} - {"images.py"}
    assert {script for page in PAGES for _, _, code in blocks(page) for script in DRAWING.findall(code)} == scripts
