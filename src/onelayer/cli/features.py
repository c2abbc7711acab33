"""The options that say what images are turned into and where that is kept, and ``onelayer cache``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli.output import Json, say, show_json, show_table, tell
from onelayer.features.registry import FEATURES, LIFTS

if TYPE_CHECKING:
    from onelayer.storage.cache import ArrayCache

__all__ = ["CacheDir", "Features", "Lift", "NoCache", "cache", "chosen_cache"]

Features = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"{', '.join(FEATURES)}; several side by side with + between them."),
]
Lift = Annotated[
    str | None,
    typer.Option(metavar="NAME:COUNT", help=f"Features on top of these, e.g. 4000 of them: {', '.join(LIFTS)}."),
]
CacheDir = Annotated[
    str | None,
    typer.Option(
        "--cache-dir",
        metavar="DIR",
        help="Where computed features are kept (else ONELAYER_CACHE, then the user cache).",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Compute features anew, and keep none.")]

cache = typer.Typer(help="Show or clear the features that are kept between runs.", no_args_is_help=True)


def chosen_cache(cache_dir: str | None, no_cache: bool = False) -> ArrayCache | None:
    """Return the cache that the options ask for; None for none."""
    from onelayer.features.cached import default_cache

    return None if no_cache else default_cache(Path(cache_dir) if cache_dir else None, tell)


@cache.command("show")
def show(cache_dir: CacheDir = None, json: Json = False) -> None:
    """Say where features are kept, and which."""
    from datetime import datetime

    from onelayer.storage.cache import size_text

    chosen = chosen_cache(cache_dir)
    entries = chosen.entries() if chosen else []
    total = sum(entry.size for entry in entries)
    if json:
        found = [{"note": one.note, "bytes": one.size, "used": one.used, "file": one.path.name} for one in entries]
        place = {"folder": str(chosen.folder), "limit": chosen.limit} if chosen else {"folder": None, "limit": 0}
        show_json({**place, "bytes": total, "entries": found})
        return
    if chosen is None:
        say("ONELAYER_CACHE_SIZE is 0: no features are kept")
        return
    rows = [
        (entry.note or "damaged", size_text(entry.size), f"{datetime.fromtimestamp(entry.used):%Y-%m-%d %H:%M}")
        for entry in entries
    ]
    if rows:
        show_table(("features", "size", "last used"), rows)
        say("")
    say(f"{size_text(total)} of at most {size_text(chosen.limit)} in {chosen.folder}")


@cache.command("clear")
def clear(cache_dir: CacheDir = None, json: Json = False) -> None:
    """Remove all features that are kept; what needs them computes them again."""
    from onelayer.storage.cache import size_text

    chosen = chosen_cache(cache_dir)
    freed = chosen.clear() if chosen else 0
    if json:
        show_json({"bytes": freed})
    else:
        say(f"{size_text(freed)} freed" + (f" in {chosen.folder}" if chosen else ""))
