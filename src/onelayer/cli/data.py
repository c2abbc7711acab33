"""``onelayer data list``, ``show`` and ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onelayer.cli.images import Layout, Resize, ValueRange, Way, image_keys
from onelayer.cli.output import DataDir, Json, say, show_json, show_table

__all__ = ["data"]

data = typer.Typer(help="List, describe and verify data sets.", no_args_is_help=True)

Set = Annotated[str, typer.Argument(metavar="SET", help="A catalog name or a path.")]


@data.command("list")
def list_sets(data_dir: DataDir = None, json: Json = False) -> None:
    """List the catalog, and where each set is."""
    from onelayer.data import list_datasets

    found = list_datasets(Path(data_dir) if data_dir else None)
    if json:
        show_json({"datasets": found})
        return
    rows = [
        (
            one["name"],
            one["title"],
            one["problem"] or one["place"] or "to be downloaded",
            one["format"],
            _megabytes(one["bytes"]),
        )
        for one in found
    ]
    show_table(("name", "what", "where", "format", "size"), rows)


@data.command("show")
def show(
    dataset: Set,
    resize: Resize = None,
    resize_mode: Way = None,
    value_range: ValueRange = None,
    layout: Layout = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Say what a data set holds."""
    from onelayer.data import describe, load_dataset

    images = image_keys(resize, resize_mode, value_range, layout)
    found = describe(load_dataset(dataset, data_dir=data_dir, **images, progress=True))
    if json:
        show_json(found)
        return
    form = (
        f"{found['features']} features"
        if found["image_shape"] is None
        else "×".join(map(str, found["image_shape"])) + " images"
    )
    say(f"{found['title']}: {form}, {found['dtype']} from {found['value_range'][0]:g} to {found['value_range'][1]:g}")
    say(f"Source: {found['source']}")
    parts = found["splits"]
    counts = zip(found["classes"], *(part["class_counts"] for part in parts.values()), strict=True)
    show_table(("class", *parts), [*counts, ("all", *(part["n"] for part in parts.values()))])
    say("")
    for name, part in parts.items():
        say(f"fingerprint of {name}: {part['fingerprint']}")


@data.command("verify")
def verify(dataset: Set, data_dir: DataDir = None, json: Json = False) -> None:
    """Check a named set against the official one.

    Files are compared by their published checksums, content by the digest of its pixels and labels; exit code 1 if
    the content differs.
    """
    from onelayer.data import verify_dataset

    rows = verify_dataset(dataset, Path(data_dir) if data_dir else None)
    if json:
        show_json({"items": rows})
    else:
        verdicts = {True: "as expected", False: "differs", None: "nothing to compare with"}
        show_table(
            ("item", "verdict", "digest", "source of the expected one"),
            [(r["item"], verdicts[r["ok"]], _shortened(r["digest"]), r["source"]) for r in rows],
        )
    if any(row["ok"] is False for row in rows if str(row["item"]).startswith("content")):
        raise typer.Exit(1)


def _shortened(digest: str) -> str:
    """Return the start of a digest, enough to tell it from another; --json has it whole."""
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:12]}…"


def _megabytes(size: int | None) -> str | None:
    return None if size is None else f"{size / 1e6:.1f} MB"
