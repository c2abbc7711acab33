"""Whatever the bytes: data, or one of the package's own errors of at most two lines, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fuzzing
import pytest


@pytest.mark.parametrize("name", fuzzing.READERS)
def test_a_sound_file_is_read(name: str, tmp_path: Path) -> None:
    reader = fuzzing.READERS[name]
    path = tmp_path / f"file{reader.suffix}"
    path.write_bytes(reader.sample())
    assert reader.read(path) is not None


@pytest.mark.parametrize("name", fuzzing.READERS)
def test_a_few_mutated_files(name: str) -> None:
    assert fuzzing.fuzz(name, 25) > 0


@pytest.mark.slow
def test_thousands_of_mutated_files_in_limited_memory() -> None:
    ran = subprocess.run([sys.executable, fuzzing.__file__, "400"], capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert len(ran.stdout.splitlines()) == len(fuzzing.READERS)
