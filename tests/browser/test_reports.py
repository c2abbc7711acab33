"""Each kind of report in a real browser, wide and narrow."""

from __future__ import annotations

import importlib.resources
import json
import re

import pytest

from onelayer.figures import DARK, LIGHT

pytestmark = pytest.mark.slow

PICTURED = ("digits", "hinge", "hostile", "sweep", "comparison")
KINDS = (*PICTURED, "interrupted")
WIDTHS = (1280, 390)

every_page = pytest.mark.parametrize(("kind", "width"), [(kind, width) for kind in KINDS for width in WIDTHS])
every_picture = pytest.mark.parametrize(("kind", "width"), [(kind, width) for kind in PICTURED for width in WIDTHS])


def payload(page):
    return json.loads(page.text_content("#report-data"))


def rgb(page, selector, name):
    return page.eval_on_selector(selector, f"element => getComputedStyle(element).{name}")


def wait_until(page, holds):
    """Wait for a condition; Playwright's own way needs the eval that the page forbids."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come to hold in five seconds")


def as_rgb(color):
    return f"rgb({', '.join(str(int(color[place : place + 2], 16)) for place in (1, 3, 5))})"


@every_page
def test_nothing_complains(open_report, kind, width):
    assert open_report(kind, width).complaints == []


@every_page
def test_nothing_is_asked_of_anyone(open_report, kind, width):
    addresses = [url for url in open_report(kind, width).requests if not url.startswith("data:")]
    assert [url.partition("://")[0] for url in addresses] == ["file"]


@every_page
def test_nothing_scrolls_sideways(open_report, kind, width):
    assert open_report(kind, width).page.evaluate("document.documentElement.scrollWidth") <= width


@every_picture
def test_every_chart_is_drawn(open_report, kind, width):
    page = open_report(kind, width).page
    marks = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-chart]")].map((chart) =>
          [chart.dataset.chart, chart.querySelectorAll("path.js-line, .point, .heatmaplayer image").length]))"""
    )
    assert sorted(marks) == sorted(payload(page)["charts"])
    assert min(marks.values()) >= 1


@every_picture
def test_every_image_is_decoded(open_report, kind, width):
    page = open_report(kind, width).page
    sizes = page.evaluate(
        """async () => { const images = [...document.images];
          await Promise.all(images.map((image) => image.decode()));
          return images.map((image) => image.naturalWidth); }"""
    )
    assert len(sizes) >= 3
    assert min(sizes) >= 1


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(open_report, kind, width, scheme):
    page = open_report(kind, width, scheme).page
    script = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    page.evaluate(script)
    violations = page.evaluate("async () => (await axe.run()).violations")
    found = [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in violations]
    assert found == []


@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)])
@pytest.mark.parametrize("kind", ["digits", "comparison"])
def test_the_page_and_its_charts_follow_the_mode(open_report, kind, scheme, theme):
    page = open_report(kind, 1280, scheme).page
    assert rgb(page, "body", "backgroundColor") == as_rgb(theme.paper)
    assert rgb(page, ".chart .xtick text", "fill") == as_rgb(theme.ink)


def test_a_change_of_mode_draws_the_charts_anew(open_report):
    page = open_report("hinge").page
    page.emulate_media(color_scheme="dark")
    wait_until(page, lambda: rgb(page, ".chart .xtick text", "fill") == as_rgb(DARK.ink))
    page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_click_on_a_cell_shows_its_images_alone(open_report, width):
    page = open_report("digits", width).page
    counts = payload(page)["confusion"]
    true, predicted = 3, 3
    page.click(f".cell[data-true='{true}'][data-predicted='{predicted}']")
    words = page.eval_on_selector_all("#cell-tiles img", "images => images.map((image) => image.alt)")
    assert len(words) == min(counts[true][predicted], 12)
    assert all(re.fullmatch(r"Row \d+: 3, taken for one", text) for text in words)


def test_every_cell_shows_the_same_number_of_images(open_report):
    page = open_report("digits").page
    counts = payload(page)["confusion"]
    cells = [(true, predicted) for true in range(10) for predicted in range(10) if counts[true][predicted]]
    assert len(cells) > 10
    for true, predicted in cells:
        page.click(f".cell[data-true='{true}'][data-predicted='{predicted}']")
        assert page.locator("#cell-tiles img").count() == min(counts[true][predicted], 12)


