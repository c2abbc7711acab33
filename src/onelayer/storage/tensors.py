"""Named arrays in one file: the safetensors format, written so that the bytes depend on the content alone.

The format (https://github.com/huggingface/safetensors, "Format") is 8 bytes, the header's length N as a little-endian
unsigned integer; N bytes of JSON, ``{name: {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {key:
text}}``; then the arrays' bytes, little-endian, row-major, without gaps. The library writes its metadata in the random
order of a hash table, so the header is written here, sorted. Reading is the library's, after the checks it leaves out:
sizes before memory is taken, names that occur twice, types that NumPy lacks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import safetensors
import safetensors.numpy

from onelayer.errors import ModelFileError, printable
from onelayer.storage.atomic import write_atomically
from onelayer.storage.files import read_limited

__all__ = [
    "CODES",
    "MAX_FILE_BYTES",
    "MAX_HEADER_BYTES",
    "METADATA",
    "header_bytes",
    "parse_header",
    "read_tensors",
    "tensor_bytes",
    "write_tensors",
]

MAX_FILE_BYTES = 1 << 30
MAX_HEADER_BYTES = 1 << 23

CODES: Final = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "uint16": "U16",
    "int16": "I16",
    "float16": "F16",
    "uint32": "U32",
    "int32": "I32",
    "float32": "F32",
    "uint64": "U64",
    "int64": "I64",
    "float64": "F64",
}
_LENGTH_BYTES = 8
_ALIGNMENT: Final = 8
METADATA: Final = "__metadata__"


def write_tensors(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]
) -> None:
    """Write named arrays and text atomically; equal content gives equal bytes.

    Parameters
    ----------
    path : path
        The file; replaced whole or not at all.
    arrays : mapping of str to ndarray
        Any shape; booleans, integers or floats of 8 to 64 bits.
    metadata : mapping of str to str

    Raises
    ------
    ModelFileError
        An array of a type the format lacks, or names and metadata of more than ``MAX_HEADER_BYTES``.
    RunDirectoryError, StorageError
        As :func:`onelayer.storage.atomic.write_atomically`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_tensors(Path(folder) / "a.safetensors", {"b": np.zeros(3)}, {"kind": "example"})
    ...     arrays, metadata = read_tensors(Path(folder) / "a.safetensors")
    >>> arrays["b"], metadata
    (array([0., 0., 0.]), {'kind': 'example'})
    """
    write_atomically(path, tensor_bytes(arrays, metadata))


def tensor_bytes(arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> bytes:
    """Return the content that :func:`write_tensors` writes.

    Examples
    --------
    >>> tensor_bytes({"b": np.full(1, 65, np.uint8)}, {})[8:]
    b'{"__metadata__":{},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} A'
    """
    header: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))}
    parts: list[bytes] = []
    end = 0
    # Widest elements first keeps every array aligned, as the library does.
    for name in sorted(arrays, key=lambda name: (-np.asarray(arrays[name]).itemsize, name)):
        array = np.asarray(arrays[name])
        code = CODES.get(array.dtype.name)
        if code is None or name == METADATA:
            raise ModelFileError(f"array {printable(name)!r} of type {array.dtype} can't be stored")
        content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [end, end + len(content)]}
        end += len(content)
        parts.append(content)
    return b"".join([header_bytes(header), *parts])


def read_tensors(
    path: str | os.PathLike[str], *, max_bytes: int = MAX_FILE_BYTES
) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Read the arrays and the metadata of a safetensors file that need not be trusted.

    Parameters
    ----------
    path : path
    max_bytes : int
        The largest file to read.

    Returns
    -------
    arrays : dict of str to ndarray
        Writable copies.
    metadata : dict of str to str

    Raises
    ------
    ModelFileError
        The file is missing, too large, truncated or not valid safetensors, in one line that names it.

    Examples
    --------
    >>> read_tensors("no-such-file")
    Traceback (most recent call last):
    ...
    onelayer.errors.ModelFileError: no-such-file: can't be read: no such file or directory
    """
    content = read_limited(path, max_bytes, ModelFileError)
    name = printable(str(Path(path)))
    try:
        metadata = _checked_metadata(parse_header(content, len(content)))
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise ModelFileError(f"{name}: not a valid safetensors file: {printable(str(error))}") from error
    return {key: np.array(array) for key, array in arrays.items()}, metadata


def header_bytes(header: Mapping[str, Any], alignment: int = _ALIGNMENT) -> bytes:
    """Return what a file with this header begins with; the arrays' bytes then begin at a multiple of ``alignment``.

    Raises
    ------
    ModelFileError
        If a text in it is no Unicode, or it is longer than ``MAX_HEADER_BYTES``.
    """
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise ModelFileError(
            f"names and metadata must be valid text: {printable(repr(error.object[error.start : error.end]))}"
        ) from error
    text += b" " * (-(_LENGTH_BYTES + len(text)) % alignment)
    if len(text) > MAX_HEADER_BYTES:
        raise ModelFileError(
            f"names and metadata take {len(text):,} bytes, more than the {MAX_HEADER_BYTES:,} a file may have"
        )
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text


def parse_header(content: bytes, size: int) -> dict[str, Any]:
    """Return the header of a file of ``size`` bytes that begins with ``content``, of which no more need be there.

    Raises
    ------
    ValueError
        Saying what is wrong with it.
    """
    if len(content) < _LENGTH_BYTES:
        raise ValueError(f"truncated: {len(content)} bytes")
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    available = size - _LENGTH_BYTES
    if length > min(available, MAX_HEADER_BYTES):
        raise ValueError(f"its header claims {length:,} bytes, of {available:,} there (at most {MAX_HEADER_BYTES:,})")
    text = content[_LENGTH_BYTES : _LENGTH_BYTES + length].decode()
    header = json.loads(text, object_pairs_hook=_without_duplicates)
    if not isinstance(header, dict):
        raise ValueError("its header is not a table")
    return header


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name occurs twice in its header")
    return table


def _checked_metadata(header: dict[str, Any]) -> dict[str, str]:
    """Return the metadata, once every array has a type that NumPy has too (the rest is checked by the library)."""
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata is not a table of texts")
    for name, entry in header.items():
        code = entry.get("dtype") if isinstance(entry, dict) else None
        if code not in CODES.values():
            raise ValueError(f"array {name!r} has type {code!r}, which is not one of {', '.join(CODES.values())}")
    return metadata
