"""``import onelayer`` loads nothing but the standard library, and is over before anyone notices."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import pytest

LOADED = (
    "import json, sys; before = set(sys.modules); import onelayer; print(json.dumps([*(sys.modules.keys() - before)]))"
)


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def seconds(code: str) -> float:
    start = time.perf_counter()
    run(code)
    return time.perf_counter() - start


def test_import_loads_only_the_standard_library():
    loaded = set(json.loads(run(LOADED)))
    assert {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names} == {
        "onelayer",
        "onelayer.version",
    }


@pytest.mark.alone
def test_import_takes_at_most_150_milliseconds():
    run("import onelayer")  # compiles it, if nothing has yet
    assert statistics.median(seconds("import onelayer") for _ in range(7)) <= 0.15


def test_what_trains_and_evaluates_loads_nothing_that_draws():
    loaded = json.loads(run(LOADED.replace("import onelayer;", "import onelayer.experiment;")))
    assert {"sklearn", "onelayer.image_model"} <= set(loaded)
    assert "matplotlib" not in loaded
