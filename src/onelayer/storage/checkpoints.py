"""Checkpoints: the arrays and the plain state from which training goes on to the same bits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import ModelFileError, printable
from onelayer.storage.kinds import CHECKPOINT, check_kind, kind_metadata
from onelayer.storage.tensors import read_tensors, write_tensors

__all__ = ["VERSION", "load_checkpoint", "save_checkpoint"]

VERSION = 1
_STATE = "state"


def save_checkpoint(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray[Any, Any]], state: Mapping[str, Any]
) -> None:
    """Write a checkpoint atomically: a kill or a full disk leaves the one before it.

    Parameters
    ----------
    path : path
    arrays : mapping of str to ndarray
        Weights, velocities, history, … of any shape; stored bit by bit.
    state : mapping of str to anything JSON has
        Counters, states of random generators, …. Integers of any size, infinite and undefined floats come back as they
        were; tuples come back as lists. NumPy scalars are refused with TypeError: make them plain first.

    Raises
    ------
    ModelFileError, RunDirectoryError, StorageError
        As :func:`onelayer.storage.tensors.write_tensors`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder) / "c.safetensors", {"W": np.eye(2)}, {"epoch": 3, "best": float("inf")})
    ...     arrays, state = load_checkpoint(Path(folder) / "c.safetensors")
    >>> arrays["W"].tolist(), state
    ([[1.0, 0.0], [0.0, 1.0]], {'best': inf, 'epoch': 3})
    """
    text = json.dumps(state, sort_keys=True, separators=(",", ":"))
    write_tensors(path, arrays, kind_metadata(CHECKPOINT, VERSION) | {_STATE: text})


def load_checkpoint(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote.

    Returns
    -------
    arrays : dict of str to ndarray
    state : dict

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of another version, or not a checkpoint.

    Examples
    --------
    >>> load_checkpoint("no-such-file")
    Traceback (most recent call last):
    ...
    onelayer.errors.ModelFileError: no-such-file: can't be read: no such file or directory
    """
    arrays, metadata = read_tensors(path)
    check_kind(path, metadata, CHECKPOINT, VERSION)
    try:
        state = json.loads(metadata.get(_STATE, ""))
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict):
        raise ModelFileError(
            f"{printable(str(Path(path)))}: the checkpoint's state is damaged; train again without --resume"
        )
    return arrays, state
