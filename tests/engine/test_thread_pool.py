"""The engine's threads and the processors they may run on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CALLS = """
import os, time
import numpy as np
from onelayer import engine

def tasks():
    return set(os.listdir("/proc/self/task"))

if {alone}:
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
allowed = os.sched_getaffinity(0)
images = np.random.default_rng(0).integers(0, 256, (512, 32, 32, 3), dtype=np.uint8)
expected = engine.hog(images, n_threads=1)
before = tasks()
for pause in 5 * [0.02]:
    np.testing.assert_array_equal(engine.hog(images, n_threads=3), expected)
    time.sleep(pause)  # its threads are asleep then, and are sent to another processor when they are woken
    added = tasks() - before
    assert len(added) == 2, added
    for task in added:
        assert os.sched_getaffinity(int(task)) == allowed, (os.sched_getaffinity(int(task)), allowed)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not tie threads to processors")
@pytest.mark.parametrize("alone", [False, True], ids=["all processors", "one processor"])
def test_woken_threads_may_run_where_the_process_may(needs_engine: None, alone: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS.format(alone=alone)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
