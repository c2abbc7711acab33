"""Whether there is a native engine, and the instruction set it runs with."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Protocol

from onelayer.arrays import Array
from onelayer.errors import ConfigError, MissingDependencyError, printable

__all__ = ["DenseRows", "available", "instruction_set", "knows", "losses", "name", "native", "supports"]

_module: ModuleType | None
try:
    _module = import_module("onelayer.engine._native")
except ImportError:
    _module = None


class DenseRows(Protocol):
    """n rows of d features in one array in memory (or mapped to it), as the engine sees them: (x − shift) · scale.

    Attributes
    ----------
    is_dense : bool
        True.
    array : (N, d) C-contiguous array, uint8, float32 or float64
    indices : (n,) integers or None
        The rows of ``array`` there are; None for all.
    mirrored : (n,) bool or None
        Rows to mirror left to right, as images of ``image_shape`` (h, w, c).
    shift, scale : (d,) array, float or None
        Where |shift · scale| is large, digits are lost to cancellation, as they are in the data.
    """

    # What each of them is stands above.
    @property
    def is_dense(self) -> bool: ...  # noqa: D102
    @property
    def array(self) -> Array: ...  # noqa: D102
    @property
    def indices(self) -> Array | None: ...  # noqa: D102
    @property
    def mirrored(self) -> Array | None: ...  # noqa: D102
    @property
    def image_shape(self) -> tuple[int, int, int] | None: ...  # noqa: D102
    @property
    def shift(self) -> Array | float | None: ...  # noqa: D102
    @property
    def scale(self) -> Array | float | None: ...  # noqa: D102


def available() -> bool:
    """Return whether the native engine is there and wanted; if it could not be built, say so in the log, once.

    Raises
    ------
    ConfigError
        If the environment variable ``ONELAYER_ENGINE`` is neither ``native`` nor ``reference``, or asks for an engine
        that is not there.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    wanted = os.environ.get("ONELAYER_ENGINE", "")
    if wanted not in ("", "native", "reference"):
        raise ConfigError(f"ONELAYER_ENGINE={printable(wanted)!r}: use native or reference, or unset it")
    if wanted == "reference":
        return False
    if _module is None:
        if wanted == "native":
            raise ConfigError(
                "ONELAYER_ENGINE=native, but the native engine was not built; reinstall where there is a C++ compiler"
            )
        _say_missing()
    return _module is not None


def name() -> str:
    """Return what computes: ``"native (avx512)"``, say, or ``"numpy"`` where the definitions do.

    Examples
    --------
    >>> name().split()[0] in ("native", "numpy")
    True
    """
    return f"native ({instruction_set()})" if available() else "numpy"


@lru_cache(maxsize=1)
def losses() -> dict[str, tuple[bool, bool]]:
    """Return for each loss that the engine has: whether it takes probabilities as targets, and has a curvature."""
    found: dict[str, tuple[bool, bool]] = {} if _module is None else _module.losses()
    return found


def knows(loss: str) -> bool:
    """Return whether the engine has this loss; one that was added in array code alone runs on its definition."""
    return loss in losses()


def supports(model: str, loss: str, rows: object) -> bool:
    """Return whether the engine can train this kind of model with this loss on these rows.

    It knows the linear model on dense rows. Everything else, and everything where there is no engine, runs on the
    definitions.

    Examples
    --------
    >>> supports("linear", "softmax", object())
    False
    """
    return model == "linear" and getattr(rows, "is_dense", False) and knows(loss) and available()


def instruction_set() -> str | None:
    """Return ``"baseline"``, ``"avx2"``, ``"avx512"`` or ``"avx512vnni"``; None without an engine.

    It is the fastest that this processor has, unless ``ONELAYER_ISA`` names one.

    Raises
    ------
    ConfigError
        If ``ONELAYER_ISA`` names one that this processor or this build does not have.

    Examples
    --------
    >>> instruction_set() in (None, "baseline", "avx2", "avx512", "avx512vnni")
    True
    """
    return _choose(os.environ.get("ONELAYER_ISA", "")) if available() else None


def native() -> tuple[ModuleType, str]:
    """Return the compiled module and the instruction set to call it with.

    Raises
    ------
    MissingDependencyError
        If there is no engine; callers ask :func:`available` first.
    """
    chosen = instruction_set()
    if _module is None or chosen is None:
        raise MissingDependencyError("the native engine is not available here; the definitions in array code are")
    return _module, chosen


@lru_cache(maxsize=8)
def _choose(wanted: str) -> str:
    known: list[str] = _module.instruction_sets() if _module is not None else []
    if wanted and wanted not in known:
        raise ConfigError(f"ONELAYER_ISA={printable(wanted)!r}: here there are {', '.join(known)}")
    return wanted or known[-1]


@lru_cache(maxsize=1)
def _say_missing() -> None:
    logging.getLogger("onelayer").warning(
        "onelayer was installed without its native engine and computes with NumPy; "
        "reinstall it where there is a C++ compiler to go several times faster"
    )
