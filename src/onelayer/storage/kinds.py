"""What a safetensors file of ours holds, and in which version of its layout: two lines of its metadata."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from onelayer.errors import ModelFileError, printable

__all__ = ["CHECKPOINT", "MODEL", "PREDICTIONS", "check_kind", "kind_metadata"]

MODEL = "onelayer model"
CHECKPOINT = "onelayer checkpoint"
PREDICTIONS = "onelayer predictions"

_INSTEAD = {
    MODEL: "a model file",
    CHECKPOINT: "a checkpoint; give its run directory to --resume",
    PREDICTIONS: "the predictions of a run",
}


def kind_metadata(kind: str, version: int) -> dict[str, str]:
    """Return the metadata that marks a file as ``kind`` in version ``version`` of its layout.

    Examples
    --------
    >>> kind_metadata(MODEL, 1)
    {'format': 'onelayer model', 'format_version': '1'}
    """
    return {"format": kind, "format_version": str(version)}


def check_kind(path: str | os.PathLike[str], metadata: Mapping[str, str], kind: str, *versions: int) -> None:
    """Raise ModelFileError unless ``metadata``, read from ``path``, marks a ``kind`` of one of these versions.

    Examples
    --------
    >>> check_kind("a.safetensors", kind_metadata(MODEL, 1), CHECKPOINT, 1)
    Traceback (most recent call last):
    ...
    onelayer.errors.ModelFileError: a.safetensors is not an onelayer checkpoint but a model file
    >>> check_kind("a.safetensors", kind_metadata(MODEL, 7), MODEL, 1)
    Traceback (most recent call last):
    ...
    onelayer.errors.ModelFileError: a.safetensors is an onelayer model of version '7'; this onelayer reads version 1
    """
    name = printable(str(Path(path)))
    found = metadata.get("format", "")
    if found != kind:
        instead = _INSTEAD.get(found, "a file of something else: it lacks the mark that onelayer writes")
        raise ModelFileError(f"{name} is not an {kind} but {instead}")
    found_version = metadata.get("format_version", "")
    if found_version not in map(str, versions):
        read = f"version{'s' if len(versions) > 1 else ''} {' and '.join(map(str, versions))}"
        raise ModelFileError(f"{name} is an {kind} of version {printable(found_version)!r}; this onelayer reads {read}")
