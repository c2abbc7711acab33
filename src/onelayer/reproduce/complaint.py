"""What is wrong with a protocol, and where in it."""

from __future__ import annotations

from onelayer.errors import ConfigError

__all__ = ["Complaint", "Keys"]

Keys = tuple[str | int, ...]


class Complaint(ConfigError):
    """What is wrong, and the keys that lead there.

    Examples
    --------
    >>> Complaint(("experiments", "digits", "l2"), "l2=-1.0: it can't be negative").path
    ('experiments', 'digits', 'l2')
    """

    def __init__(self, path: Keys, message: str) -> None:
        super().__init__(message)
        self.path = path
