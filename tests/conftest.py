"""Shared by all tests: where the real data is, and which tests are left out by default."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]


def pytest_configure() -> None:
    # A shell lets what it starts in the background ignore Ctrl-C, and so would every program under test.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too, as CI=true in the environment does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or os.environ.get("CI") == "true":
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow and config.getoption("markexpr") == "":
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture
def reference_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute by the definitions in array code: for what is theirs alone, such as a stop before a certain step."""
    monkeypatch.setenv("ONELAYER_ENGINE", "reference")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets: ``ONELAYER_DATA``, else ``../shared/data`` beside the project."""
    folder = Path(os.environ.get("ONELAYER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = f"no data at {folder}: set ONELAYER_DATA to a folder with mnist/ and cifar10/"
        if os.environ.get("ONELAYER_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="module")  # playwright's event loop lives as long: other tests have their own
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    executable = shutil.which("chromium")
    if executable is None:
        message = "there is no chromium: install Debian's package of that name"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM)
        yield browser
        browser.close()
