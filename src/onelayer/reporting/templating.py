"""Templates and other texts of pages, as they lie in the package."""

from __future__ import annotations

import functools
import importlib.resources

import jinja2

__all__ = ["templates", "text_of"]


@functools.cache
def text_of(folder: str, name: str) -> str:
    """Return the text of a file in a folder of onelayer, ``"reporting/templates"`` for one."""
    return importlib.resources.files("onelayer").joinpath(*folder.split("/"), name).read_text("utf-8")


@functools.cache
def templates(folder: str) -> jinja2.Environment:
    """Return the templates in a folder of onelayer: what they are given is escaped, and nothing may be missing."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(functools.partial(text_of, folder)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
