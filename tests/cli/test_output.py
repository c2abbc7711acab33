"""How results and complaints are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from onelayer.cli import output


@pytest.fixture
def shown(monkeypatch, capsys):
    """Print a table in a terminal of this width and return it."""

    def shown(columns, rows, width=80):
        monkeypatch.setenv("COLUMNS", str(width))
        output.show_table(columns, rows)
        return capsys.readouterr().out

    return shown


def test_numbers_and_shares_are_set_to_the_right(shown):
    table = shown(("name", "n", "share"), [("a", 5, "5.00%"), ("bbbbbb", 1234, "100.00%")])
    assert table.splitlines()[2:] == ["a          5    5.00%", "bbbbbb  1234  100.00%"]


def test_cells_say_what_they_hold(shown):
    table = shown(("none", "yes", "no", "float"), [(None, True, False, 0.123456)])
    assert table.splitlines()[2].split() == ["–", "yes", "no", "0.1235"]


@pytest.mark.parametrize("width", [40, 80, 140])
def test_tables_keep_to_the_width_and_lose_nothing(shown, width):
    text = "x" * 100
    table = shown(("text", "n"), [(text, 1)], width)
    assert max(map(len, table.splitlines())) <= width
    assert "".join(re.findall("x+", table.split("─")[-1])) == text


def test_markup_emoji_and_control_characters_are_text(shown):
    table = shown(("[bold]name[/bold]",), [("[/red]:smile:",), ("\x1b[31m\n",)])
    assert "[bold]name[/bold]" in table
    assert "[/red]:smile:" in table
    assert r"\x1b[31m\n" in table
    assert len(table.splitlines()) == 4


def test_a_complaint_is_one_line_on_stderr(capsys):
    assert output.complain("bad\x1b[31m\nthing", 2) == 2
    assert capsys.readouterr() == ("", "error: bad\\x1b[31m\\nthing\n")


def run(*arguments, stdout=subprocess.PIPE, **environment):
    command = [sys.executable, "-m", "onelayer", *arguments]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, **environment}, check=False
    )


def test_a_terminal_without_unicode_shows_escapes():
    found = run("data", "show", "digits", PYTHONIOENCODING="ascii")
    assert found.returncode == 0
    assert found.stdout.startswith(rb"digits: 8\xd78\xd71 images")


@pytest.mark.parametrize("arguments", [["data", "list", "--json"], ["check", "--json"]], ids=["short", "long"])
def test_nobody_reading_is_no_traceback(arguments):
    read, write = os.pipe()
    os.close(read)
    found = run(*arguments, stdout=write)
    os.close(write)
    assert found.returncode == 1
    assert b"Broken" not in found.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", [["data", "list", "--json"], ["check", "--json"]], ids=["short", "long"])
def test_a_full_device_is_no_traceback(arguments):
    with open("/dev/full", "w") as full:
        found = run(*arguments, stdout=full)
    assert found.returncode == 1
    assert found.stderr.endswith(b"error: input or output: No space left on device\n")
    assert found.stderr.count(b"No space left") == 1
