"""Downloading the files of a catalog set into the user's cache: atomic, measured, checked, and unpacked safely."""

from __future__ import annotations

import logging
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any

from onelayer.errors import DownloadError, OnelayerError

from .catalog import CatalogEntry, CatalogFile
from .locate import cache_folder
from .untrusted import label

__all__ = ["download"]

_SLACK_BYTES = 1 << 20


def download(entry: CatalogEntry, *, progress: bool = False) -> Path:
    """Download the official files of a set into ``CACHE/NAME``; files that are there and whole are not fetched again.

    Parameters
    ----------
    entry : CatalogEntry
        Which set.
    progress : bool, default False
        Whether to show a bar on stderr.

    Returns
    -------
    Path
        The folder they are in.

    Raises
    ------
    DownloadError
        If no address can be reached, what came has another checksum or is too long, or the folder can't be written.
        Nothing of it is left behind.
    """
    folder = cache_folder() / entry.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in entry.downloads:
            path = _fetch(entry, file, folder, progress)
            if path.name.endswith(".tar.gz"):
                _unpack(path, entry, folder)
                path.unlink()
    except OSError as error:
        if isinstance(error, OnelayerError):
            raise
        raise DownloadError(
            f"{label(folder)} can't be written: {error.strerror or error}. Free space, or set ONELAYER_CACHE."
        ) from error
    return folder


def _fetch(entry: CatalogEntry, file: CatalogFile, folder: Path, progress: bool) -> Path:
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    failures: list[str] = []
    for address in entry.addresses:
        bar = _Bar(file, progress)
        try:
            fetcher = pooch.HTTPDownloader(progressbar=bar)
            path = pooch.retrieve(address + file.name, file.checksum, fname=file.name, path=folder, downloader=fetcher)
            return Path(path)
        except DownloadError as error:
            failures.append(f"{address}: {error}")
        except ValueError:
            failures.append(f"{address}: what came has not the checksum {file.checksum}, given by {file.source}")
        except OSError as error:
            failures.append(f"{address}: {type(error).__name__}")
        finally:
            bar.close()
    raise DownloadError(
        f"{file.name} of {entry.name} could not be downloaded ({'; '.join(failures)}). "
        f"Put the files of {entry.name} in {label(folder)}, or in a folder {entry.name} under the data directory."
    )


class _Bar:
    """What pooch wants of a progress bar: shown by rich, and an end to streams that are longer than they should be."""

    def __init__(self, file: CatalogFile, shown: bool) -> None:
        self.total = 0
        self._file, self._done = file, 0
        self._progress: Any = None
        if shown:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                DownloadColumn(),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=Console(stderr=True))
            self._progress.start()
            self._task = self._progress.add_task(file.name, total=file.size)

    def update(self, count: int) -> None:
        self._done += count
        if self._file.size is not None and self._done > self._file.size + _SLACK_BYTES:
            raise DownloadError(f"more than the {self._file.size:,} bytes that {self._file.name} has came")
        if self._progress is not None:
            self._progress.update(self._task, completed=min(self._done, self._file.size or self._done))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _unpack(archive: Path, entry: CatalogEntry, folder: Path) -> None:
    """Unpack the expected members of a ``.tar.gz``, and these alone: plain files, of the size they must have.

    They are written to a folder beside their place and moved there when all are whole.
    """
    wanted = {member.name: member.size for member in entry.members if member.size is not None}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as temporary:
        try:
            with tarfile.open(archive, "r:gz") as tar:
                for member in tar:
                    name = member.name.rpartition("/")[2]
                    if name in wanted and member.isreg() and member.size == wanted[name]:
                        stream = tar.extractfile(member)
                        if stream is not None:
                            with stream, (Path(temporary) / name).open("wb") as out:
                                shutil.copyfileobj(stream, out, 1 << 20)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise DownloadError(f"{label(archive)} can't be unpacked: {error}.") from error
        missing = [name for name in wanted if not (Path(temporary) / name).is_file()]
        if missing:
            raise DownloadError(f"{label(archive)} lacks {', '.join(missing)}.")
        for name in wanted:
            (Path(temporary) / name).replace(folder / name)
