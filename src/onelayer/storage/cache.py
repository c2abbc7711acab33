"""Named arrays kept on disk between runs, by a key that says what they are: whole, verified when read, bounded.

An entry is a file ``KEY.safetensors``. It is written under a temporary name and renamed, so that readers see it whole
or not at all. Its writer holds the temporary file locked for as long as it lives: what a killed one left is known by
its open lock, and removed by whoever writes next.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from onelayer.arrays import Array
from onelayer.errors import ConfigError, printable
from onelayer.storage.cached_arrays import ArrayBlocks, file_size, map_arrays, read_note, write_arrays

__all__ = ["ArrayCache", "CacheEntry", "parse_size", "size_text"]

_SUFFIX: Final = ".safetensors"
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class CacheEntry:
    """An entry as a listing shows it: its file, size in bytes, when it was last used (seconds since 1970), its note."""

    path: Path
    size: int
    used: float
    note: str


class ArrayCache:
    """Named arrays by key in one folder, up to a size; those that were used longest ago go first.

    Any number of processes may use one folder at once. Nothing here fails: where an entry can't be read or kept, that
    is said in a line, and whoever asked computes.

    Parameters
    ----------
    folder : Path
        Made when the first entry is kept.
    limit : int
        Bytes that all entries together may take.
    tell : callable
        Told in a line of a damaged entry, or why one was not kept; the same line only once.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> ones = np.ones((2, 3), np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = ArrayCache(Path(folder), 1 << 20)
    ...     cache.read("0" * 64) is None
    ...     kept = cache.keep("0" * 64, {"rows": ArrayBlocks(ones.shape, ones.dtype, [ones])}, "an example")
    ...     cache.read("0" * 64)["rows"].tolist()
    True
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, folder: Path, limit: int, tell: Callable[[str], None] = lambda line: None) -> None:
        self.folder, self.limit = folder, limit
        self._tell, self._told = tell, set[str]()

    def read(self, key: str) -> dict[str, Array] | None:
        """Return the arrays of an entry, read-only and memory-mapped, once all of their content is verified.

        None where there is no such entry. A damaged one is removed.
        """
        path = self._path(key)
        try:
            with _opened(path) as file:
                arrays = map_arrays(file)
                with contextlib.suppress(OSError):  # a folder that may only be read serves as well
                    os.utime(file.fileno())
                return arrays
        except FileNotFoundError:
            return None
        except OSError as error:
            self._say(f"{_name(path)} can't be read: {_reason(error)}; what it holds is computed again")
            return None
        except ValueError as error:
            self._say(f"{_name(path)} is damaged ({printable(str(error))}): what it held is computed again")
            _remove(path)
            return None

    def keep(self, key: str, arrays: Mapping[str, ArrayBlocks], note: str) -> dict[str, Array] | None:
        """Write an entry, and return its arrays, memory-mapped.

        None where it can't be kept: it is larger than the limit, or the disk is full.

        Parameters
        ----------
        key : str
            Hexadecimal.
        arrays : mapping of str to ArrayBlocks
            What is computed while it is asked for block by block need never be in memory as a whole.
        note : str
            What a listing says of the entry.
        """
        size = file_size(arrays, note)
        if size > self.limit:
            self._say(
                f"{size_text(size)} of {note} are not kept: the cache may hold {size_text(self.limit)}, "
                "which ONELAYER_CACHE_SIZE sets"
            )
            return None
        path = self._path(key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(size)
            with _temporary(path) as (temporary, file):
                write_arrays(file, arrays, note)
                os.replace(temporary, path)
                self._make_room(0, spared=path)
                return map_arrays(file, verify=False)
        except OSError as error:
            self._say(f"{note} are not kept in {printable(str(self.folder))}: {_reason(error)}")
            return None

    def entries(self) -> list[CacheEntry]:
        """Return the entries, the one used last first; what is damaged has an empty note."""
        found = []
        for path in self._files(_SUFFIX):
            with contextlib.suppress(OSError), _opened(path) as file:
                status = os.fstat(file.fileno())
                note = ""
                with contextlib.suppress(ValueError):
                    note = read_note(file, status.st_size)
                found.append(CacheEntry(path, status.st_size, status.st_mtime, note))
        return sorted(found, key=lambda entry: -entry.used)

    def clear(self) -> int:
        """Remove all entries, and what killed writers left; return the bytes that they took."""
        freed = 0
        for path, status in self._sizes():
            _remove(path)
            freed += status.st_size
        return freed

    def _make_room(self, size: int, spared: Path | None = None) -> None:
        """Remove entries, those used longest ago first, until ``size`` bytes more fit under the limit."""
        files = self._sizes()
        total = sum(status.st_size for _, status in files) + size
        for path, status in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if total <= self.limit:
                return
            if path != spared:
                _remove(path)
                total -= status.st_size

    def _sizes(self) -> list[tuple[Path, os.stat_result]]:
        """Return the entries with their sizes; what killed writers left is removed on the way."""
        for path in self._files(".tmp"):
            _remove_if_abandoned(path)
        found = []
        for path in self._files(_SUFFIX):
            with contextlib.suppress(OSError):
                found.append((path, path.lstat()))
        return found

    def _files(self, suffix: str) -> list[Path]:
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        return [self.folder / name for name in names if name.endswith(suffix)]

    def _path(self, key: str) -> Path:
        return self.folder / f"{int(key, 16):0{len(key)}x}{_SUFFIX}"

    def _say(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._tell(line)


def parse_size(text: str) -> int:
    """Return the bytes that a text such as ``"10G"`` or ``"500M"`` means.

    Raises
    ------
    ConfigError
        If it means none.

    Examples
    --------
    >>> parse_size("1.5K")
    1536
    """
    number, unit = text.strip().upper().removesuffix("B"), ""
    if number and number[-1] in _UNITS:
        number, unit = number[:-1], number[-1]
    try:
        size = float(number) * _UNITS[unit]
    except ValueError:
        size = math.nan
    if not 0 <= size < 1 << 62:
        raise ConfigError(f"a size of {printable(repr(text))}: write bytes, or a number with K, M, G or T, such as 10G")
    return int(size)


def size_text(size: int) -> str:
    """Return bytes for people.

    Examples
    --------
    >>> size_text(1536), size_text(10 << 30)
    ('1.5 KB', '10.0 GB')
    """
    power = min(max(0, (size.bit_length() - 1) // 10), len(_UNITS) - 1)
    return f"{size} bytes" if power == 0 else f"{size / (1 << 10 * power):.1f} {list(_UNITS)[power]}B"


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Make a file beside ``path``, locked by this process; what is not renamed in the end is removed."""
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "w+b") as file:
        try:
            with contextlib.suppress(OSError):  # without locks, what a killed writer leaves stays
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield temporary, file
        except BaseException:
            _remove(temporary)
            raise


def _remove_if_abandoned(path: Path) -> None:
    with contextlib.suppress(OSError), _opened(path) as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where the writer lives
        _remove(path)


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _name(path: Path) -> str:
    return printable(str(path))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
