"""The folder of one run: which files it has, how it is begun, and how it is read again."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tomli_w

from onelayer.errors import ConfigError, RunDirectoryError, printable
from onelayer.storage.atomic import leftovers, write_atomically, write_error
from onelayer.storage.files import decode_text, read_limited
from onelayer.storage.history import Columns, format_history, parse_history
from onelayer.storage.lock import LOCK_FILE, locked
from onelayer.storage.plain import json_text, parse_json_table, plain

__all__ = ["RunDirectory"]

# config.toml comes last: a removal that is interrupted leaves a folder that is still known as a run.
_FILES = (
    "metrics.json",
    "sweep.json",
    "history.jsonl",
    "model.safetensors",
    "predictions.safetensors",
    "checkpoint.safetensors",
    "report.html",
    "environment.json",
    "config.toml",
)
_FIGURES = "figures"
_FIGURE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.(png|svg)")
_MARK = "# The resolved configuration of an onelayer run.\n"
_MAX_CONFIG_BYTES = 1 << 18
_MAX_DOTS = 256  # in a line: tomllib's time grows with the square of the parts of a dotted key
_MAX_JSON_BYTES = 1 << 24
_MAX_HISTORY_BYTES = 1 << 28


@dataclass(frozen=True)
class RunDirectory:
    """A run's folder; get one from :meth:`create` or :meth:`open`.

    All writing is atomic, and never through a link. What is read may come from anyone: it has a limit in size, and
    whatever is wrong with it raises RunDirectoryError in one line that names the file.

    Parameters
    ----------
    path : Path
        The folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = RunDirectory.create(Path(folder) / "digits")
    ...     run.write_config({"loss": "softmax", "l2": 1e-4, "random_state": None})
    ...     RunDirectory.open(run.path).read_config()
    {'loss': 'softmax', 'l2': 0.0001}
    """

    path: Path

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, overwrite: bool = False) -> RunDirectory:
        """Begin a run in a new or empty folder.

        Parameters
        ----------
        path : path
            The folder; it and its parents are made where they are missing.
        overwrite : bool
            Remove the run that the folder holds. Only files that a run owns go; anything else in the folder stays.

        Raises
        ------
        RunDirectoryError
            The folder holds a run and ``overwrite`` is false; it is not empty and holds no run; it is a link or no
            folder; it can't be made.
        """
        run = cls.reserve(path, overwrite=overwrite)
        run.clear()
        return run

    @classmethod
    def reserve(cls, path: str | os.PathLike[str], *, overwrite: bool = False) -> RunDirectory:
        """Make the folder where it is missing and check that a run may begin in it, but remove nothing yet.

        Parameters and errors are those of :meth:`create`.
        """
        run = cls._place_for(path)
        if run._contents() and not overwrite:
            raise RunDirectoryError(f"{run} already holds a run. Name another folder, or overwrite it (--overwrite).")
        return run

    @classmethod
    @contextlib.contextmanager
    def reserved(
        cls, path: str | os.PathLike[str], *, overwrite: bool = False, wait: float = 0.0
    ) -> Iterator[RunDirectory]:
        """Reserve a folder as :meth:`reserve` does, and be the only process, and the only thread, that writes into it.

        Raises
        ------
        RunDirectoryError
            As of :meth:`reserve`, and if another one still writes into it after ``wait`` seconds; the message says who.
        """
        with cls._place_for(path).locked(wait=wait):
            yield cls.reserve(path, overwrite=overwrite)

    @classmethod
    def _place_for(cls, path: str | os.PathLike[str]) -> RunDirectory:
        """Make the folder where it is missing; refuse one that is something else's."""
        run = cls(Path(path))
        if os.path.islink(run.path):  # which, unlike pathlib, answers no for names that can't exist
            raise RunDirectoryError(f"{run} is a link. Name the folder it stands for, or another one.")
        try:
            run.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(run.path, error) from error
        if run._contents() and not run.is_marked():
            raise RunDirectoryError(f"{run} is not empty and holds no run. Name a new or an empty folder.")
        return run

    def _contents(self) -> set[str]:
        """Return the names of what is in the folder, but for what killed processes left."""
        return set(_names(self.path)) - {LOCK_FILE, *(leftover.name for leftover in self._leftovers())}

    @contextlib.contextmanager
    def locked(self, *, wait: float = 0.0) -> Iterator[None]:
        """Be the only process, and the only thread, that writes into the run; see :func:`onelayer.storage.lock.locked`.

        Raises
        ------
        RunDirectoryError
            Another one does, and the message says which.
        """
        with locked(self.path, wait=wait):
            yield

    def clear(self) -> None:
        """Remove the files of the run that the folder holds, and nothing else."""
        self._remove_figures()
        _remove([*self._leftovers(), *(self.path / name for name in _FILES)])

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, needs: Iterable[str] = ("config.toml",)) -> RunDirectory:
        """Return the run that a folder holds.

        Parameters
        ----------
        path : path
        needs : iterable of str
            The files it must have, by name.

        Raises
        ------
        RunDirectoryError
            There is no such folder, or what it lacks.
        """
        run = cls(Path(path))
        if not os.path.isdir(run.path):
            raise RunDirectoryError(f"{run}: no such run directory")
        missing = [name for name in needs if not (run.path / name).is_file()]
        if missing:
            raise RunDirectoryError(f"{run} is not a complete run directory: it lacks {', '.join(missing)}")
        return run

    def __str__(self) -> str:
        return printable(str(self.path))

    @property
    def config_path(self) -> Path:
        """``config.toml``: the resolved configuration."""
        return self.path / "config.toml"

    @property
    def metrics_path(self) -> Path:
        """``metrics.json``: figures of merit."""
        return self.path / "metrics.json"

    @property
    def sweep_path(self) -> Path:
        """``sweep.json``: every trial of a sweep, and what was chosen of them."""
        return self.path / "sweep.json"

    @property
    def history_path(self) -> Path:
        """``history.jsonl``: every step and every validation."""
        return self.path / "history.jsonl"

    @property
    def model_path(self) -> Path:
        """``model.safetensors``: the model."""
        return self.path / "model.safetensors"

    @property
    def checkpoint_path(self) -> Path:
        """``checkpoint.safetensors``: where training is, while it trains."""
        return self.path / "checkpoint.safetensors"

    @property
    def predictions_path(self) -> Path:
        """``predictions.safetensors``: what was decided on each evaluated row, and the images that the report shows."""
        return self.path / "predictions.safetensors"

    @property
    def report_path(self) -> Path:
        """``report.html``: one self-contained page."""
        return self.path / "report.html"

    @property
    def environment_path(self) -> Path:
        """``environment.json``: what the run ran on and with."""
        return self.path / "environment.json"

    @property
    def figures_path(self) -> Path:
        """``figures/``: the report's pictures."""
        return self.path / _FIGURES

    def artefacts(self) -> dict[str, Path]:
        """Return the names and places of the files that a run leaves; some of them may not be there."""
        return {
            "config": self.config_path,
            "environment": self.environment_path,
            "history": self.history_path,
            "metrics": self.metrics_path,
            "model": self.model_path,
            "predictions": self.predictions_path,
            "report": self.report_path,
            "sweep": self.sweep_path,
        }

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write the resolved configuration; None is left out, TOML has no such value.

        Raises
        ------
        ConfigError
            A text in it is not valid Unicode.
        """
        text = _MARK + tomli_w.dumps(_without_none(plain(config)))
        try:
            content = text.encode()
        except UnicodeEncodeError as error:
            part = printable(repr(error.object[max(0, error.start - 20) : error.end]))
            raise ConfigError(f"a value of the configuration is not valid text: {part}") from error
        write_atomically(self.config_path, content)

    def read_config(self) -> dict[str, Any]:
        """Read the configuration, without what was None."""
        content = read_limited(self.config_path, _MAX_CONFIG_BYTES, RunDirectoryError)
        try:
            text = decode_text(content)
            if any(line.count(".") > _MAX_DOTS for line in text.splitlines()):
                raise ValueError("nested too deep")
            return tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._damaged(self.config_path, error) from error

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write the figures of merit; NaN and infinities become ``null``."""
        write_atomically(self.metrics_path, json_text(metrics, indent=2) + "\n")

    def read_metrics(self) -> dict[str, Any]:
        """Read the figures of merit."""
        return self._read_table(self.metrics_path)

    def write_sweep(self, sweep: Mapping[str, Any]) -> None:
        """Write what a sweep found; NaN and infinities become ``null``."""
        write_atomically(self.sweep_path, json_text(sweep, indent=2) + "\n")

    def read_sweep(self) -> dict[str, Any]:
        """Read what a sweep found."""
        return self._read_table(self.sweep_path)

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Write what :func:`onelayer.storage.environment.describe_environment` returned."""
        write_atomically(self.environment_path, json_text(environment, indent=2) + "\n")

    def read_environment(self) -> dict[str, Any]:
        """Read the description of the environment."""
        return self._read_table(self.environment_path)

    def write_history(self, history: Mapping[str, npt.ArrayLike]) -> None:
        """Write a history of 1-D arrays, as :func:`onelayer.storage.history.format_history` has it."""
        write_atomically(self.history_path, format_history(history))

    def read_history(self) -> Columns:
        """Read the history: int64 for steps and epochs, float64 for the rest, NaN where ``null`` was written."""
        content = read_limited(self.history_path, _MAX_HISTORY_BYTES, RunDirectoryError)
        try:
            return parse_history(content.decode())
        except ValueError as error:
            raise self._damaged(self.history_path, error) from error

    def write_figure(self, name: str, content: bytes) -> None:
        """Write one picture under ``figures/``.

        Parameters
        ----------
        name : str
            Lower-case letters, digits, ``-`` and ``_``, then ``.png`` or ``.svg``.
        content : bytes
        """
        if not _FIGURE_NAME.fullmatch(name):
            raise RunDirectoryError(f"{printable(name)!r} is no name for a figure")
        if self.figures_path.is_symlink():
            raise RunDirectoryError(f"{printable(str(self.figures_path))} is a link. Remove it, then run again.")
        try:
            self.figures_path.mkdir(exist_ok=True)
        except OSError as error:
            raise write_error(self.figures_path, error) from error
        write_atomically(self.figures_path / name, content)

    def write_report(self, page: str) -> None:
        """Write the report, one HTML document."""
        write_atomically(self.report_path, page)

    def remove_checkpoint(self) -> None:
        """Remove the checkpoint, and what killed processes left half-written: the run is done."""
        _remove([self.checkpoint_path, *self._leftovers()])

    def is_marked(self) -> bool:
        """Whether config.toml is ours: other programs have files of that name, and theirs must not be removed."""
        try:
            text = decode_text(read_limited(self.config_path, _MAX_CONFIG_BYTES, RunDirectoryError))
            return text.partition("\n")[0].rstrip("\r") == _MARK.rstrip("\n")  # also after an editor's work
        except (RunDirectoryError, UnicodeDecodeError):
            return False

    def _remove_figures(self) -> None:
        if self.figures_path.is_symlink():
            _remove([self.figures_path])
        elif self.figures_path.is_dir():
            _remove(self.figures_path / name for name in _names(self.figures_path) if _FIGURE_NAME.fullmatch(name))
            with contextlib.suppress(OSError):  # someone keeps other files there: they stay
                self.figures_path.rmdir()

    def _leftovers(self) -> list[Path]:
        return [path for name in _FILES for path in leftovers(self.path / name)]

    def _read_table(self, path: Path) -> dict[str, Any]:
        content = read_limited(path, _MAX_JSON_BYTES, RunDirectoryError)
        try:
            return parse_json_table(content)
        except ValueError as error:
            raise self._damaged(path, error) from error

    @staticmethod
    def _damaged(path: Path, error: Exception) -> RunDirectoryError:
        return RunDirectoryError(f"{printable(str(path))} is damaged: {printable(str(error))}")


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise write_error(folder, error) from error


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(path, error) from error


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(entry) for key, entry in value.items() if entry is not None}
    return value
