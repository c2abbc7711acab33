"""Where the figures of the documentation are written."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from onelayer.figures.drawing import png_bytes, svg_bytes

FOLDER = Path(__file__).resolve().parents[1] / "images"


def save(figure: Figure, name: str) -> None:
    """Write a figure beside the pages that show it, as PNG or SVG, whichever ``name`` ends with."""
    (FOLDER / name).write_bytes(png_bytes(figure) if name.endswith(".png") else svg_bytes(figure))
