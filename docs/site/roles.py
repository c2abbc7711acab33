"""Docstrings for the site: cross-references of reStructuredText, such as :meth:`fit`, become code."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_ROLE = re.compile(r":[a-z]+:`~?([^`]*)`")


class Roles(Extension):
    """Replaces :role:`text` by `text` in every docstring."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of what was found."""
        if obj.docstring is not None:
            obj.docstring.value = _ROLE.sub(r"`\1`", obj.docstring.value)
