"""One process at a time writes into a folder: a lock that says who holds it.

The lock is the kernel's (``flock``) on a file in the folder, so it ends with the process that holds it, however that
ends: the file that a killed process leaves behind holds nobody up. The file says who holds the lock, for the message.
On NFS, Linux passes such locks on to the server, so that they hold between machines too. Where a file system has no
locks, what the file says has to do: a process of this machine that is no more holds nothing, one of another machine is
believed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from onelayer.errors import RunDirectoryError, printable
from onelayer.storage.atomic import write_error
from onelayer.storage.files import read_limited

__all__ = ["LOCK_FILE", "locked"]

LOCK_FILE: Final = ".onelayer.lock"

_MAX_BYTES: Final = 4096
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_SECONDS_BETWEEN_TRIES: Final = 0.05


@contextlib.contextmanager
def locked(folder: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder, which is made where it is missing; no other process or thread holds it meanwhile.

    Parameters
    ----------
    folder : Path
    wait : float
        Seconds to wait for whoever holds the lock.

    Raises
    ------
    RunDirectoryError
        If another holds it, and says who; or if the folder can't be made or written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder)):
    ...     os.listdir(folder)
    ['.onelayer.lock']
    """
    path, until = folder / LOCK_FILE, time.monotonic() + wait
    while (descriptor := _acquire(path)) is None:
        if time.monotonic() >= until:
            raise RunDirectoryError(f"{printable(str(folder))} is in use by {_holder(path)}")
        time.sleep(_SECONDS_BETWEEN_TRIES)
    try:
        yield
    finally:
        # Removed while it is held: whoever waits for this file finds that it is no more the one in the folder.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _acquire(path: Path) -> int | None:
    """Return a descriptor that holds the lock; None where another does."""
    try:
        return _try(path)
    except OSError as error:
        raise write_error(path, error) from error


def _try(path: Path) -> int | None:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:  # whoever made the folder has just removed it
            continue
        try:
            if _is_taken(descriptor, path):
                os.close(descriptor)
                return None
            if _is_same(descriptor, path):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(_record()).encode(), 0)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_taken(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return _is_alive(_read(path))
    return False


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether the file is still the one in the folder: the holder before may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _record() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": now}


def _read(path: Path) -> dict[str, Any]:
    """Return what a lock file says; nothing where that is not what we write."""
    try:
        record = json.loads(read_limited(path, _MAX_BYTES, RunDirectoryError))
        pid = int(record["pid"])
        return {"pid": pid, "host": str(record["host"]), "since": str(record["since"])} if pid > 0 else {}
    except (RunDirectoryError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return {}


def _is_alive(record: dict[str, Any]) -> bool:
    if not record or record["host"] != socket.gethostname():
        return bool(record)
    try:
        os.kill(record["pid"], 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _holder(path: Path) -> str:
    record = _read(path)
    advice = "wait until it ends, or name another folder"
    if not record:
        return f"another process: {advice}"
    is_here = record["host"] == socket.gethostname()
    place = "" if is_here else f" on {printable(record['host'], 60)}"
    return f"process {record['pid']}{place} since {printable(record['since'], 30)}: {advice}"
