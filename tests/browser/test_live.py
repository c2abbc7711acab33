"""Training watched and stopped in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=document.title='hacked'>"


@dataclass
class Watched:
    """A training in a process of its own, and the page that shows it."""

    process: subprocess.Popen[str]
    address: str
    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def wait_for(self, holds, seconds=60):
        """Wait for a condition; Playwright's own way needs the eval that the page forbids."""
        for _ in range(20 * seconds):
            if holds():
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"it did not come to hold in {seconds} seconds")

    @property
    def frames(self):
        return int(self.page.get_attribute("html", "data-frames") or 0)

    def reached(self):
        """Return how far the chart of accuracies goes; points are thinned out, so their number says nothing."""
        return self.page.evaluate("document.getElementById('chart-accuracy').data?.[1]?.x.at(-1) ?? 0")

    def stop(self):
        self.page.click("#stop")
        self.wait_for(lambda: self.page.get_attribute("html", "data-over") == "true")


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data") / "pictures"
    for name, shade in ((HOSTILE, 60), ("dark & <b>bold", 90), ("bright", 160)):
        (folder / name).mkdir(parents=True)
        for index in range(40):
            pixels = np.clip(rng.normal(shade, 60, (10, 14, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module", params=[(1280, "light"), (390, "dark")], ids=["wide", "narrow and dark"])
def watched(request, browser, image_folder, tmp_path_factory):
    """A training without end, once its page has shown three frames."""
    width, scheme = request.param
    command = [sys.executable, "-m", "onelayer", "train", str(image_folder), "--live", "--json", "--out", "run"]
    command += ["--set", "max_epochs=10000000", "--set", "n_jobs=1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("watched"), **pipes)
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    try:
        line = process.stderr.readline()
        watched = Watched(process, re.search(r"http://127\.0\.0\.1:\d+/\S+/", line).group(), page)
        page.on("console", lambda message: watched.complaints.append(message.text))
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("request", lambda request: watched.requests.append(request.url))
        page.goto(watched.address)
        watched.wait_for(lambda: watched.frames >= 3)
        yield watched
    finally:
        page.close()
        process.kill()
        process.communicate()


def test_page_grows(watched):
    watched.wait_for(lambda: watched.reached() > 0)
    frames, reached = watched.frames, watched.reached()
    watched.wait_for(lambda: watched.frames > frames + 1 and watched.reached() > reached)


def test_weights_are_shown_and_change(watched):
    sources = "[...document.querySelectorAll('#weight-pictures img')].map((image) => image.src)"
    before = watched.page.evaluate(sources)
    assert len(before) == 3
    watched.wait_for(lambda: watched.page.evaluate(sources) != before)
    decoded = "[...document.querySelectorAll('#weight-pictures img')].every((image) => image.naturalWidth === 14)"
    assert watched.page.evaluate(decoded)


def test_names_are_text(watched):
    names = watched.page.eval_on_selector_all("#weight-pictures figcaption", "all => all.map((one) => one.textContent)")
    assert sorted(names) == sorted([HOSTILE, "dark & <b>bold", "bright"])
    assert watched.page.title() == "Training: pictures, softmax · onelayer"


def test_nothing_scrolls_sideways(watched):
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_nothing_is_amiss_for_those_who_do_not_see(watched):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(watched.page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_button_stops_training_and_the_model_is_kept(watched):
    watched.stop()
    out, _ = watched.process.communicate(timeout=60)
    assert watched.process.returncode == 0
    metrics = json.loads(out)
    assert metrics["interrupted"]
    assert metrics["epochs"] > 0
    assert watched.page.text_content("#phase") == "Training was stopped: the model holds what was learned until then."
    assert f"Test accuracy {metrics['test']['accuracy']:.2%}" in watched.page.text_content("#outcome")
    assert watched.page.text_content("#outcome").endswith("run/report.html")
    assert not watched.page.is_visible("#stop")


def test_nothing_complained_and_no_one_else_was_asked(watched):
    assert watched.complaints == []
    origin = watched.address.rsplit("/", 2)[0]
    others = [url for url in watched.requests if not url.startswith((origin + "/", "data:", "blob:"))]
    assert others == []
