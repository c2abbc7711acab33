"""A file of named arrays that is written in blocks, verified when it is opened, and then read where it lies.

It is in the safetensors format, with the arrays in lines of the processor's cache. Its metadata has a note for people
and a digest of everything else: SHA-256 over the description of the arrays and the SHA-256 of each ``_BLOCK_BYTES`` of
their content, so that several threads share the work.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import DTypeLike

from onelayer.arrays import LINE_BYTES, Array
from onelayer.storage.tensors import CODES, MAX_HEADER_BYTES, METADATA, header_bytes, parse_header
from onelayer.threads import map_in_threads, usable_threads

__all__ = ["ArrayBlocks", "map_arrays", "read_note", "write_arrays"]

_FORMAT: Final = "onelayer cached arrays 1"
_BLOCK_BYTES: Final = 1 << 22
_NO_DIGEST: Final = "0" * 64  # stands in its place until it is known
_TYPES: Final = {code: np.dtype(name).newbyteorder("<") for name, code in CODES.items()}


@dataclass(frozen=True)
class ArrayBlocks:
    """An array to be written: its shape, its type, and its rows in blocks, in order, computed as they are taken."""

    shape: tuple[int, ...]
    dtype: DTypeLike
    blocks: Iterable[Array]

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def write_arrays(file: BinaryIO, arrays: Mapping[str, ArrayBlocks], note: str) -> None:
    """Write arrays into an empty file, one after the other, those of the widest type first.

    Raises
    ------
    OSError
        If the disk is full, say.
    ValueError
        If the blocks of an array do not make its shape.
    """
    header, digest = _described(arrays), _Digest()
    file.write(_header(header, note, _NO_DIGEST))
    for name in header:
        begin = digest.length
        for block in arrays[name].blocks:
            content = np.ascontiguousarray(block, dtype=arrays[name].dtype).data.cast("B")
            digest.update(content)
            file.write(content)
        if digest.length - begin != arrays[name].size:
            raise ValueError(f"{name}: {digest.length - begin} bytes came, not {arrays[name].size}")
    file.seek(0)
    file.write(_header(header, note, digest.of(header, note)))
    file.flush()


def file_size(arrays: Mapping[str, ArrayBlocks], note: str) -> int:
    """Return the bytes of the file that :func:`write_arrays` makes."""
    return len(_header(_described(arrays), note, _NO_DIGEST)) + sum(array.size for array in arrays.values())


def map_arrays(file: BinaryIO, *, verify: bool = True) -> dict[str, Array]:
    """Return the arrays of a file, memory-mapped and read-only, once all of their content is verified.

    Without ``verify`` only their description is: for a file that was written a moment ago.

    Raises
    ------
    ValueError
        If the file is damaged; nothing else is raised, whatever its content.
    OSError
        If it can't be read.
    """
    content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header, metadata, begin = _parsed(content[: MAX_HEADER_BYTES + 8], len(content))
    if verify:
        data = memoryview(content)[begin:]
        blocks = [data[start : start + _BLOCK_BYTES] for start in range(0, len(data), _BLOCK_BYTES)]
        digests = map_in_threads(lambda block: hashlib.sha256(block).digest(), blocks, usable_threads(None))
        if _root(header, metadata["note"], digests) != metadata["digest"]:
            raise ValueError("its checksum does not fit its content")
    return {name: _mapped(content, entry, begin) for name, entry in header.items()}


def read_note(file: BinaryIO, size: int) -> str:
    """Return the note of a file of ``size`` bytes, not verified; raises ValueError if the file is damaged."""
    note: str = _parsed(file.read(MAX_HEADER_BYTES + 8), size)[1]["note"]
    return note


class _Digest:
    """The digest of content that comes in pieces of any length."""

    def __init__(self) -> None:
        self.length = 0
        self._parts: list[Any] = []

    def update(self, content: memoryview) -> None:
        while len(content):
            place = self.length % _BLOCK_BYTES
            if place == 0:
                self._parts.append(hashlib.sha256())
            piece = content[: _BLOCK_BYTES - place]
            self._parts[-1].update(piece)
            self.length += len(piece)
            content = content[len(piece) :]

    def of(self, header: Mapping[str, Any], note: str) -> str:
        return _root(header, note, [part.digest() for part in self._parts])


def _root(header: Mapping[str, Any], note: str, digests: Sequence[bytes]) -> str:
    described = json.dumps([header, note], sort_keys=True).encode()
    return hashlib.sha256(b"".join([len(described).to_bytes(8, "little"), described, *digests])).hexdigest()


def _described(arrays: Mapping[str, ArrayBlocks]) -> dict[str, Any]:
    """Return the entry of each array in the header, in the order in which they are written."""
    header, end = {}, 0
    for name, array in sorted(arrays.items(), key=lambda item: -np.dtype(item[1].dtype).itemsize):
        offsets = [end, end := end + array.size]
        header[name] = {"dtype": CODES[np.dtype(array.dtype).name], "shape": list(array.shape), "data_offsets": offsets}
    return header


def _header(header: Mapping[str, Any], note: str, digest: str) -> bytes:
    return header_bytes({METADATA: {"format": _FORMAT, "note": note, "digest": digest}, **header}, LINE_BYTES)


def _parsed(start: bytes, size: int) -> tuple[dict[str, Any], dict[str, str], int]:
    """Return the entries of the arrays, the metadata, and where the arrays begin, in a file of ``size`` bytes."""
    try:
        header = parse_header(start, size)
        begin = 8 + int.from_bytes(start[:8], "little")
        metadata, end = header.pop(METADATA), 0
        if set(metadata) != {"format", "note", "digest"} or metadata["format"] != _FORMAT:
            raise ValueError("it is of another format")
        if any(not isinstance(text, str) for text in metadata.values()):
            raise TypeError
        for entry in header.values():
            sides = entry["shape"]
            if any(type(side) is not int or side < 0 for side in sides):
                raise TypeError
            length = math.prod(sides) * _TYPES[entry["dtype"]].itemsize
            if entry["data_offsets"] != [end, end + length]:
                raise ValueError("its arrays do not lie one after the other")
            end += length
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("its header is not one of a cached array") from error
    if begin + end != size:
        raise ValueError(f"it has {size:,} bytes, not {begin + end:,}")
    return header, metadata, begin


def _mapped(content: mmap.mmap, entry: Mapping[str, Any], begin: int) -> Array:
    flat = np.frombuffer(content, _TYPES[entry["dtype"]], math.prod(entry["shape"]), begin + entry["data_offsets"][0])
    return flat.reshape(entry["shape"])
