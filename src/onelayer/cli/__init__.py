"""The command line: thin verbs over the package. Modules that compute are loaded by the verb that needs them.

Exit codes: 0 done, also where Ctrl-C ended training or a sweep and the run was written; 1 the run failed (diverged,
disk full), or a check did; 2 bad usage, input or configuration. Results go to stdout; errors, progress and messages to
stderr.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TextIO

import typer

from onelayer.cli.bench import bench
from onelayer.cli.check import check
from onelayer.cli.data import data
from onelayer.cli.derive import derive
from onelayer.cli.evaluation import evaluate, predict, report
from onelayer.cli.features import cache
from onelayer.cli.output import complain, tell
from onelayer.cli.reproduce import reproduce
from onelayer.cli.sweep import sweep
from onelayer.cli.training import train
from onelayer.errors import DataWarning, OnelayerError
from onelayer.version import __version__

__all__ = ["main"]

INTERRUPTED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="onelayer",
    help="Train, verify, explain and ship linear image classifiers.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for verb in (train, sweep, evaluate, predict, report, check, derive, reproduce, bench):
    app.command()(verb)
app.add_typer(data, name="data")
app.add_typer(cache, name="cache")


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"onelayer {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Train, verify, explain and ship linear image classifiers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str or None
        What follows the program's name; None for those of this process.

    Examples
    --------
    >>> main(["--version"])  # doctest: +ELLIPSIS
    onelayer ...
    0
    """
    _never_fail_to_print(sys.stdout)
    try:
        return _run(arguments)
    finally:
        _end_output(sys.stdout)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        with _notes_told():
            code = int(app(args=arguments, standalone_mode=False) or 0)
        sys.stdout.flush()
    except OnelayerError as error:
        return complain(str(error), error.exit_code)
    except BrokenPipeError:
        return 1  # whoever read our output has gone: there is nobody left to tell
    except MemoryError:
        return complain("not enough memory for this; use less data, or smaller images", 1)
    except OSError as error:
        return complain(f"{error.filename or 'input or output'}: {error.strerror or error}", 1)
    except Exception as error:
        return _refuse_usage(error)
    return complain("interrupted", 1) if code == INTERRUPTED else code


@contextmanager
def _notes_told() -> Iterator[None]:
    """Say in a line what was taken for granted of data; other warnings stay as Python shows them."""
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, DataWarning):
                tell(f"note: {message}")
            else:
                shown(message, category, *place, **more)

        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = say
        yield


def _refuse_usage(error: Exception) -> int:
    # typer brings its own copy of click, so its errors are known by what they can do
    if not hasattr(error, "format_message"):
        raise error
    message = error.format_message()
    if message.startswith("Usage:"):  # the verb is missing: this is the help already
        sys.stderr.write(message + "\n")
        return 2
    return complain(f"{message} (try --help)", 2)


def _end_output(stream: TextIO) -> None:
    """Throw away what can't be written: Python would try again when it ends, and fail with a message of its own."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _never_fail_to_print(stream: TextIO) -> None:
    """Write what the terminal's encoding lacks (× or –, in plain ASCII) as escapes instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
