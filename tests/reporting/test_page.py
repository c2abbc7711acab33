from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from onelayer.evaluation import RunFigures
from onelayer.reporting.data import ReportData
from onelayer.reporting.page import render_report, write_report
from onelayer.storage.run_directory import RunDirectory

HOSTILE = ("</script><img src=x onerror=alert(1)>", "[/red]", "$\\frac{$ \x1b[31m\x00 caf\udce9 猫")
VOID = {"meta", "img", "source", "link", "br", "input"}


class Page(HTMLParser):
    """Collects tags with their attributes, and the text under each kind of tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        for tag in set(self._open):
            self.texts[tag][-1] += data

    def attributes(self, *names):
        return [value for _, attributes in self.tags for name, value in attributes.items() if name in names]

    @property
    def payload(self):
        return json.loads(self.texts["script"][0])


@pytest.fixture(scope="module")
def rendered(make_data, predictions):
    return render_report(make_data(predictions=predictions))


@pytest.fixture(scope="module")
def whole(rendered):
    return Page(rendered)


@pytest.fixture(scope="module")
def hostile(make_data, predictions):
    data = make_data(
        class_names=HOSTILE,
        title=HOSTILE[0],
        metrics={"dataset": HOSTILE[0], "loss": HOSTILE[1], "data": {"name": HOSTILE[0], "source": HOSTILE[0]}},
        config={HOSTILE[0]: HOSTILE[0], "b": [HOSTILE[2]]},
        environment={"engine": HOSTILE[0]},
        evaluation_options={"no_probabilities": HOSTILE[0]},
        predictions=predictions,
        command=HOSTILE[0],
    )
    return render_report(data)


def test_sections_are_there_in_order(whole):
    assert whole.texts["h2"] == [
        "Result",
        "Learning curves",
        "Which classes are confused",
        "Class by class",
        "What each class looks for",
        "Errors and certainties",
        "Calibration",
        "Weights and learning rate over time",
        "The data",
        "Repeat it",
    ]


def test_the_sections_are_linked_to(whole):
    ids = set(whole.attributes("id"))
    links = [value for value in whole.attributes("href") if value != "#main"]
    assert len(links) == 10
    assert {link.removeprefix("#") for link in links} <= ids


def test_identifiers_are_unique(whole):
    ids = whole.attributes("id")
    assert len(ids) == len(set(ids))


def test_there_is_one_main_heading(whole):
    assert whole.texts["h1"] == ["Animals"]


def test_headline_has_the_accuracy_beside_majority_class_and_chance(whole):
    assert whole.texts["dt"] == ["Test accuracy", "Majority class", "Chance"]
    # 34 of 40: the interval is that of scipy.stats.binomtest(34, 40).proportion_ci(method="wilson")
    assert whole.texts["dd"] == ["85.0%", "95% interval 70.9% to 92.9%, 40 rows", "50.0%", "33.3%"]


def test_every_chart_says_its_message(whole):
    charts = [attributes for _, attributes in whole.tags if "data-chart" in attributes]
    assert {chart["data-chart"]: chart["aria-label"] for chart in charts} == {
        "loss": "Training loss goes from 2 to 1.12 in 40 steps; the lowest validation loss is 1.4",
        "accuracy": (
            "Accuracy over the steps of training; the highest on training rows is 80.0%; on validation rows 75.0%"
        ),
        "recall": "Recall is lowest for owl (75.0%) and highest for dog (100.0%)",
        "learning-rate": "Learning rate stays at 0.01",
    }


def test_every_chart_has_its_data(whole):
    charts = [attributes["data-chart"] for _, attributes in whole.tags if "data-chart" in attributes]
    assert sorted(charts) == sorted(whole.payload["charts"])


def test_every_image_has_words(whole):
    images = [attributes for tag, attributes in whole.tags if tag == "img"]
    assert images
    assert all(image["alt"] for image in images)


def test_cells_of_the_confusion_matrix_are_buttons_that_say_what_they_count(whole):
    cells = [attributes for _, attributes in whole.tags if attributes.get("class") == "cell"]
    assert [cell["aria-label"] for cell in cells][6:] == [
        "owl taken for cat: 5 rows",
        "owl taken for dog: 0 rows",
        "owl recognised: 15 rows",
    ]


def test_tiles_are_the_kept_rows(whole, predictions):
    tiles = whole.payload["tiles"]
    assert tiles["rows"] == predictions.shown.rows.tolist()
    assert tiles["predicted"] == predictions.decisions.predicted[::2].tolist()
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(tiles["images"][3]))))
    np.testing.assert_array_equal(image, predictions.shown.images[3])


def test_the_values_of_a_tile_are_those_of_its_row_the_largest_first(whole, predictions):
    tiles = whole.payload["tiles"]
    np.testing.assert_allclose(tiles["values"][1], predictions.decisions.values[2], rtol=1e-3)


def test_the_galleries_of_errors_hold_errors(whole):
    tiles = whole.payload["tiles"]
    worst = whole.payload["galleries"]["worst-errors"]
    assert worst
    assert all(tiles["labels"][index] != tiles["predicted"][index] for index in worst)


def test_configuration_and_environment_are_told(whole):
    cells = whole.texts["td"]
    assert cells[-5:] == ["softmax", "best", "validation_loss", "numpy", "2.4"]


@pytest.mark.parametrize("page", ["rendered", "hostile"])
def test_nothing_is_asked_of_any_network(page, request):
    found = Page(request.getfixturevalue(page))
    addresses = found.attributes("src", "srcset", "href", "action", "data", "poster", "background")
    assert addresses
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in addresses)


def test_style_asks_nothing_of_any_network(whole):
    assert not re.search(r"url\(|@import", "".join(whole.texts["style"]))


def test_a_policy_allows_the_two_scripts_and_nothing_else(whole):
    policy = next(value for value in whole.attributes("content") if "default-src" in value)
    plotly, own = whole.texts["script"][1:]
    scripts = [own.encode(), zlib.decompress(base64.b64decode(plotly))]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts]
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {hashes[0]} {hashes[1]}"
    )


def test_hostile_names_make_no_elements(hostile, whole):
    assert [tag for tag, _ in Page(hostile).tags if tag not in {*(tag for tag, _ in whole.tags), "pre", "code"}] == []
    assert not [attribute for attribute in Page(hostile).tags if "onerror" in attribute[1]]


def test_no_handler_stands_in_the_page(hostile):
    assert not [name for _, attributes in Page(hostile).tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("tag", ["h1", "td", "pre", "figcaption"])
def test_hostile_names_are_shown_as_text(hostile, tag):
    assert any(HOSTILE[0] in shown for shown in Page(hostile).texts[tag])


def test_hostile_names_do_not_end_the_data(hostile):
    assert Page(hostile).payload["classes"][0] == HOSTILE[0]


def test_names_in_charts_are_no_markup(hostile):
    (bars,) = Page(hostile).payload["charts"]["recall"]["data"]
    assert all("<" not in words.replace("<br>", "") for words in bars["customdata"])


def test_control_characters_do_not_reach_the_page(hostile):
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", hostile)


def test_losses_without_probabilities_say_why_there_is_no_calibration(hostile):
    assert [text for text in Page(hostile).texts["p"] if text.strip() == f"Left out: {HOSTILE[0]}."]


def test_a_report_on_nothing_says_what_is_missing():
    page = Page(render_report(ReportData("Title", {}, RunFigures(), {}, ["a", "b"])))
    assert [text.strip() for text in page.texts["p"]][1:-2] == [
        "The run has no figures of any part of the data.",
        "Training took no step.",
        "No part of the data was evaluated.",
        "No part of the data was evaluated.",
        "The features are not pixels, so that weights make no picture.",
        "The run keeps no predictions of single rows.",
        "Left out: the run has no probabilities.",
        "Training took no step.",
        "The run says nothing of its data.",
    ]


@pytest.fixture(scope="module")
def written(make_data, predictions, tmp_path_factory):
    run = RunDirectory.create(tmp_path_factory.mktemp("report") / "run")
    write_report(run, make_data(predictions=predictions))
    return run


def test_write_report_leaves_the_same_page(rendered, written):
    assert written.report_path.read_text("utf-8") == rendered


def test_write_report_leaves_the_figures(written):
    names = [
        "accuracy",
        "class-means",
        "confusion",
        "learning-rate",
        "least-certain",
        "loss",
        "most-certain",
        "recall",
        "samples",
        "weights",
        "worst-errors",
    ]
    assert sorted(path.name for path in written.figures_path.iterdir()) == [
        f"{name}.{kind}" for name in names for kind in ("png", "svg")
    ]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1))
def test_whatever_a_name_is_it_adds_no_element(make_data, text):
    def tags(name):
        parts = {"title": name, "config": {name: name}, "metrics": {"dataset": name, "loss": name}, "command": "x"}
        return [tag for tag, _ in Page(render_report(make_data(history={}, weight_images=None, **parts))).tags]

    assert tags(text) == tags("x")
