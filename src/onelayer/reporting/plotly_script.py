"""The script that draws charts: plotly's own, made to set up no other kinds of charts than a report has.

Plotly's script holds fifty kinds of charts, maps and three dimensions among them, and begins by setting all of them up,
which takes a browser several times as long as drawing a report. Each is a module that nothing runs until it is called
for; what is called for stands in one list at the end of the script, ``.register([bar(), box(), …])`` but for the names,
which are shortened. Line plots are set up before.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["KINDS", "plotly_script", "with_kinds"]

KINDS: Final = frozenset({"bar", "heatmap"})

_LIST: Final = re.compile(r"\.register\(\[((?:[\w$]+\(\),?)+)\]\)")
_PASSED_ON: Final = re.compile(r"\.exports=([\w$]+)\(\)$")
_NAME: Final = re.compile(r'moduleType:"\w+",name:"(\w+)"')


@cache
def plotly_script() -> str:
    """Return the script."""
    return with_kinds((files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8"), KINDS)


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
