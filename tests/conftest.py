"""Shared by all tests: where the real data is, which tests are left out by default, and which run side by side.

The whole suite is shared out over processes, file by file. A test that is marked ``alone`` measures time or needs every
processor: it waits until no other test is running, and the others wait for it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
MOST_WORKERS = 4  # each loads NumPy, scikit-learn and matplotlib
LOCKS = pytest.StashKey[Path]()


def pytest_configure() -> None:
    # A shell lets what it starts in the background ignore Ctrl-C, and so would every program under test.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too, as CI=true in the environment does")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = {item for item in items if item.get_closest_marker("slow")}
    if not (config.getoption("--slow") or os.environ.get("CI") == "true") and config.getoption("markexpr") == "":
        if slow:
            config.hook.pytest_deselected(items=list(slow))
            items[:] = [item for item in items if item not in slow]
    elif hasattr(config, "workerinput"):
        # Files that take long are begun first, so that no process is left alone with one; those that wait for the
        # others come last.
        alone = {item.path for item in items if item.get_closest_marker("alone")}
        long = {item.path for item in slow}
        items.sort(key=lambda item: (item.path in alone, item.path not in long))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share out the whole suite alone: a few tests are done before other processes have begun."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    workers = min(MOST_WORKERS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    return workers if workers > 1 else 0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the locks of this run are."""
    if LOCKS not in node.config.stash:
        node.config.stash[LOCKS] = Path(tempfile.mkdtemp(prefix="onelayer-tests-"))
    node.workerinput["locks"] = str(node.config.stash[LOCKS])


def pytest_unconfigure(config: pytest.Config) -> None:
    if LOCKS in config.stash:
        shutil.rmtree(config.stash[LOCKS], ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    locks = getattr(item.config, "workerinput", {}).get("locks")
    if locks is None:
        return (yield)
    with running(Path(locks), alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def running(locks: Path, *, alone: bool) -> Iterator[None]:
    """Hold a lock that all tests share, or that one has for itself.

    Who wants it alone closes the gate first: otherwise others would share the lock from one to the next for ever.
    """
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    with (locks / "gate").open("w") as gate, (locks / "lock").open("w") as lock:
        try:
            fcntl.flock(gate, kind)
            fcntl.flock(lock, kind)
            if not alone:
                fcntl.flock(gate, fcntl.LOCK_UN)
            yield
        finally:  # not by closing alone: a forked process may have the files open still
            fcntl.flock(lock, fcntl.LOCK_UN)
            fcntl.flock(gate, fcntl.LOCK_UN)


@pytest.fixture
def reference_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute by the definitions in array code: for what is theirs alone, such as a stop before a certain step."""
    monkeypatch.setenv("ONELAYER_ENGINE", "reference")


@pytest.fixture(scope="session")
def history() -> dict[str, np.ndarray[Any, Any]]:
    """Forty steps in four epochs, validated at the end of each; the lowest validation loss is the third."""
    return {
        "step": np.arange(40),
        "epoch": np.arange(40) // 10,
        "batch_loss": np.linspace(2.0, 1.0, 40),
        "learning_rate": np.full(40, 0.01),
        "validation_step": np.array([9, 19, 29, 39]),
        "validation_epoch": np.arange(4),
        "train_loss": np.array([1.7, 1.5, 1.2, 1.0]),
        "train_accuracy": np.array([0.5, 0.6, 0.7, 0.8]),
        "validation_loss": np.array([1.8, 1.6, 1.4, 1.5]),
        "validation_accuracy": np.array([0.5, 0.75, 0.7, 0.6]),
    }


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
