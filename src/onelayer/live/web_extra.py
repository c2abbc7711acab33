"""Starlette and uvicorn, where the extra that brings them is installed."""

from __future__ import annotations

from importlib.util import find_spec

from onelayer.errors import MissingDependencyError

__all__ = ["require_web"]


def require_web() -> None:
    """Raise unless Starlette and uvicorn are installed.

    Raises
    ------
    MissingDependencyError
    """
    for module, name in (("starlette", "Starlette"), ("uvicorn", "uvicorn")):
        if find_spec(module) is None:
            raise MissingDependencyError(
                f"Watching needs {name}, which is not installed. "
                "Install it with: python -m pip install 'onelayer[live]'"
            )
