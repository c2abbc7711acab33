"""Methods that an estimator has or has not, as its parameters say."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

__all__ = ["available_if"]


class _Available:
    """A method that is looked up only where ``check`` raises no AttributeError; ``hasattr`` says which."""

    def __init__(self, function: Callable[..., Any], check: Callable[[Any], None]) -> None:
        self.function, self.check, self.__doc__ = function, check, function.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self.function
        self.check(instance)
        return MethodType(self.function, instance)


def available_if(check: Callable[[Any], None]) -> Callable[[Callable[..., Any]], Any]:
    """Make a method one that is there only where ``check(estimator)`` raises no AttributeError.

    Unlike scikit-learn's decorator of this name, it leaves the error as it is.

    Examples
    --------
    >>> class Sleeper:
    ...     def _has_slept(self):
    ...         raise AttributeError("sleep first")
    ...
    ...     @available_if(_has_slept)
    ...     def work(self): ...
    >>> hasattr(Sleeper(), "work")
    False
    """
    return lambda function: _Available(function, check)
