"""Reading a file that somebody else may have made: only regular files, and never more than a limit."""

from __future__ import annotations

import codecs
import os
import stat

from onelayer.conversion import as_path
from onelayer.errors import OnelayerError, printable

__all__ = ["decode_text", "read_limited"]


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


def decode_text(content: bytes) -> str:
    r"""Return the text of a file that a person wrote: UTF-8, or what its byte-order mark says, as editors leave it.

    Raises
    ------
    UnicodeDecodeError
        If it is no such text.

    Examples
    --------
    >>> decode_text("\ufeffa = 1".encode()), decode_text("a = 1".encode("utf-16"))
    ('a = 1', 'a = 1')
    """
    # The mark of UTF-32 begins with that of UTF-16.
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if len(content) == len(codecs.BOM_UTF16_LE):
            raise UnicodeDecodeError("utf-16", content, 0, len(content), "nothing follows the byte-order mark")
        return content.decode("utf-16")
    return content.decode("utf-8-sig")
