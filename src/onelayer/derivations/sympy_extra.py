"""SymPy, where the extra that brings it is installed."""

from __future__ import annotations

from typing import Any

from onelayer.errors import MissingDependencyError

__all__ = ["load_sympy"]


def load_sympy() -> Any:
    """Return the module ``sympy``.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import sympy
    except ImportError:
        raise MissingDependencyError(
            "Proofs need SymPy, which is not installed. Install it with: python -m pip install 'onelayer[derive]'"
        ) from None
    return sympy
