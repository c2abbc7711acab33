"""What is inlined into a page: images as data URIs, data as JSON, plotly's script, and a policy that allows no more."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image

from onelayer.reporting.plotly_script import plotly_script
from onelayer.reporting.theme import DARK, LIGHT, Theme
from onelayer.storage.plain import plain

__all__ = ["deflated_plotly", "image_base64", "image_uri", "json_script", "png_uri", "policy", "theme_variables"]


def png_uri(content: bytes) -> str:
    """Return a PNG as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def image_base64(image: npt.NDArray[np.uint8]) -> str:
    """Return an image (h, w, 1 or 3) as lossless WebP in base64: a third smaller than PNG.

    Examples
    --------
    >>> base64.b64decode(image_base64(np.zeros((2, 2, 1), np.uint8)))[8:12]
    b'WEBP'
    """
    buffer = io.BytesIO()
    # For images this small, more effort takes three times as long and saves nothing.
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(
        buffer, "WEBP", lossless=True, method=2, quality=50
    )
    return base64.b64encode(buffer.getvalue()).decode()


def image_uri(image: npt.NDArray[np.uint8]) -> str:
    """Return an image (h, w, 1 or 3) as the data URI of a PNG, which is made sooner than WebP."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG")
    return png_uri(buffer.getvalue())


def json_script(value: Mapping[str, Any]) -> Markup:
    r"""Return JSON to stand in a script element: ``<`` is escaped, so that nothing in it ends the element.

    Examples
    --------
    >>> print(json_script({"name": "</script>"}))
    {"name":"\u003c/script>"}
    """
    text = json.dumps(plain(value), allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (escaped)


@functools.cache
def deflated_plotly() -> tuple[Markup, str]:
    """Return plotly's script, deflated and in base64, and the source expression that allows it in a policy."""
    script = plotly_script().encode()
    return Markup(base64.b64encode(zlib.compress(script)).decode()), _hash_source(script)  # noqa: S704 (base64)


def policy(*scripts: str) -> str:
    """Return the Content-Security-Policy of a page: these inlined scripts, its own styles and data images, no more.

    Parameters
    ----------
    scripts : str
        Texts of scripts, or source expressions.

    Examples
    --------
    >>> policy("'sha256-abc='")
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-abc='"
    """
    sources = [text if text.startswith("'sha256-") else _hash_source(text.encode()) for text in scripts]
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {' '.join(sources)}"


def theme_variables() -> Markup:
    """Return the style sheet's variables: the colours of the figures, for light pages, dark ones and paper."""
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root:not(.printing) {{ {_variables(DARK)} }} }}"
    return Markup(f":root {{ {_variables(LIGHT)} }}\n{dark}")  # noqa: S704 (ours)


def _variables(theme: Theme) -> str:
    is_light = theme is LIGHT
    colors = {
        "paper": theme.paper,
        "ink": theme.ink,
        "muted": theme.muted,
        "line": theme.grid,
        "wash": "#f5f7f9" if is_light else "#1d2126",
        "accent": "#005f99" if is_light else "#6cc0ef",
        "train": theme.train,
        "train-soft": f"{theme.train}bf",
        "train-band": f"{theme.train}38",
        "held-out": theme.held_out,
        "third": theme.third,
        "negative": theme.negative,
        "positive": theme.positive,
        **{f"run-{place}": color for place, color in enumerate(theme.runs)},
    }
    return " ".join(f"--{name}: {color};" for name, color in colors.items())


def _hash_source(script: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
