"""What the program says of itself, and that saying it costs next to nothing."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time

import pytest

import onelayer
from onelayer.cli import app
from onelayer.cli.data import data
from onelayer.cli.features import cache
from onelayer.losses import LOSSES

VERBS = [
    *(one.callback.__name__ for one in app.registered_commands),
    *(f"data {one.name or one.callback.__name__}" for one in data.registered_commands),
    *(f"cache {one.name}" for one in cache.registered_commands),
]
HEAVY = {"numpy", "scipy", "sklearn", "matplotlib", "PIL", "plotly", "jinja2", "pooch", "pyarrow", "torch"}

COUNT_MODULES = """
import json, sys
from onelayer.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, encoding="utf-8", check=True)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_has_a_help_text(onelayer, verb):
    outcome = onelayer(*verb.split(), "--help")
    assert outcome.code == 0
    options = re.split(r"^  (?=--)", outcome.out.split("Options:")[1], flags=re.MULTILINE)[1:]
    assert [one for one in options if not re.search(r"\s{2,}\w.*\.", one, re.DOTALL)] == []
    named = [re.match(r"--[\w-]+", one)[0] for one in options]
    assert {"--help", "--json"} <= set(named)


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_80_columns(onelayer, verb):
    assert max(map(len, onelayer(*verb.split(), "--help").out.splitlines())) <= 80


def test_the_help_names_every_verb_and_cuts_nothing_off(onelayer):
    shown = onelayer("--help").out
    for verb in {verb.split()[0] for verb in VERBS}:
        assert re.search(rf"^  {verb} +\S", shown, re.MULTILINE)
    assert "..." not in shown.split("Commands:")[1]


def test_the_help_of_check_names_every_loss(onelayer):
    words = set(re.findall(r"\w+", onelayer("check", "--help").out))
    assert words >= set(LOSSES)


@pytest.mark.parametrize("arguments", [(), ("data",), ("cache",)])
def test_without_a_verb_the_help_is_shown_and_it_is_bad_usage(onelayer, arguments):
    outcome = onelayer(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("Usage:")
    assert "error" not in outcome.err


def test_version(onelayer):
    import onelayer as package

    assert onelayer("--version").out == f"onelayer {package.__version__}\n"


def test_the_module_and_the_script_are_one_program():
    assert run("-m", "onelayer", "--version").stdout == f"onelayer {onelayer.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["data", "verify", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments):
    code, loaded = json.loads(run("-c", COUNT_MODULES, *arguments).stderr)
    assert code == 0
    assert not HEAVY & set(loaded)


@pytest.mark.alone
def test_help_takes_at_most_800_milliseconds():
    def seconds():
        started = time.perf_counter()
        run("-m", "onelayer", "--help")
        return time.perf_counter() - started

    seconds()  # compiles it, if nothing has yet
    assert statistics.median(seconds() for _ in range(5)) <= 0.8
