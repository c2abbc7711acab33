"""Reading a file that somebody else may have made: only regular files, and never more than a limit."""

from __future__ import annotations

import os
import stat

from onelayer.conversion import as_path
from onelayer.errors import OnelayerError, printable

__all__ = ["read_limited"]


def read_limited(path: str | os.PathLike[str], limit: int, error: type[OnelayerError]) -> bytes:
    """Return the bytes of the regular file ``path``, refusing one of more than ``limit`` before memory is taken.

    Parameters
    ----------
    path : path
        The file to read. Pipes, devices and folders are refused (a pipe would wait for ever).
    limit : int
        The most bytes to read.
    error : class of OnelayerError
        What to raise, with one line that names the file, where it can't be read.

    Examples
    --------
    >>> from onelayer.errors import ModelFileError
    >>> read_limited("no-such-file", 100, ModelFileError)
    Traceback (most recent call last):
    ...
    onelayer.errors.ModelFileError: no-such-file: can't be read: no such file or directory
    """
    path = as_path(path)
    name = printable(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise error(f"{name}: not a regular file")
            if status.st_size > limit:
                raise error(f"{name}: {status.st_size:,} bytes, more than the {limit:,} that are read")
            return file.read(status.st_size)
    except OnelayerError:
        raise
    except (OSError, ValueError) as reason:  # ValueError: a null character in the name
        text = (reason.strerror if isinstance(reason, OSError) else None) or str(reason)
        raise error(f"{name}: can't be read: {text.lower()}") from reason
