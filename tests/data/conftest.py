"""For the tests of data: an empty cache, no environment of the machine they run on, and the fuzzing harness."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `from fuzzing import …`


@pytest.fixture(autouse=True)
def own_cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no data directory but the one that a test names."""
    if "data_dir" in request.fixturenames:
        request.getfixturevalue("data_dir")  # asks the environment, so before that is emptied
    cache = tmp_path / "cache"
    monkeypatch.setenv("ONELAYER_CACHE", str(cache))
    monkeypatch.delenv("ONELAYER_DATA", raising=False)
    return cache


@pytest.fixture(scope="session")
def cifar10_layouts(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CIFAR-10 in both official layouts, under one folder."""
    folder = tmp_path_factory.mktemp("cifar10")
    subprocess.run([sys.executable, data_dir / "unpack-cifar10", folder], check=True)
    return folder
