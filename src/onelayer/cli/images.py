"""The options that say how images are read, for every verb that reads some."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from onelayer.errors import ConfigError, printable

__all__ = ["Layout", "Resize", "ValueRange", "Way", "class_keys", "image_keys"]

Resize = Annotated[
    str | None,
    typer.Option(
        metavar="H,W", help="Height and width of image files; pictures of different sizes get one without it."
    ),
]
Way = Annotated[
    str | None,
    typer.Option(
        "--resize-mode",
        metavar="MODE",
        help="stretch (default of --resize), crop (in proportion, cut to the middle) or pad (with black bars).",
    ),
]
ValueRange = Annotated[
    str | None,
    typer.Option(metavar="LOW,HIGH", help="What black and white are in the images, e.g. 0,1 or 0,4095."),
]
Layout = Annotated[
    str | None,
    typer.Option(
        metavar="LAYOUT", help="Of arrays of images: channels-last (n, h, w, c) or channels-first (n, c, h, w)."
    ),
]


def image_keys(
    resize: str | None = None, way: str | None = None, value_range: str | None = None, layout: str | None = None
) -> dict[str, Any]:
    """Return what these options say, under the keys of a configuration; None for what is not given."""
    return {
        "resize": _integers(resize, "--resize"),
        "resize_mode": way,
        "value_range": _numbers(value_range, "--value-range"),
        "image_layout": layout,
    }


def _integers(text: str | None, option: str) -> list[int] | None:
    """Return the whole numbers of an option such as ``--resize 32,32``."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(
            f"{option} {printable(text)!r}: write whole numbers with commas between them, e.g. 32,32"
        ) from None


def class_keys(classes: str | None) -> dict[str, Any]:
    """Return what ``--classes`` says: names with commas between them."""
    from onelayer.experiment.settings import split_names

    return {"classes": None if classes is None else split_names(classes)}


def _numbers(text: str | None, option: str) -> list[float] | None:
    if text is None:
        return None
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise ConfigError(f"{option} {printable(text)!r}: write two numbers, black and white, e.g. 0,1") from None
    return [low, high]
