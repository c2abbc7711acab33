"""Grids: the values that a sweep tries, and which of their combinations can be trained in one pass."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np

from onelayer.conversion import plain_value
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.selection.result import Scale, SweptAxis
from onelayer.training.parameters import TrainingParameters

__all__ = ["IN_ONE_PASS", "MOST_TRIALS", "Axis", "Grid", "parse_axis", "pass_key"]

MOST_TRIALS: Final = 10_000
_SPACINGS: Final[Mapping[str, Scale]] = {"log": "log", "lin": "lin"}
_WIDE: Final = 20.0  # a list of numbers that spans more than this is shown on a logarithmic axis

# What models trained together may each have their own of; all else changes the rows, their order, the targets or the
# form of the objective, which they share.
IN_ONE_PASS: Final = frozenset(
    {
        *("learning_rate", "schedule", "decay_rate", "decay_epochs", "decay_at_start", "warmup_epochs"),
        *("momentum", "l2", "init", "init_scale", "max_epochs", "early_stopping", "patience", "monitor", "keep"),
    }
)
_NOT_SWEPT: Final = {
    "validation_fraction": "it changes the rows that models are compared on",
    "image_shape": "it is a property of the images",
    "warm_start": "every model of a sweep starts anew",
    "n_jobs": "it changes no model",
    "verbose": "it changes no model",
}
_SWEPT: Final = tuple(name for name in TrainingParameters.model_fields if name not in _NOT_SWEPT)


@dataclass(frozen=True)
class Axis(SweptAxis):
    """A parameter and the values to try.

    Parameters
    ----------
    name : str
        A field of ``TrainingParameters``.
    values : tuple
        At least one, all different.
    scale : {"log", "lin", "list"}
        How they lie: evenly by their logarithm, evenly, or as single choices.

    Raises
    ------
    ConfigError
        For an unknown name (with the nearest known one), one that can't vary, a value out of range, or one given twice.
    """

    def __post_init__(self) -> None:
        if self.name in _NOT_SWEPT:
            raise ConfigError(f"{self.name} can't be swept: {_NOT_SWEPT[self.name]}")
        if self.name not in _SWEPT:
            hint = did_you_mean(self.name, _SWEPT)
            raise ConfigError(f"a grid varies parameters of training, and {printable(self.name)!r} is none{hint}")
        checked = tuple(getattr(TrainingParameters.check({self.name: value}), self.name) for value in self.values)
        object.__setattr__(self, "values", checked)
        if not checked:
            raise ConfigError(f"the grid over {self.name} has no values")
        twice = [value for place, value in enumerate(checked) if value in checked[:place]]
        if twice:
            raise ConfigError(f"the grid over {self.name} has {twice[0]!r} twice")

    @classmethod
    def of(cls, name: str, values: Sequence[Any]) -> Axis:
        """Return an axis of given values; numbers lie on a logarithmic scale if they span more than a factor 20.

        Examples
        --------
        >>> Axis.of("l2", [0.001, 0.01, 0.1]).scale, Axis.of("momentum", [0.0, 0.9]).scale
        ('log', 'lin')
        """
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise ConfigError(f"{printable(str(name))}={printable(repr(values))}: a grid needs a list of values")
        plain = tuple(map(plain_value, values))
        return cls(name, plain, _scale_of(plain))


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of some axes.

    Parameters
    ----------
    axes : tuple of Axis
        The last varies fastest.

    Raises
    ------
    ConfigError
        For a parameter given twice, no axis, or more than 10,000 combinations.

    Examples
    --------
    >>> grid = Grid.parse(["l2=1e-4:1e-2:log:3", "loss=softmax,hinge"])
    >>> grid.n_trials, grid.values()[1]
    (6, {'l2': 0.0001, 'loss': 'hinge'})
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        if not names:
            raise ConfigError("a sweep needs a grid, for example --grid l2=1e-4:1:log:9")
        twice = [name for place, name in enumerate(names) if name in names[:place]]
        if twice:
            raise ConfigError(f"the grid varies {twice[0]} twice: give all its values at once")
        if self.n_trials > MOST_TRIALS:
            raise ConfigError(f"the grid has {self.n_trials:,} combinations; {MOST_TRIALS:,} are the most")

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Grid:
        """Return the grid that texts such as ``l2=1e-4:1:log:9`` describe; see :func:`parse_axis`."""
        return cls(tuple(map(parse_axis, texts)))

    @classmethod
    def of(cls, values: Mapping[str, Sequence[Any]]) -> Grid:
        """Return the grid of named lists of values."""
        if not isinstance(values, Mapping):
            raise ConfigError(f"a grid maps parameters to lists of their values; {type(values).__name__} is no mapping")
        return cls(tuple(Axis.of(name, several) for name, several in values.items()))

    @property
    def n_trials(self) -> int:
        """Number of combinations."""
        return math.prod(len(axis.values) for axis in self.axes)

    def values(self) -> list[dict[str, Any]]:
        """Return the values of each combination."""
        names = [axis.name for axis in self.axes]
        return [dict(zip(names, one, strict=True)) for one in product(*(axis.values for axis in self.axes))]

    def trials(self, base: TrainingParameters) -> list[TrainingParameters]:
        """Return ``base`` with the values of each combination in place of its own."""
        return [base.model_copy(update=values) for values in self.values()]


def parse_axis(text: str) -> Axis:
    """Return the axis that a text describes.

    ``name=lo:hi:log:count`` and ``name=lo:hi:lin:count`` are ``count`` values from lo to hi, evenly spaced by their
    logarithm or as they are (rounded where the parameter is a whole number); ``name=a,b,c`` are these values.

    Raises
    ------
    ConfigError
        If the text is none of these, or the values are not the parameter's.

    Examples
    --------
    >>> parse_axis("batch_size=16:64:log:3")
    Axis(name='batch_size', values=(16, 32, 64), scale='log')
    >>> parse_axis("lr=0.1,0.2")
    Traceback (most recent call last):
    onelayer.errors.ConfigError: a grid varies parameters of training, and 'lr' is none
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not name or not values:
        raise ConfigError(
            f"--grid {printable(text)!r}: write name=lo:hi:log:count, name=lo:hi:lin:count or name=a,b,c, "
            "for example l2=1e-4:1:log:9"
        )
    if ":" in values:
        return _parse_range(name, values)
    return Axis.of(name, [_value(part.strip()) for part in values.split(",")])


