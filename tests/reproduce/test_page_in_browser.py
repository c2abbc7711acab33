"""The page of a reproduction in Chromium: wide and narrow, light and dark."""

from __future__ import annotations

import pytest

from onelayer.reproduce import parse_protocol, reproduce, write_page

pytestmark = pytest.mark.slow

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def page_path(tmp_path_factory, own_text):
    out = tmp_path_factory.mktemp("reproduction")
    return write_page(reproduce([parse_protocol(own_text, "my.toml", "my")], out), out)


@pytest.fixture(scope="module", params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=str)
def opened(browser, page_path, request):
    """The page with all its details open, its width, and what it asked for and complained of."""
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    yield page, width, asked, complaints
    page.close()


def test_nothing_is_asked_of_anyone(opened):
    _, _, asked, _ = opened
    assert [url.partition(":")[0] for url in asked if not url.startswith("data:")] == ["file"]


def test_nothing_complains(opened):
    assert opened[3] == []


def test_nothing_scrolls_sideways(opened):
    page, width, _, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_figure_is_decoded(opened):
    widths = opened[0].evaluate(
        """async () => { const images = [...document.images];
          await Promise.all(images.map((image) => image.decode()));
          return images.map((image) => image.naturalWidth); }"""
    )
    assert len(widths) == 6
    assert min(widths) > 100


def test_every_formula_has_a_size(opened):
    heights = opened[0].eval_on_selector_all("math", "all => all.map((one) => one.getBoundingClientRect().height)")
    assert len(heights) > 15
    assert min(heights) > 5


def test_no_texts_of_the_summary_overlap(opened):
    boxes = opened[0].eval_on_selector_all(
        ".summary th, .summary td:not(:empty)",
        """all => all.filter((one) => !one.closest("thead") || one.closest("thead").clientWidth > 1)
          .map((one) => { const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; })
          .filter(([left, top, right, bottom]) => right > left && bottom > top)""",
    )
    for place, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = other[0] >= right - 1 or other[2] <= left + 1 or other[1] >= bottom - 1 or other[3] <= top + 1
            assert apart, (boxes[place], other)


def test_it_is_accessible(opened):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(opened[0], options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    assert [one["id"] for one in found.response["violations"]] == []
