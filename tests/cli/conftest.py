"""The command line as a person has it: in this process where that is enough, in one of its own where it matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from onelayer.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, in which the commands run; no named data is found or downloaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("ONELAYER_DATA", raising=False)
    monkeypatch.setenv("ONELAYER_CACHE", str(tmp_path.parent / "no cache"))
    return tmp_path


@pytest.fixture
def onelayer(folder, capsys, monkeypatch):
    """Run a command in this process; training writes no report, which takes most of a short run's time."""
    monkeypatch.setattr("onelayer.experiment.run.report_run", lambda run: None)

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def start():
    """Start a command in a process of its own."""

    def start(*arguments: object, cwd: Path, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "onelayer", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"} | options
        return subprocess.Popen(command, cwd=cwd, env={**os.environ, "COLUMNS": "80"}, **pipes)

    return start


@pytest.fixture
def onelayer_process(start, folder):
    """Run a command in a process of its own."""

    def run(*arguments: object, **options: Any) -> Outcome:
        process = start(*arguments, cwd=folder, **options)
        out, err = process.communicate(timeout=300)
        return Outcome(process.returncode, out or "", err or "")

    return run


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory):
    """A finished run on the digits, for reading only."""
    out = tmp_path_factory.mktemp("digits") / "run"
    assert main(["train", "--out", str(out)]) == 0
    return out


@pytest.fixture
def class_folders(folder):
    """Make a folder of class folders with random images of one size, bright for the second class."""

    def make(names=("dark", "bright"), n=5, size=(6, 5), mode="RGB") -> Path:
        rng = np.random.default_rng(0)
        for label, name in enumerate(names):
            (folder / "photos" / name).mkdir(parents=True, exist_ok=True)
            for i in range(n):
                pixels = rng.integers(0, 120, (*size, 3), dtype=np.uint8) + np.uint8(120 * (label % 2))
                Image.fromarray(pixels).convert(mode).save(folder / "photos" / name / f"{i}.png")
        return folder / "photos"

    return make
