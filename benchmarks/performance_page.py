"""Measure everything and bring docs/performance.md up to date.

    python benchmarks/performance_page.py RESULTS [--measure] [--rounds 5] [--data-dir DIR]

RESULTS is the folder that ``onelayer bench --out`` writes; with ``--measure`` it is measured first. What stands between
a pair of marks is replaced, and the pictures are drawn anew; the words around them are written by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from onelayer.bench import JOBS
from onelayer.bench.pictures import draw_all
from onelayer.bench.results import (
    ENTRY_COLUMNS,
    VERDICT_COLUMNS,
    Measured,
    entry_rows,
    read_results,
    skipped_lines,
    verdict_row,
)
from onelayer.cli import main as onelayer

DOCS = Path(__file__).resolve().parents[1] / "docs"
PICTURES = {
    "compared": "Bars: how many times as long as onelayer everyone takes, job by job",
    "growth": "Lines: the time of an epoch over rows, features, classes and models",
}


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; figures stand to the right."""
    sides = "|".join("---" if column in ("", "setting", "target") else "--:" for column in columns)
    lines = [" | ".join(columns), sides, *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" if line != sides else f"|{line}|" for line in lines)


def machine(measured: Sequence[Measured]) -> str:
    """Return what the results were measured on, which has to be one machine and one set of versions."""
    found = [one.environment for one in measured]
    if any(one != found[0] for one in found[1:]):
        raise SystemExit("these results were measured on different machines or versions: measure them again")
    versions = ", ".join(f"{name} {version}" for name, version in found[0]["versions"].items())
    rounds = sorted({one.result.rounds for one in measured})
    rows = (
        ("processor", found[0]["platform"]["processor"]),
        ("cores", str(found[0]["cores"]["usable"])),
        ("instruction sets", ", ".join(found[0]["instruction_sets"])),
        ("engine", found[0]["engine"]),
        ("threads at most", str(found[0]["threads"])),
        ("rounds", ", ".join(map(str, rounds))),
        ("versions", versions),
    )
    return table(("", ""), rows)


def targets(measured: Sequence[Measured]) -> str:
    """Return all targets with their figures and verdicts."""
    return table(VERDICT_COLUMNS, (verdict_row(verdict) for one in measured for verdict in one.result.verdicts))


def jobs(measured: Sequence[Measured]) -> str:
    """Return the table of each job."""
    parts = []
    for one in measured:
        if one.result.entries:
            lines = "".join(f"\n{line}.  " for line in skipped_lines(one.result))
            parts.append(f"### {one.result.title}\n\n{table(ENTRY_COLUMNS, entry_rows(one.result))}\n{lines}")
    return "\n".join(parts).rstrip()


def replaced(page: str, name: str, content: str) -> str:
    """Return the page with ``content`` between its marks ``<!-- name -->`` and ``<!-- /name -->``."""
    pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"docs/performance.md has no marks for {name}")
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n{found[2]}", page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure if asked to, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of onelayer bench --out")
    parser.add_argument("--measure", action="store_true", help="measure all jobs first")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default 5)")
    parser.add_argument("--data-dir", help="folder of the data sets")
    options = parser.parse_args(arguments)
    if options.measure:
        where = ["--data-dir", options.data_dir] if options.data_dir else []
        code = onelayer(["bench", "--out", str(options.results), "--rounds", str(options.rounds), *where])
        if code:
            return code
    measured = read_results(options.results, JOBS)
    drawn = draw_all(DOCS / "images", [one.result for one in measured], "performance-")
    page = (DOCS / "performance.md").read_text(encoding="utf-8")
    for name, make in (("machine", machine), ("targets", targets), ("jobs", jobs)):
        page = replaced(page, name, make(measured))
    for name, text in PICTURES.items():
        there = any(path.name == f"performance-{name}.svg" for path in drawn)
        page = replaced(page, name, f"![{text}](images/performance-{name}.svg)" if there else "Not measured.")
    (DOCS / "performance.md").write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
