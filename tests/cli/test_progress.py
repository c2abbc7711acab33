"""Progress of ``onelayer train`` on a terminal: a bar on stderr that fits, and nothing of it on stdout."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def on_terminal(folder, monkeypatch):
    """Run a command with stderr on a terminal of this width; return exit code, stdout, and what the terminal got."""
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setenv("TERM", "xterm")

    def on_terminal(*arguments, width):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        command = [sys.executable, "-m", "onelayer", *arguments]
        with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs) as process:
            os.close(theirs)
            shown = b"".join(iter(lambda: read(ours), b""))
            out = process.stdout.read().decode()
        os.close(ours)
        return process.returncode, out, shown.decode()

    return on_terminal


def read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 140])
def test_a_bar_goes_and_a_line_stays(on_terminal, width):
    code, out, shown = on_terminal("train", "--set", "max_epochs=150", "--json", width=width)
    assert code == 0
    assert json.loads(out)["epochs"] == 150
    frames = [ESCAPES.sub("", frame) for frame in re.split(r"\r(?:\x1b\[2K)?|\n", shown)]
    bars = [frame for frame in frames if re.search(r"epoch [━╸╺ ]+ \d+/150", frame)]
    assert len(bars) >= 2
    assert max(map(len, bars)) <= width
    assert re.search(r"loss 0\.\d{4}  validation 0\.\d{4}  accuracy \d+\.\d\d% \d:\d\d:\d\d$", bars[-1].rstrip())
    last = shown.rstrip().splitlines()[-1]
    assert re.fullmatch(
        r"epoch 150/150  loss 0\.\d{4}  validation 0\.\d{4}  accuracy \d+\.\d\d%", ESCAPES.sub("", last)
    )


@pytest.mark.slow
def test_complaints_come_after_the_bar_is_gone(on_terminal):
    code, out, shown = on_terminal("train", "--set", "learning_rate=1e9", width=80)
    assert (code, out) == (1, "")
    assert ESCAPES.sub("", shown.rstrip().splitlines()[-1]).startswith("error: training diverged")
    assert "\x1b[?25h" in shown  # the cursor is back
