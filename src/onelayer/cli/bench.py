"""``onelayer bench``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli.output import DataDir, Json, say, show_json, show_table, tell

if TYPE_CHECKING:
    from onelayer.bench.results import Measured

__all__ = ["bench"]


def bench(
    job: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="cifar10, mnist, tdt4265, models, hog, hog-first, losses, shapes, threads, small, memory, scaling-n, "
            "scaling-d, scaling-k or scaling-m; repeatable; by default all of them.",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(metavar="N", min=1, help="Timed rounds, after an untimed one.")] = 5,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write a JSON file for each job, and pictures, there.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Measure speed and memory beside other tools.

    All do the same work, one after another in every round; ratios are how many times as long as onelayer they take.
    What is not installed is left out: pip install 'onelayer[bench]' has them all.
    """
    from onelayer.bench import JOBS, BenchmarkData, get_job
    from onelayer.bench.results import Measured, describe_machine, write_result
    from onelayer.errors import DataError
    from onelayer.threads import usable_threads

    jobs = [get_job(name) for name in dict.fromkeys(job or JOBS)]
    folder, data, threads = Path(out) if out else None, BenchmarkData(data_dir), usable_threads(None)
    measured: list[Measured] = []
    for one in jobs:
        tell(f"{one.name}: {one.title}")
        try:
            result = one.run(data, rounds, threads, lambda line: tell(f"  {line}"))
        except DataError as error:
            if job:  # what was asked for by name is not left out
                raise
            tell(f"  left out: {error}")
            continue
        measured.append(Measured(result, describe_machine(threads)))
        if folder is not None:
            write_result(folder, measured[-1])
        if not json:
            _show(measured[-1])
    if json:
        show_json({"jobs": [one.to_dict() for one in measured]})
    if folder is not None:
        _draw(folder)


def _show(measured: Measured) -> None:
    from onelayer.bench.results import ENTRY_COLUMNS, VERDICT_COLUMNS, entry_rows, skipped_lines, verdict_row

    result = measured.result
    say(f"{result.title} ({result.rounds} rounds, at most {result.threads} threads)")
    if result.entries:
        show_table(ENTRY_COLUMNS, entry_rows(result))
        unit = next(entry.unit for entry in result.entries)
        ratio = f"; a ratio of 2 is twice the time of {result.subject}" if result.subject else ""
        say(f"Times are per {unit}{ratio}.")
    for line in skipped_lines(result):
        say(line)
    if result.verdicts:
        say("")
        show_table(VERDICT_COLUMNS, [verdict_row(verdict) for verdict in result.verdicts])
    say("")


def _draw(folder: Path) -> None:
    from onelayer.bench import JOBS
    from onelayer.bench.pictures import draw_all
    from onelayer.bench.results import read_results

    draw_all(folder, [one.result for one in read_results(folder, JOBS)])
