"""A page as one HTML document: templates, style, scripts and data in one file, and a policy that allows no more.

Its charts are drawn by plotly's own script, made to set up no other kinds of charts than a report has. The script holds
fifty kinds of charts, maps and three dimensions among them, and begins by setting all of them up, which takes a browser
several times as long as drawing a report. Each is a module that nothing runs until it is called for; what is called for
stands in one list at the end of the script, ``.register([bar(), box(), …])`` but for the names, which are shortened.
Line plots are set up before.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import json
import re
import zlib
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

import jinja2
from markupsafe import Markup

from onelayer.figures.theme import DARK, LIGHT, Theme
from onelayer.storage.plain import plain
from onelayer.version import __version__

__all__ = [
    "KINDS",
    "json_script",
    "plotly_script",
    "policy",
    "render",
    "templates",
    "text_of",
    "theme_variables",
    "with_kinds",
]

KINDS: Final = frozenset({"bar", "heatmap"})

_FOLDER: Final = "reporting/templates"
_LIST: Final = re.compile(r"\.register\(\[((?:[\w$]+\(\),?)+)\]\)")
_PASSED_ON: Final = re.compile(r"\.exports=([\w$]+)\(\)$")
_NAME: Final = re.compile(r'moduleType:"\w+",name:"(\w+)"')


def render(template: str, *, payload: dict[str, Any], live_script: str = "", **values: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a template that extends ``base.html.j2``.
    payload : dict
        What the page's script takes; ``charts`` at least.
    live_script : str
        A second script, for a page that is fed by the server it is from; only with it may the page connect to that.
    values : of any type
        What the template takes; text in them is escaped.
    """
    script = text_of(_FOLDER, "report.js")
    plotly, plotly_source = _deflated_plotly()
    allowed = policy(script, plotly_source)
    if live_script:
        allowed = f"{policy(script, plotly_source, live_script)}; connect-src 'self'"
    return (
        templates(_FOLDER)
        .get_template(template)
        .render(
            payload=json_script(payload),
            script=Markup(script),  # noqa: S704 (ours)
            style=Markup(text_of(_FOLDER, "report.css")),  # noqa: S704 (ours)
            colors=theme_variables(),
            plotly=plotly,
            live_script=Markup(live_script),  # noqa: S704 (ours)
            policy=Markup(allowed),  # noqa: S704 (ours)
            version=__version__,
            **values,
        )
    )


@cache
def text_of(folder: str, name: str) -> str:
    """Return the text of a file in a folder of onelayer, ``"reporting/templates"`` for one."""
    return importlib.resources.files("onelayer").joinpath(*folder.split("/"), name).read_text("utf-8")


@cache
def templates(folder: str) -> jinja2.Environment:
    """Return the templates in a folder of onelayer: what they are given is escaped, and nothing may be missing."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(partial(text_of, folder)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def json_script(value: Mapping[str, Any]) -> Markup:
    r"""Return JSON to stand in a script element: ``<`` is escaped, so that nothing in it ends the element.

    Examples
    --------
    >>> print(json_script({"name": "</script>"}))
    {"name":"\u003c/script>"}
    """
    text = json.dumps(plain(value), allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (escaped)


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


@cache
def plotly_script() -> str:
    """Return the script that draws charts."""
    files = importlib.resources.files("plotly")
    return with_kinds((files / "package_data" / "plotly.min.js").read_text(encoding="utf-8"), KINDS)


def with_kinds(script: str, kinds: frozenset[str]) -> str:
    """Return plotly's script with only ``kinds`` in its list; the script as it is where they are not found in it."""
    listed = _LIST.search(script)
    if listed is None:
        return script
    kept: dict[str, str] = {}
    for call in listed[1].split(","):
        kind = _kind(script, call.removesuffix("()"))
        if kind in kinds:
            kept[kind] = call
        if kinds == kept.keys():
            return script[: listed.start(1)] + ",".join(kept.values()) + script[listed.end(1) :]
    return script


@cache
def _deflated_plotly() -> tuple[Markup, str]:
    """Return plotly's script, deflated and in base64, and the source expression that allows it in a policy."""
    script = plotly_script().encode()
    return Markup(base64.b64encode(zlib.compress(script)).decode()), _hash_source(script)  # noqa: S704 (base64)


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


def _kind(script: str, module: str) -> str:
    """Return the kind of chart that a module gives, here or in the one module that it passes on; "" if not found."""
    body = _body(script, module)
    passed_on = _PASSED_ON.search(body)
    named = _NAME.search(_body(script, passed_on[1]) if passed_on else body)
    return named[1] if named else ""


def _body(script: str, module: str) -> str:
    """Return what is written in a module, ``var module=wrap((exports,module)=>{…});``, or nothing."""
    start = script.find(f"var {module}=")
    return script[start : script.find("});var ", start)] if start >= 0 else ""