def pass_key(parameters: TrainingParameters) -> tuple[tuple[str, str], ...]:
    """Return what models must have in common to be trained in one pass.

    The seed counts, unless nothing but the start depends on it.

    Examples
    --------
    >>> one, other = TrainingParameters(l2=0.1), TrainingParameters(l2=1.0, momentum=0.9)
    >>> pass_key(one) == pass_key(other), pass_key(one) == pass_key(TrainingParameters(loss="hinge"))
    (True, False)
    """
    free = set(IN_ONE_PASS)
    if parameters.shuffle is False and parameters.flip_probability == 0:
        free.add("random_state")
    return tuple((name, repr(value)) for name, value in parameters if name not in free)


def _parse_range(name: str, values: str) -> Axis:
    parts = values.split(":")
    try:
        low, high, count = float(parts[0]), float(parts[1]), int(parts[3])
        scale = _SPACINGS[parts[2].strip()]
        if len(parts) != 4 or not 2 <= count <= MOST_TRIALS:
            raise ValueError
    except (ValueError, LookupError):
        raise ConfigError(
            f"--grid {printable(f'{name}={values}')!r}: write {printable(name)}=lo:hi:log:count or lo:hi:lin:count, "
            f"count from 2 to {MOST_TRIALS:,}"
        ) from None
    if not low < high < math.inf or (scale == "log" and low <= 0) or low == -math.inf:
        needs = "0 < lo < hi" if scale == "log" else "lo < hi"
        raise ConfigError(f"--grid {printable(f'{name}={values}')!r}: {needs} must hold")
    spaced = np.geomspace(low, high, count) if scale == "log" else np.linspace(low, high, count)
    if _is_whole(name):
        return Axis(name, tuple(dict.fromkeys(round(value) for value in spaced.tolist())), scale)
    return Axis(name, tuple(float(f"{value:.12g}") for value in spaced.tolist()), scale)


def _is_whole(name: str) -> bool:
    field = TrainingParameters.model_fields.get(name)
    default = None if field is None else field.default
    return name == "random_state" or (isinstance(default, int) and not isinstance(default, bool))


def _value(text: str) -> Any:
    """Return a number, a truth value or None, else the text itself."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _scale_of(values: tuple[Any, ...]) -> Scale:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values) or len(values) < 2:
        return "list"
    low, high = min(values), max(values)
    if low > 0:
        return "log" if high / low > _WIDE else "lin"
    smallest = min((value for value in values if value > 0), default=high)
    return "list" if smallest <= 0 or high / smallest > _WIDE else "lin"
