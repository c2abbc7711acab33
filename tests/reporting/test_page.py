from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import markupsafe
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from onelayer.reporting import page
from onelayer.reporting.data import ReportData
from onelayer.reporting.page import render_report, write_report
from onelayer.storage.run_directory import RunDirectory

HOSTILE = ("</script><img src=x onerror=alert(1)>", "[/red]", "$\\frac{$ \x1b[31m\x00 caf\udce9 猫")


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
        if tag not in {"meta", "img", "source", "link", "br"}:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        for tag in set(self._open):
            self.texts[tag][-1] += data

    def attributes(self, *names):
        return [value for _, attributes in self.tags for name, value in attributes.items() if name in names]


@pytest.fixture(scope="module")
def rendered(make_data):
    return render_report(make_data())


@pytest.fixture(scope="module")
def whole(rendered):
    return Page(rendered)


@pytest.fixture(scope="module")
def written(make_data, tmp_path_factory):
    run = RunDirectory.create(tmp_path_factory.mktemp("report") / "run")
    write_report(run, make_data())
    return run


@pytest.fixture(scope="module")
def hostile(make_data):
    data = make_data(
        class_names=HOSTILE,
        title=HOSTILE[0],
        metrics={"dataset": HOSTILE[0], "loss": HOSTILE[1]},
        config={HOSTILE[0]: HOSTILE[0], "b": [HOSTILE[2]]},
        environment={"engine": HOSTILE[0]},
        evaluation_options={"no_probabilities": HOSTILE[0]},
    )
    return render_report(data)


def test_sections_are_there_in_order(whole):
    assert whole.texts["h2"] == [
        "Figures of merit",
        "Learning curves",
        "Class by class",
        "What each class looks for",
        "Configuration",
        "Environment",
    ]


def test_there_is_one_main_heading(whole):
    assert whole.texts["h1"] == ["Animals"]


def test_headline_has_the_accuracy_beside_majority_class_and_chance(whole):
    assert whole.texts["dt"] == ["Test accuracy", "Majority class", "Chance"]
    # 34 of 40: the interval is that of scipy.stats.binomtest(34, 40).proportion_ci(method="wilson")
    assert whole.texts["dd"] == ["85.0%", "95% interval 70.9% to 92.9%, 40 rows", "50.0%", "33.3%"]


def test_every_picture_says_its_message(whole):
    assert [tag["alt"] for name, tag in whole.tags if name == "img"] == [
        "Training loss goes from 2 to 1.12 in 40 steps; the lowest validation loss is 1.4",
        "Accuracy over the steps of training; the highest on training rows is 80.0%; on validation rows 75.0%",
        "34 of 40 test rows are on the diagonal; the most frequent mistake is owl taken for cat, 5 times",
        "Recall is lowest for owl (75.0%) and highest for dog (100.0%)",
        "Weights of each class as 4 × 5 pixels, on a scale of ±1",
    ]


def test_configuration_and_environment_are_told(whole):
    cells = whole.texts["td"]
    assert [cells[-5:], whole.texts["th"][-2:]] == [
        ["softmax", "best", "validation_loss", "numpy", "2.4"],
        ["engine", "versions.numpy"],
    ]


def test_nothing_is_asked_of_any_network(whole):
    addresses = whole.attributes("src", "srcset", "href", "action", "data", "poster", "background")
    assert addresses
    assert all(address.startswith("data:image/png;base64,") for address in addresses)


def test_style_asks_nothing_of_any_network(whole):
    assert not re.search(r"url\(|@import", "".join(whole.texts["style"]))


def test_a_policy_forbids_all_but_what_is_inlined(whole):
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in whole.attributes("content")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_inlined_pictures_are_whole_and_of_their_theme(whole, name):
    tag, key = {"light": ("img", "src"), "dark": ("source", "srcset")}[name]
    for uri in (attributes[key] for found, attributes in whole.tags if found == tag):
        image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
        assert (sum(image.convert("RGB").getpixel((0, 0))) > 3 * 127) == (name == "light")


def test_hostile_names_make_no_elements(hostile, whole):
    assert [tag for tag, _ in Page(hostile).tags if tag not in {tag for tag, _ in whole.tags}] == []
    assert not [attribute for attribute in Page(hostile).tags if "onerror" in attribute[1]]


@pytest.mark.parametrize("text", [HOSTILE[0], HOSTILE[1]])
def test_hostile_names_are_shown_as_text(hostile, text):
    assert any(text in shown for shown in Page(hostile).texts["figcaption"])


def test_control_characters_do_not_reach_the_page(hostile):
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", hostile)


def test_no_script_and_no_handler(hostile):
    found = Page(hostile)
    assert "script" not in {tag for tag, _ in found.tags}
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]


def test_losses_without_probabilities_say_why_log_loss_is_absent(hostile):
    assert f"Log loss and calibration</th><td>left out: {markupsafe.escape(HOSTILE[0])}</td>" in hostile


def test_a_report_on_nothing_is_still_a_page():
    assert Page(render_report(ReportData("Title", {}, {}, {}, ["a", "b"]))).texts.get("h2") is None


def test_write_report_leaves_the_same_page(rendered, written):
    assert written.report_path.read_text("utf-8") == rendered


def test_write_report_leaves_the_figures(written):
    assert sorted(path.name for path in written.figures_path.iterdir()) == [
        f"{name}.{kind}" for name in ("accuracy", "confusion", "loss", "recall", "weights") for kind in ("png", "svg")
    ]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1))
def test_whatever_a_name_is_it_adds_no_element(make_data, monkeypatch, text):
    monkeypatch.setattr(page, "_drawn_sections", lambda data: {})
    data = make_data(title=text, config={text: text}, metrics={"dataset": text, "loss": text})
    tags = [tag for tag, _ in Page(render_report(data)).tags]
    data = make_data(title="x", config={"x": "x"}, metrics={"dataset": "x", "loss": "x"})
    assert tags == [tag for tag, _ in Page(render_report(data)).tags]
