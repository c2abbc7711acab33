"""Speed, memory and start-up of the main path, as ratios measured in one run.

    python benchmarks/main_path.py [speed] [memory] [startup] [--data-dir DIR] [--rounds 3] [--epochs 10]
                                   [--threads N] [--json FILE] [--check]

With no part named, all are measured. Data sets are looked up as ``onelayer`` looks them up (MNIST for speed, CIFAR-10
for memory); a part whose data is missing is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from threadpoolctl import threadpool_limits

import softmax_job
from onelayer import OnelayerError, engine
from onelayer.bench.process_jobs import growth_in_new_process
from onelayer.bench.results import times_the_rate
from onelayer.bench.timing import Competitor, time_entries
from onelayer.storage.environment import describe_environment
from onelayer.threads import usable_threads

MEGABYTE = 1e6
ALLOWANCE = 300_000_000  # bytes
BARE = "python alone"
COMMANDS = {
    BARE: ("-c", "pass"),
    "import onelayer": ("-c", "import onelayer"),
    "onelayer --help": ("-m", "onelayer", "--help"),
}
LIMITS = {"import onelayer": 0.15, "onelayer --help": 0.8}  # seconds


def speed(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the softmax job."""
    job = softmax_job.Job.load(options.data_dir, options.epochs)
    engines = ("reference", "native") if engine.available() else ("reference",)
    return {"epochs": job.epochs, "competitors": softmax_job.measure(job, engines, options.rounds)}


def memory(options: argparse.Namespace) -> dict[str, Any]:
    """Measure memory in a fresh process; a fit may take as much as its data once more, and an allowance."""
    found = growth_in_new_process(options.data_dir)
    return found | {"limit": found["data"] + ALLOWANCE}


def startup(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what it costs to import the package and to show the command line's help, each in a new process."""

    def competitor(name: str) -> Competitor:
        command = [sys.executable, *COMMANDS[name]]
        return Competitor(name, {"": lambda: lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)}, 1)

    timed = time_entries([competitor(name) for name in COMMANDS], max(7, options.rounds))  # short, so more are cheap
    return {
        one.name: {
            "seconds": one.seconds,
            "median": median(one.seconds),
            "limit": LIMITS.get(one.name),
            "times_as_long_as_python": times_the_rate(timed[0], [one]),
        }
        for one in timed
    }


PARTS = {"speed": speed, "memory": memory, "startup": startup}


def speed_lines(measured: dict[str, Any]) -> Iterator[str]:
    """Yield the table of the softmax job."""
    targets = softmax_job.TARGETS
    yield f"Softmax on MNIST, {measured['epochs']} epochs"
    yield f"{'':32}{'seconds':>9}{'x float64 loop':>16}{'x float32 loop':>16}{'val. accuracy':>15}{'val. loss':>11}"
    for name, of in measured["competitors"].items():
        ratios = "".join(f"{of['times_as_fast_as'][other]:>16.2f}" for other in targets)
        figures = f"{of['validation_accuracy']:>15.4f}{of['validation_loss']:>11.4f}"
        yield f"{name:32}{median(of['seconds']):>9.3f}{ratios}{figures}"
    yield f"{'at least':32}{'':9}" + "".join(f"{target:>16.1f}" for target in targets.values())


def memory_lines(measured: dict[str, Any]) -> Iterator[str]:
    """Yield what the process grew by."""
    growth, limit, images = (measured[name] / MEGABYTE for name in ("growth", "limit", "data"))
    yield "Memory of a fit on CIFAR-10, bytes, standardised"
    yield f"grows by {growth:.0f} MB, {growth / images:.2f} times the data; at most {limit:.0f} MB"
    yield f"validation accuracy {measured['accuracy']:.4f}"


def startup_lines(measured: dict[str, Any]) -> Iterator[str]:
    """Yield what it takes to start."""
    yield "Start-up"
    for name, of in measured.items():
        limit = "" if of["limit"] is None else f"; at most {of['limit']:.2f} s"
        times = f"{of['times_as_long_as_python']:.1f} times {BARE}"
        yield f"{name:26}{of['median']:>9.3f} s, {times}{limit}"


LINES = {"speed": speed_lines, "memory": memory_lines, "startup": startup_lines}


def missed(measured: dict[str, Any]) -> list[str]:
    """Return the targets that were not reached."""
    found = []
    competitors = measured.get("speed", {}).get("competitors", {})
    for name, of in competitors.items():
        for other, target in softmax_job.TARGETS.items():
            if name not in softmax_job.TARGETS and of["times_as_fast_as"][other] < target:
                found.append(f"{name} is less than {target} times as fast as the {other}")
    memory_use = measured.get("memory", {})
    if memory_use and memory_use["growth"] >= memory_use["limit"]:
        found.append("a fit on CIFAR-10 takes too much memory")
    found += [
        f"{name} takes longer than {of['limit']} s"
        for name, of in measured.get("startup", {}).items()
        if of["limit"] is not None and of["median"] > of["limit"]
    ]
    return found


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--data-dir", help="folder of the data sets")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds (default 3)")
    parser.add_argument("--epochs", type=int, default=10, help="of the softmax job (default 10)")
    parser.add_argument("--threads", type=int, help="limit of everyone's threads (default: none)")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured there")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown or options.rounds < 1 or options.epochs < 1:
        parser.error(f"no part {', '.join(unknown)}" if unknown else "rounds and epochs are at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    options = parse(arguments)
    measured: dict[str, Any] = {}
    with threadpool_limits(options.threads):
        threads = usable_threads(None)
        for name in options.parts or PARTS:
            try:
                measured[name] = PARTS[name](options)
            except (OSError, OnelayerError) as error:
                print(f"{name} was left out: {error}\n")
            else:
                print(*LINES[name](measured[name]), "", sep="\n")
    print(f"{threads} threads at most; ratios are medians of {options.rounds} interleaved rounds after an untimed one")
    if options.json:
        report = {"environment": describe_environment(engine=engine.name(), threads=threads), **measured}
        Path(options.json).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    targets_missed = missed(measured)
    print(*targets_missed, sep="\n", end="\n" if targets_missed else "")
    return 1 if options.check and targets_missed else 0


if __name__ == "__main__":
    sys.exit(main())
