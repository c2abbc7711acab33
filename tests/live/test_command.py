"""``onelayer train --live``."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys

import pytest

from onelayer.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_port_that_is_taken_is_one_line(folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["train", "--live", "--port", str(port), "--out", "run"]) == 2
    assert capsys.readouterr().err == (
        f"error: --port {port}: Address already in use; choose another port, or 0 for any free one\n"
    )
    assert not (folder / "run").exists()


def test_port_without_the_page(folder, capsys):
    assert main(["train", "--port", "8000"]) == 2
    assert capsys.readouterr().err == "error: --port is the port of --live: give that too\n"


def test_without_the_extra_is_one_line(folder, capsys, monkeypatch):
    monkeypatch.setattr("onelayer.live.watching.find_spec", lambda name: None)
    assert main(["train", "--live", "--out", "run"]) == 2
    assert re.fullmatch(r"error: .*onelayer\[live\]'\n", capsys.readouterr().err)
    assert not (folder / "run").exists()


@pytest.mark.slow
def test_interrupt_still_ends_training_and_keeps_what_is_learned(folder):
    command = [sys.executable, "-m", "onelayer", "train", "--live", "--json", "--out", "run"]
    command += ["--set", "max_epochs=10000000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, **pipes) as process:
        assert "http://127.0.0.1:" in process.stderr.readline()
        assert process.stderr.readline().startswith("epoch ")  # training goes on
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["interrupted"]) == (0, True)
    assert [line.partition(":")[0] for line in err.splitlines() if not line.startswith("epoch ")] == [
        "interrupted",
        "onelayer train --resume run goes on from the last checkpoint",
    ]
