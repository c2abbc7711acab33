"""The comparison of several runs, from their directories alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from onelayer.errors import RunDirectoryError, printable
from onelayer.experiment.report import read_report_data
from onelayer.reporting.comparison import ComparedRun, render_comparison
from onelayer.storage.atomic import write_atomically
from onelayer.storage.run_directory import RunDirectory

__all__ = ["compare_runs"]


def compare_runs(runs: Sequence[RunDirectory], out: Path, *, overwrite: bool = False) -> Path:
    """Write one page that compares finished runs; return its path.

    Parameters
    ----------
    runs : sequence of RunDirectory
        Two or more; they are known by the names of their folders, by their paths where these are the same.
    out : Path
        The page.
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    RunDirectoryError
        If a run is incomplete or damaged, or ``out`` exists or can't be written.
    ModelFileError
        If a model or predictions are damaged.
    """
    if out.exists() and not overwrite:
        raise RunDirectoryError(f"{printable(str(out))} exists. Name another file (--out), or --overwrite it.")
    names = [run.path.resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run.path) for run in runs]
    compared = [ComparedRun(name, read_report_data(run)) for name, run in zip(names, runs, strict=True)]
    write_atomically(out, render_comparison(compared))
    return out
