"""Records: frozen dataclasses that JSON files hold.

What one is made of in a program is taken as it is; what a file holds is checked against the annotations of its fields
when it is read. Keys that it doesn't know are no error, as files may grow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from onelayer.errors import InputError, printable

__all__ = ["Count", "Number", "Seconds", "Share", "finite", "read_record"]

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Seconds = Annotated[float, Field(ge=0, lt=1e12)]

T = TypeVar("T")


def finite(value: Any) -> Any:
    """Return a number as JSON has it: None where it is infinite or not defined.

    Examples
    --------
    >>> finite(0.5), finite(float("inf"))
    (0.5, None)
    """
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(finite)]
"""A number; None where it is infinite or not defined, as in JSON."""


def read_record(kind: type[T], table: Mapping[str, Any], what: str) -> T:
    """Return the record in a table that anyone may have written.

    Parameters
    ----------
    kind : type
        Of the record.
    table : mapping
        As JSON has it.
    what : str
        What the table is, for the error.

    Raises
    ------
    InputError
        Something is missing, of the wrong type or out of range: one line that names the place.
    """
    try:
        record: T = TypeAdapter(kind).validate_python(dict(table))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(printable(": ".join(filter(None, (what, place, message))))) from error
    return record
