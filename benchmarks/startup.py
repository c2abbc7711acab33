"""Start-up: what it costs to import the package and to show the command line's help, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median
from typing import Any

from rounds import interleaved, times_as_fast

BARE = "python alone"
COMMANDS = {
    BARE: ("-c", "pass"),
    "import onelayer": ("-c", "import onelayer"),
    "onelayer --help": ("-m", "onelayer", "--help"),
}
LIMITS = {"import onelayer": 0.15, "onelayer --help": 0.8}  # seconds


def run(arguments: tuple[str, ...]) -> None:
    """Run Python and wait for it."""
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def measure(rounds: int) -> dict[str, Any]:
    """Return seconds, their median and the ratio to an idle Python of each command."""
    seconds = interleaved({name: partial(run, arguments) for name, arguments in COMMANDS.items()}, rounds)
    return {
        name: {
            "seconds": times,
            "median": median(times),
            "limit": LIMITS.get(name),
            "times_as_long_as_python": times_as_fast(seconds, BARE, name),
        }
        for name, times in seconds.items()
    }
