"""Everything that can go wrong for a user, each error saying what to do.

Every class here is also a ValueError, TypeError, OSError or ImportError, so that code
which knows nothing of onelayer catches it where it expects to. The command line prints the message alone and exits with
``exit_code``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "ConfigError",
    "DataError",
    "DataWarning",
    "DivergenceError",
    "DownloadError",
    "InputError",
    "InputTypeError",
    "InterruptedTrainingWarning",
    "MissingDependencyError",
    "ModelFileError",
    "OnelayerError",
    "RunDirectoryError",
    "StorageError",
    "UnavailableError",
    "did_you_mean",
    "printable",
]


class OnelayerError(Exception):
    """Base of every error that onelayer raises on purpose."""

    exit_code: ClassVar[int] = 2


class ConfigError(OnelayerError, ValueError):
    """A parameter, config key or command-line argument is unknown, of the wrong type or out of range."""


class InputError(OnelayerError, ValueError):
    """An array handed to onelayer has the wrong shape, values or labels."""


class InputTypeError(OnelayerError, TypeError):
    """An array handed to onelayer has a type that can't be used (objects, text, sparse matrices)."""


class UnavailableError(OnelayerError, AttributeError):
    """What an estimator does not have as it is set: probabilities of a loss without them, say."""


class DataError(OnelayerError, ValueError):
    """A data set, or a file of one, is damaged, hostile, incomplete or not what it says."""


class DownloadError(OnelayerError, OSError):
    """A data set could not be downloaded, or what came was not what was expected."""


class ModelFileError(OnelayerError, ValueError):
    """A model file or checkpoint is damaged, of another version, or not one of onelayer's."""


class RunDirectoryError(OnelayerError, OSError):
    """A run directory is missing, incomplete, already in use, or can't be created."""


class StorageError(OnelayerError, OSError):
    """Writing failed on the way (a full disk, say); what was there before is intact."""

    exit_code = 1


class DivergenceError(OnelayerError, ValueError):
    """Training reached an infinite or undefined loss."""

    exit_code = 1


class MissingDependencyError(OnelayerError, ImportError):
    """An optional package is needed for this; the message names the extra that installs it."""


class DataWarning(UserWarning):
    """Something was taken for granted of data that does not say it; the message says what, and how to say otherwise."""


class InterruptedTrainingWarning(UserWarning):
    """Training was ended by the user; the model, or the result of the sweep, holds what was learned until then."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the known name nearest to ``name``, or an empty string.

    Examples
    --------
    >>> did_you_mean("sofmax", ["softmax", "hinge"])
    "; did you mean 'softmax'?"
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def printable(text: str, limit: int = 200) -> str:
    r"""Return ``text`` (a name from a file, say) without control characters and cut to ``limit`` characters.

    Examples
    --------
    >>> printable("cat\x1b[31m")
    'cat\\x1b[31m'
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
