"""Figures as bytes: equal figures give equal bytes (no dates, no random identifiers)."""

from __future__ import annotations

import io
import warnings
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

__all__ = ["PNG_DPI", "both_bytes", "png_bytes", "svg_bytes"]

_NO_GLYPH = r"Glyph .* missing from font"
_PAD_INCHES = 0.08
PNG_DPI = 144  # twice the 72 points an inch of the layout: sharp on dense screens


def png_bytes(figure: Figure) -> bytes:
    r"""Return the figure as a PNG of 144 dots an inch.

    Examples
    --------
    >>> png_bytes(Figure(figsize=(1, 1)))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    return _saved(figure, "png", {"Software": None})


def svg_bytes(figure: Figure) -> bytes:
    """Return the figure as SVG, its text as outlines: it looks the same wherever it is opened.

    Examples
    --------
    >>> svg_bytes(Figure(figsize=(1, 1)))[:13]
    b'<?xml version'
    """
    return _saved(figure, "svg", {"Date": None, "Creator": None})


def both_bytes(figure: Figure) -> tuple[bytes, bytes]:
    """Return the figure as PNG and as SVG, measured once: that takes a third of the time.

    Examples
    --------
    >>> png, svg = both_bytes(Figure(figsize=(1, 1)))
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_NO_GLYPH)
        cut = figure.get_tightbbox().padded(_PAD_INCHES)
    return _saved(figure, "png", {"Software": None}, cut), _saved(figure, "svg", {"Date": None, "Creator": None}, cut)


def _saved(
    figure: Figure, kind: Literal["png", "svg"], metadata: dict[str, Any], cut: Bbox | Literal["tight"] = "tight"
) -> bytes:
    buffer = io.BytesIO()
    # PNG at level 3 takes a third of the time of level 6, and a tenth more room.
    options: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if kind == "png" else {}
    settings = {"svg.hashsalt": "onelayer", "svg.fonttype": "path", "text.usetex": False}
    with mpl.rc_context(settings), warnings.catch_warnings():  # type: ignore[arg-type]
        # A class name in a script that the font lacks is drawn as boxes; the page has it as text.
        warnings.filterwarnings("ignore", message=_NO_GLYPH)
        # Cut to what is drawn: no name is too long for its place.
        figure.savefig(
            buffer, format=kind, dpi=PNG_DPI, metadata=metadata, bbox_inches=cut, pad_inches=_PAD_INCHES, **options
        )
    return buffer.getvalue()
