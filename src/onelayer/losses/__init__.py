"""Losses: functions of scores and targets alone, one a file. ``LOSSES`` is where a new one is entered."""

from __future__ import annotations

from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.losses.base import Loss
from onelayer.losses.hinge import Hinge
from onelayer.losses.logistic import Logistic
from onelayer.losses.sigmoid import Sigmoid
from onelayer.losses.smoothing import smoothed_labels
from onelayer.losses.softmax import Softmax
from onelayer.losses.squared_hinge import SquaredHinge

__all__ = ["LOSSES", "Loss", "get_loss", "smoothed_labels"]

LOSSES: dict[str, Loss] = {loss.name: loss for loss in (Logistic(), Softmax(), Sigmoid(), Hinge(), SquaredHinge())}


def get_loss(name: str) -> Loss:
    """Return the loss of this name.

    Raises
    ------
    ConfigError
        If there is none.

    Examples
    --------
    >>> get_loss("softmax").outputs(10)
    10
    >>> get_loss("sofmax")
    Traceback (most recent call last):
        ...
    onelayer.errors.ConfigError: unknown loss 'sofmax'; did you mean 'softmax'?
    """
    loss = LOSSES.get(name) if isinstance(name, str) else None
    if loss is None:
        shown = printable(str(name))
        hint = did_you_mean(shown, LOSSES) or f"; known are {', '.join(LOSSES)}"
        raise ConfigError(f"unknown loss {shown!r}{hint}")
    return loss
