"""What the verbs print: one JSON object, or text and tables; and how they complain."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from onelayer.errors import printable

__all__ = ["DataDir", "Json", "complain", "say", "show_json", "show_table", "tell"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and nothing else there.")]
DataDir = Annotated[
    str | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where named data sets are looked for first (else ONELAYER_DATA, then the user cache).",
    ),
]


def show_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout."""
    from onelayer.storage.plain import json_text

    sys.stdout.write(json_text(value, indent=2) + "\n")


def say(text: str) -> None:
    """Print one line of a result on stdout; what it holds of names is text, without control characters."""
    sys.stdout.write(printable(text, 2000) + "\n")


def tell(text: str) -> None:
    """Print one line on what is going on, on stderr."""
    sys.stderr.write(printable(text, 2000) + "\n")


def complain(text: str, exit_code: int) -> int:
    """Print an error on stderr, and return the exit code."""
    tell("error: " + text)
    return exit_code


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table on stdout; numbers are set to the right, and every cell is text, whatever it looks like."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for i, column in enumerate(columns):
        numeric = all(_is_numeric(row[i]) for row in rows)
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(_cell(value))) for value in row))
    console = Console(markup=False, highlight=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _is_numeric(value: Any) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or str(value).endswith("%")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
