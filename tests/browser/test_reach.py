"""What a report may cost: its size, the time to make and to draw it, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from onelayer.experiment import load_config, run_experiment

pytestmark = [pytest.mark.slow, pytest.mark.alone]

# What draws is loaded beforehand: the limits are for making the page, not for imports, which a command has once.
MAKING = """
import json, resource, sys, time
import onelayer.reporting.page
from onelayer.experiment.report import report_run
from onelayer.storage.run_directory import RunDirectory
run = RunDirectory.open(sys.argv[1])
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
report_run(run)
seconds, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "megabytes": (after - before) / 1024}))
"""


@pytest.fixture(scope="module", params=["mnist", "cifar10"])
def run(request, data_dir, tmp_path_factory):
    """A run on ten classes; how well it is trained does not matter."""
    path = tmp_path_factory.mktemp("reach") / request.param
    run_experiment(load_config(None, request.param, ["max_epochs=2"], {}), path, data_dir=data_dir)
    return path


@pytest.fixture(scope="module")
def making(run):
    """The cost of making the report, in a process of its own."""
    made = subprocess.run([sys.executable, "-c", MAKING, str(run)], check=True, capture_output=True, text=True)
    return json.loads(made.stdout)


def test_the_page_has_less_than_six_megabytes(run):
    assert (run / "report.html").stat().st_size < 6e6


def test_the_page_is_made_in_time(run, making):
    # Seconds of the processor: others may use it too.
    assert making["seconds"] < {"mnist": 3, "cifar10": 6}[run.name]


def test_making_the_page_takes_little_memory(making):
    assert making["megabytes"] < 300


def test_the_page_is_drawn_in_time(run: Path, browser):
    times = []
    for _ in range(3):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto((run / "report.html").as_uri())
        page.wait_for_selector("html[data-drawn]")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        # By the clock, or where others use the machine too, in seconds that the page's thread had the processor.
        clock = page.evaluate("performance.getEntriesByName('drawn')[0].startTime") / 1000
        times.append(min(clock, metrics["ThreadTime"]))
        page.close()
    assert min(times) < 1.5
