"""The built site asks nobody else for anything: it can be read without a network."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

if importlib.util.find_spec("mkdocs") is None:  # it is in an extra of its own, which CI installs
    pytest.skip("mkdocs is not installed: install the extra docs", allow_module_level=True)
ROOT = Path(__file__).resolve().parents[2]
LOADED = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "image": "href",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "use": "href",
    "video": "src",
}

WIDTHS_OF_IMAGES = """async () => {
  const images = [...document.querySelectorAll("article img")];
  await Promise.all(images.map((image) => { image.loading = "eager"; return image.decode(); }));
  return images.map((image) => image.naturalWidth);
}"""


def pages_of(site):
    """All pages but the one for a missing address, which a server alone can show."""
    return [page for page in sorted(site.rglob("*.html")) if page.name != "404.html"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built with warnings as errors."""
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


class Loads(HTMLParser):
    """Collects the addresses of what a browser fetches to show a page; links to follow are none of it."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in LOADED and not (tag == "link" and found.get("rel") in ("canonical", "next", "prev", "alternate")):
            self.found.append(found.get(LOADED[tag]) or "")


@pytest.mark.slow
def test_pages_load_nothing_from_other_hosts(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text("utf-8"))
        assert [address for address in loads.found if urlsplit(address).netloc] == [], page.name


@pytest.mark.slow
def test_styles_load_nothing_from_other_hosts(site):
    for style in site.rglob("*.css"):
        text = style.read_text("utf-8")
        assert re.findall(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]*)", text) == [], style.name


@pytest.mark.slow
def test_what_pages_load_is_there(site):
    for page in pages_of(site):
        loads = Loads()
        loads.feed(page.read_text("utf-8"))
        for address in loads.found:
            if address and not address.startswith("data:"):
                assert (page.parent / urlsplit(address).path).exists(), f"{page.name}: {address}"


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_asks_another_host_complains_or_scrolls_sideways(site, browser, width, scheme):
    view = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked, complaints, wide = [], [], []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: complaints.append(f"{view.url}: {message.text}"))
    view.on("pageerror", lambda error: complaints.append(f"{view.url}: {error}"))
    for page in pages_of(site):
        view.goto(page.as_uri(), wait_until="networkidle")
        if view.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(page.name)
    view.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert (complaints, wide) == ([], [])


@pytest.mark.slow
def test_every_figure_is_shown(site, browser):
    view = browser.new_page(viewport={"width": 1280, "height": 800})
    for page in pages_of(site):
        view.goto(page.as_uri())
        assert min(view.evaluate(WIDTHS_OF_IMAGES), default=1) > 0, page.name
    view.close()
