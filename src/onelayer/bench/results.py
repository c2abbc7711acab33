"""Results in a folder: one JSON file for each job, so that a job can be measured again without the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onelayer import engine
from onelayer.bench.jobs import JOBS, JobResult
from onelayer.errors import DataError, printable
from onelayer.storage.atomic import write_atomically
from onelayer.storage.environment import describe_environment
from onelayer.storage.plain import json_text

__all__ = ["Measured", "describe_machine", "read_results", "write_result"]


@dataclass(frozen=True)
class Measured:
    """The result of a job, and the machine and software it was measured on."""

    result: JobResult
    environment: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"result": self.result.to_dict(), "environment": self.environment}


def describe_machine(threads: int) -> dict[str, Any]:
    """Return the environment, with the versions of the peers that are installed.

    Examples
    --------
    >>> describe_machine(threads=2)["threads"]
    2
    """
    from importlib.metadata import PackageNotFoundError, version

    environment = describe_environment(engine=engine.name(), threads=threads)
    for peer in ("torch", "scikit-image"):
        try:
            environment["versions"][peer] = version(peer)
        except PackageNotFoundError:
            continue
    return environment


def write_result(folder: Path, measured: Measured) -> Path:
    """Write ``JOB.json`` into a folder, which is made if need be; return its path.

    Raises
    ------
    RunDirectoryError, StorageError
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{measured.result.job}.json"
    write_atomically(path, json_text(measured.to_dict(), indent=1) + "\n")
    return path


def read_results(folder: Path) -> list[Measured]:
    """Return what a folder holds, in the order of the jobs.

    Raises
    ------
    DataError
        If a file is not what :func:`write_result` wrote, or there is none.
    """
    found = [_read(folder / f"{name}.json") for name in JOBS if (folder / f"{name}.json").is_file()]
    if not found:
        raise DataError(f"{printable(str(folder))} holds no results: measure them with onelayer bench --out")
    return found


def _read(path: Path) -> Measured:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Measured(JobResult.from_dict(content["result"]), content["environment"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{printable(str(path))} is no result of onelayer bench ({printable(str(error))}); measure that job again"
        ) from None
