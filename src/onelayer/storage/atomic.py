"""Writing a file so that a reader finds the old content or the new one, whole, whatever happens on the way."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from onelayer.conversion import as_path
from onelayer.errors import OnelayerError, RunDirectoryError, StorageError, printable

__all__ = ["leftovers", "write_atomically", "write_error"]

# What these say is about the path that was asked for, not about the disk: choosing another path helps.
_PATH_ERRORS = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)


def write_atomically(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Replace the content of ``path`` by ``data``, whole or not at all, and durably.

    The data goes to a temporary file in the same folder, is flushed to the disk and takes the name ``path`` in one
    step. A symbolic link at ``path`` is replaced, never followed. A killed process can leave the temporary file behind
    (see :func:`leftovers`).

    Parameters
    ----------
    path : path
        The file to write; its folder must exist.
    data : bytes or str
        The whole new content; text is written as UTF-8.

    Raises
    ------
    InputTypeError
        ``path`` is no path.
    RunDirectoryError
        The folder is missing or may not be written, or ``path`` is a folder.
    StorageError
        The disk is full or failed. What was at ``path`` before is intact.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "note.txt", "one layer")
    ...     (Path(folder) / "note.txt").read_text()
    'one layer'
    """
    target = as_path(path)
    content = data.encode() if isinstance(data, str) else data
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        _write_durably(temporary, content)
        os.replace(temporary, target)
    except OSError as error:
        _remove(temporary)
        raise write_error(target, error) from error
    except ValueError as error:  # a null character, which no name has
        raise write_error(target, OSError(errno.ENOENT, str(error))) from error
    except BaseException:  # Ctrl-C, too, leaves nothing half-written
        _remove(temporary)
        raise
    _sync_folder(target.parent)


def leftovers(path: str | os.PathLike[str]) -> list[Path]:
    """Return the temporary files that killed processes left behind while writing ``path``, sorted.

    Examples
    --------
    >>> leftovers("no-such-folder/model.safetensors")
    []
    """
    target = Path(path)
    try:
        names = os.listdir(target.parent)
    except OSError:
        return []
    start, end = f".{target.name}.", ".tmp"
    return sorted(target.with_name(name) for name in names if name.startswith(start) and name.endswith(end))


def write_error(path: Path, error: OSError) -> OnelayerError:
    """Return the error to raise where ``path`` could not be written: the path's fault or the disk's.

    Examples
    --------
    >>> str(write_error(Path("a.json"), PermissionError(errno.EACCES, "Permission denied")))
    "a.json can't be written: permission denied. Name a folder that exists and that you may write to."
    """
    name = printable(str(path))
    reason = (error.strerror or str(error)).lower()
    if error.errno in _PATH_ERRORS:
        return RunDirectoryError(
            f"{name} can't be written: {reason}. Name a folder that exists and that you may write to."
        )
    state = "what was there before is intact" if os.path.lexists(path) else "nothing was left half-written"
    return StorageError(f"writing {name} failed: {reason}; {state}. Make room on the disk, then run again.")


def _write_durably(path: Path, content: bytes) -> None:
    # Mode 0666 less the umask, as open() gives: tempfile's 0600 would hide results from the user's group.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _sync_folder(folder: Path) -> None:
    # The new name is in place already. A file system that can't sync folders, or a folder we may write but not read,
    # gives no more than this.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
