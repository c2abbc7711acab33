"""Measure everything and bring the figures of docs/performance.md and docs/contributing/engine.md up to date.

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
    "compared": "Bars: how many times as long as onelayer the others take, job by job",
    "growth": "Lines: the time of an epoch over rows, features, classes and models",
}
SUMMARY_COLUMNS = ("", "onelayer", "beside", "takes", "times as long")
# What a user wants to know: the work in words, its job, and who is shown beside onelayer.
SUMMARY = (
    (
        "an epoch of softmax on CIFAR-10: 49,000 images of 3,072 bytes",
        "cifar10",
        ("PyTorch", "PyTorch, DataLoader", "scikit-learn SGDClassifier", "onelayer reference, float32 rows"),
    ),
    ("an epoch of softmax on MNIST: 20,000 images of 784 bytes", "mnist", ("PyTorch", "NumPy loop, float64")),
    ("the same with 5 validations on 30,000 images", "tdt4265", ("PyTorch", "NumPy loop, float64")),
    (
        "an epoch of 96 values of λ at once: 40,000 rows of 324 features",
        "models",
        ("stacked by hand, NumPy", "stacked by hand, PyTorch", "PyTorch, one after another"),
    ),
    ("HOG features of 1,000 images of 32×32 pixels", "hog", ("scikit-image",)),
)

LABELS = {
    "PyTorch, DataLoader": "PyTorch with its DataLoader",
    "onelayer reference, float32 rows": "onelayer without its compiled engine",
    "NumPy loop, float64": "a loop by hand in NumPy, float64",
    "stacked by hand, NumPy": "one matrix product for all, in NumPy",
    "stacked by hand, PyTorch": "one matrix product for all, in PyTorch",
    "PyTorch, one after another": "PyTorch, one model after another",
}


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; figures stand to the right."""
    texts = ("", "setting", "target", "beside")
    sides = "|".join("---" if column in texts else "--:" for column in columns)
    lines = [" | ".join(columns), sides, *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" if line != sides else f"|{line}|" for line in lines)


def summary(measured: Sequence[Measured]) -> str:
    """Return what takes how long beside what, of the jobs that were measured."""
    results = {one.result.job: one.result for one in measured}
    rows = []
    for work, job, others in SUMMARY:
        if job in results:
            of_names = {row[0]: row for row in entry_rows(results[job])}
            first = work, of_names[results[job].subject][2]
            for other in others:
                if other in of_names:
                    _, _, takes, _, ratio, *_ = of_names[other]
                    rows.append((*first, LABELS.get(other, other), takes, f"{float(ratio):.3g}"))
                    first = "", ""
    return table(SUMMARY_COLUMNS, rows)


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


def picture(name: str, drawn: Iterable[Path]) -> str:
    """Return the line that shows a picture, if it was drawn."""
    file = f"performance-{name}.svg"
    return f"![{PICTURES[name]}](../images/{file})" if any(path.name == file for path in drawn) else "Not measured."


def replaced(page: str, name: str, content: str) -> str:
    """Return the page with ``content`` between its marks ``<!-- name -->`` and ``<!-- /name -->``."""
    pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"the page has no marks for {name}")
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n{found[2]}", page)


def update(docs: Path, measured: Sequence[Measured]) -> None:
    """Write the figures into the two pages in a folder of documentation, and draw the pictures there."""
    drawn = draw_all(docs / "images", [one.result for one in measured], "performance-")
    pages = {
        "performance.md": {"summary": summary(measured), "machine": machine(measured)},
        "contributing/engine.md": {
            "targets": targets(measured),
            "jobs": jobs(measured),
            **{name: picture(name, drawn) for name in PICTURES},
        },
    }
    for name, contents in pages.items():
        page = (docs / name).read_text(encoding="utf-8")
        for mark, content in contents.items():
            page = replaced(page, mark, content)
        (docs / name).write_text(page, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure if asked to, and write the pages."""
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
    update(DOCS, read_results(options.results, JOBS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
