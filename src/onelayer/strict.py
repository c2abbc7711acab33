"""Tables of parameters that are checked when they are made, with errors in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from onelayer.conversion import plain_value
from onelayer.errors import ConfigError, did_you_mean, printable

__all__ = ["StrictParameters", "config_error"]


class StrictParameters(BaseModel):
    """Parameters with types and bounds, declared as fields; immutable, and strict: text is no number.

    Examples
    --------
    >>> class Sizes(StrictParameters):
    ...     height: int = 1
    >>> Sizes.check({"height": "2"})
    Traceback (most recent call last):
    onelayer.errors.ConfigError: height='2': input should be a valid integer
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Self:
        """Return the parameters with ``values`` in place of their defaults; scalars of NumPy are as good as Python's.

        Raises
        ------
        ConfigError
            For an unknown name (with the nearest known one), a wrong type or a value out of range.
        """
        try:
            return cls(**{name: plain_value(value) for name, value in values.items()})
        except ValidationError as error:
            raise config_error(error, cls) from None


def config_error(error: ValidationError, model: type[BaseModel], prefix: str = "") -> ConfigError:
    """Return the first complaint of pydantic as one line for the reader."""
    problems = error.errors()
    loc = problems[0]["loc"]
    name = prefix + str(loc[0] if loc else "")
    if problems[0]["type"] == "extra_forbidden":
        hint = did_you_mean(name.removeprefix(prefix), model.model_fields)
        return ConfigError(f"unknown parameter {printable(name)!r}{hint}")
    # Where a value may be of several kinds, each of them has a complaint: the deepest knows best.
    problem = max((p for p in problems if p["loc"][:1] == loc[:1]), key=lambda p: len(p["loc"]))
    message = problem["msg"][0].lower() + problem["msg"][1:]
    if problem["type"] == "literal_error":
        message += did_you_mean(str(problem["input"]), re.findall("'([^']*)'", problem["ctx"]["expected"]))
    return ConfigError(f"{name}={printable(repr(problem['input']))}: {message}")
