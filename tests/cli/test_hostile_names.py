"""Names from data are text wherever they are shown: on a terminal, in JSON, in a report, in a model."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from onelayer import load_model

NAMES = [
    "</script><img src=x onerror=alert(1)>",
    "[/red]",
    "\x1b[2J\x07\x9b31m\r\n",
    "{{ 7*7 }}",
    "‮txt.exe",
    "$\\frac{1}{0}$",
]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile_run(onelayer, folder):
    """A run on an archive of images with these class names, in a folder named like one."""
    place = folder / "<b>[bold]x"
    place.mkdir()
    y = np.arange(90) % len(NAMES)
    X = np.random.default_rng(0).integers(0, 256, (90, 6, 6), dtype=np.uint8)
    np.savez(place / "<script>[red].npz", X=X, y=y, class_names=np.array(NAMES))
    outcome = onelayer("train", place / "<script>[red].npz", "--out", "run")
    assert outcome.code == 0, outcome.err
    return outcome


def test_training_shows_them_as_text(hostile_run):
    assert hostile_run.out.startswith("<script>[red]: softmax, ")
    assert not CONTROL.search(hostile_run.out + hostile_run.err)


def test_tables_show_them_as_text(onelayer, hostile_run, folder):
    place = folder / "<b>[bold]x" / "<script>[red].npz"
    for shown in (onelayer("evaluate", "run", place).out, onelayer("data", "show", place).out):
        for name in ("</script><img", "[/red]", r"\x1b[2J\x07\x9b31m\r\n", "{{ 7*7 }}", r"\u202etxt.exe"):
            assert name in shown
        assert not CONTROL.search(shown)


def test_json_gives_them_back_and_is_safe_on_a_terminal(onelayer, hostile_run, folder):
    outcome = onelayer("evaluate", "run", folder / "<b>[bold]x" / "<script>[red].npz", "--json")
    assert outcome.json["class_names"] == NAMES
    assert not CONTROL.search(outcome.out)


def test_the_model_gives_them_back(hostile_run, folder):
    assert list(load_model(folder / "run" / "model.safetensors").class_names) == NAMES


class Elements(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_the_report_has_no_element_of_theirs(onelayer, hostile_run, folder):
    assert onelayer("report", "run").code == 0
    page = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "onerror" not in Elements(page).attributes
    assert "{{ 7*7 }}" in page or "{{" not in page
    assert "49 " not in page.split("</head>")[0]
    assert not CONTROL.search(page)


def test_predictions_show_file_and_class_names_as_text(onelayer, hostile_run, folder):
    files = ["[/red].png".replace("/", "∕"), "</a><img onerror=x>.png".replace("/", "∕"), "\x1b[31m\n.png"]
    for file in files:
        Image.new("L", (6, 6), 100).save(folder / file)
    outcome = onelayer("predict", "run", *files)
    assert outcome.code == 0
    assert not CONTROL.search(outcome.out)
    assert r"\x1b[31m\n.png" in outcome.out
    assert len(outcome.out.splitlines()) >= 5
    found = onelayer("predict", "run", *files, "--json").json["predictions"]
    assert [one["image"] for one in found] == files
    assert {one["class"] for one in found} <= set(NAMES)


@pytest.mark.parametrize("name", ["\x1b[31mred\n.png", "[/red]", "</script>", "\udcff.png"])
def test_complaints_show_them_as_text(onelayer, digits_run, name):
    outcome = onelayer("predict", digits_run, name)
    assert outcome.code == 2
    assert not CONTROL.search(outcome.err)
    assert len(outcome.err.splitlines()) == 1
    json.dumps(outcome.err)


def test_class_folders_may_have_such_names(onelayer, class_folders):
    class_folders(names=("<img src=x onerror=y>", "[bold]\x1b[31m"))
    outcome = onelayer("train", "photos", "--out", "run", "--json")
    assert outcome.json["class_names"] == ["<img src=x onerror=y>", "[bold]\x1b[31m"]


def test_a_folder_whose_name_is_no_text_is_trained_on(onelayer, class_folders, folder):
    class_folders().rename(folder / "ph\udcff")
    outcome = onelayer("train", "ph\udcff", "--out", "run")
    assert outcome.code in (0, 2)
    assert len(outcome.err.splitlines()) == 1
    assert "Traceback" not in outcome.err
