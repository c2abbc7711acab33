"""``onelayer reproduce``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli.features import CacheDir, NoCache, chosen_cache
from onelayer.cli.output import DataDir, Json, say, show_json, show_table, tell
from onelayer.errors import ConfigError, printable

if TYPE_CHECKING:
    from onelayer.reproduce import Protocol, Reproduction

__all__ = ["reproduce"]


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME…", help="Reports, or TOML files with protocols; without any, the known ones are listed."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All reports that come with the package.")] = False,
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Where runs are kept; those that are there are not run again.")
    ] = "runs/reproduction",
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Reproduce published reports, figure by figure.

    Exit code 1 if data was missing and something had to be skipped; a figure that differs is a result.
    """
    if everything and names:
        raise ConfigError("give names or --all, not both")
    if not everything and not names:
        _list(json)
        return
    from onelayer.reproduce import REPORTS, reproduce, write_page

    protocols = [_protocol(name) for name in (names or REPORTS)]
    twice = [
        one.name for place, one in enumerate(protocols) if one.name in [earlier.name for earlier in protocols[:place]]
    ]
    if twice:
        raise ConfigError(f"{printable(twice[0], 60)!r} is there twice: give each report once, under a name of its own")
    folder = Path(out)
    found = reproduce(
        protocols,
        folder,
        data_dir=Path(data_dir) if data_dir else None,
        tell=tell,
        cache=chosen_cache(cache_dir, no_cache),
    )
    page = write_page(found, folder)
    if json:
        show_json(found.to_dict())
    else:
        _show(found, page)
    if not found.is_complete:
        raise typer.Exit(1)


def _protocol(name: str) -> Protocol:
    from onelayer.reproduce import load_protocol, packaged_protocol

    return load_protocol(name) if name.endswith(".toml") or "/" in name else packaged_protocol(name)


def _list(json: bool) -> None:
    from onelayer.reproduce import REPORTS, packaged_protocol

    found = [packaged_protocol(name) for name in REPORTS]
    if json:
        show_json({"reports": [{"name": one.name, "title": one.title} for one in found]})
    else:
        show_table(("name", "what it reproduces"), [(one.name, one.title) for one in found])


def _show(found: Reproduction, page: Path) -> None:
    from onelayer.reproduce import shown_row

    for report in found.reports:
        say(report.protocol.title)
        figures = [shown_row(row) for row in report.rows if not row.is_claim]
        claims = [(row.experiment, row.quantity, row.verdict) for row in report.rows if row.is_claim]
        if figures:
            show_table(("of", "quantity", "published", "measured", "verdict"), figures)
            say("")
        if claims:
            show_table(("", "claim", "verdict"), claims)
            say("")
        if report.skipped:
            say(f"skipped: {report.skipped}")
    say(f"{found.seconds:.0f} s; report: {page}")
