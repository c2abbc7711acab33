"""``onelayer data list``, ``show`` and ``verify``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelayer.cli.images import Layout, Resize, ValueRange, Way, image_keys
from onelayer.cli.output import DataDir, Json, say, show_json, show_table

if TYPE_CHECKING:
    from onelayer.data.pictures import UnreadableImagesError

__all__ = ["data"]

_MOST_NAMES = 5

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
    from onelayer.data.pictures import UnreadableImagesError

    images = image_keys(resize, resize_mode, value_range, layout)
    try:
        found = describe(load_dataset(dataset, data_dir=data_dir, **images, progress=True))
    except UnreadableImagesError as error:
        _show_unreadable(dataset, error, json)
        return
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
    provenance = found["provenance"]
    _show_pictures(provenance["pictures"])
    for one in provenance["left_out"]:
        names = one["names"][:_MOST_NAMES]
        more = f" and {one['count'] - len(names):,} more" if one["count"] > len(names) else ""
        say(f"left out: {', '.join(names)}{more} ({one['reason']})")
    for name, part in parts.items():
        say(f"fingerprint of {name}: {part['fingerprint']}")


def _show_pictures(pictures: Mapping[str, Any]) -> None:
    """Print what image files were before they became arrays, part by part."""
    rows = [
        (
            part,
            one["n"],
            *(_size(one[key]) for key in ("smallest", "median", "largest")),
            one["grey"],
            one["colour"],
            ", ".join(f"{form['n']:,} {form['format']}" for form in one["formats"]),
        )
        for part, one in pictures.items()
    ]
    if rows:
        show_table(("image files", "number", "smallest", "median", "largest", "grey", "colour", "formats"), rows)
        say("")


def _size(found: Any) -> str | None:
    """Return height × width of a picture, of which the name may be there too."""
    size = found["size"] if isinstance(found, dict) else found
    return None if size is None else "×".join(map(str, size))


def _show_unreadable(dataset: str, error: UnreadableImagesError, json: bool) -> None:
    """Describe a set with images that can't be read, all of which are named: training refuses them."""
    pictures = {part: one.to_dict() for part, one in error.pictures.items()}
    if json:
        show_json({"name": dataset, "pictures": pictures, "unreadable": list(error.reasons)})
        return
    say(f"{dataset}: {len(error.reasons):,} images can't be read. Mend or remove them before training:")
    for reason in error.reasons:
        say(f"  {reason}")
    say("")
    _show_pictures(pictures)


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