@pytest.mark.parametrize(("kind", "words"), [("sweep", "learning_rate = 0.1"), ("hostile", "loss = </script><img")])
def test_the_pointer_on_a_trial_says_what_it_is(open_report, kind, words):
    page = open_report(kind).page
    chart = page.locator("[data-chart^=sweep-accuracy]").first
    chart.scroll_into_view_if_needed()
    box = chart.locator(".trace.scatter").last.locator(".point").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(page, lambda: page.locator(".hovertext").count() == 1)
    said = page.locator(".hovertext").text_content()
    assert words in said
    assert "accuracy " in said
    assert page.evaluate("document.querySelectorAll('[onerror]').length") == 0


def test_the_choices_of_a_sweep_are_framed_in_its_heat_map(open_report):
    page = open_report("sweep").page
    assert page.locator("#chart-sweep-heat-map .shapelayer path").count() == 2
    assert page.locator("#chart-sweep-heat-map .textpoint").count() == 4


def test_cells_are_reached_by_keyboard(open_report):
    page = open_report("digits").page
    page.focus(".cell[data-true='0'][data-predicted='0']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.dataset")
    page.keyboard.press("Enter")
    assert page.locator(".cell[aria-pressed=true]").count() == 1
    assert page.locator(".cell[aria-pressed=true]").get_attribute("data-true") == focused["true"]


def test_one_cell_is_in_the_order_of_the_tab_key(open_report):
    assert open_report("hinge").page.locator(".cell[tabindex='0']").count() == 1


def test_curves_count_epochs_on_demand(open_report):
    page = open_report("digits").page
    steps = page.evaluate("Math.max(...document.getElementById('chart-accuracy').data[0].x)")
    page.check("input[data-unit][value=epochs] >> nth=0")
    wait_until(page, lambda: page.text_content("#chart-accuracy .xtitle") == "epoch")
    epochs = page.evaluate("Math.max(...document.getElementById('chart-accuracy').data[0].x)")
    page.check("input[data-unit][value=steps] >> nth=0")
    assert (epochs, steps + 1) == (6, payload(page)["charts"]["accuracy"]["stepsPerEpoch"] * 6)


def test_a_zoomed_chart_can_be_shown_whole_again(open_report):
    page = open_report("sweep").page
    page.locator("#chart-loss").scroll_into_view_if_needed()
    box = page.locator("#chart-loss .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 150, steps=5)
    page.mouse.up()
    reset = page.locator("[data-reset=loss]")
    reset.wait_for(state="visible")
    reset.click()
    assert not reset.is_visible()


def test_hostile_names_run_nothing(open_report):
    page = open_report("hostile").page
    assert "hacked" not in page.title().replace("'hacked'", "")
    assert page.evaluate("document.querySelectorAll('[onerror]').length") == 0


def test_hostile_names_are_shown_as_they_are(open_report):
    page = open_report("hostile").page
    assert "</script><img src=x onerror=" in page.inner_text("h1")
    assert "<img src=x onerror=alert(1)>" in page.inner_text("table.confusion")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_prints_in_light_colours(open_report, kind):
    page = open_report(kind, 1280, "dark").page
    content = page.pdf(format="A4", print_background=True)
    assert content.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20
    page.emulate_media(media="print")
    assert rgb(page, "body", "backgroundColor") == as_rgb(LIGHT.paper)
    assert not page.is_visible("nav")
    page.emulate_media(media="screen")


def test_on_paper_charts_are_as_wide_as_the_page(open_report):
    page = open_report("digits", 1280, "dark").page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_until(page, lambda: page.get_attribute("#chart-loss .main-svg >> nth=0", "width") == "660")
    fill = rgb(page, "#chart-loss .xtick text", "fill")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert fill == as_rgb(LIGHT.ink)


def test_a_page_that_is_fed_draws_what_has_changed(open_report):
    page = open_report("hinge").page
    page.evaluate(
        """() => { const chart = JSON.parse(document.getElementById("report-data").textContent).charts.loss;
          chart.data = [{type: "scatter", x: [1, 2, 3], y: [3, 2, 1]}];
          return onelayerReport.update({charts: {loss: chart}}); }"""
    )
    assert page.evaluate("document.getElementById('chart-loss').data[0].y") == [3, 2, 1]
