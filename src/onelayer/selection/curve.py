"""The learning curve of a trial: how its validation figures went over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from onelayer.storage.records import Number, Share

__all__ = ["Curve", "Validation", "mean_curve"]


@dataclass(frozen=True)
class Validation:
    """Loss (without penalty) and accuracy of one model on the validation rows, after an epoch (from 0) or within it.

    ``epochs`` is how many it had gone through by then, with the part of the last.
    """

    epoch: int
    epochs: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Curve:
    """Loss (without penalty) and accuracy on rows that were not trained on, after so many epochs; all of one length."""

    epochs: tuple[Annotated[float, Field(ge=0, lt=2**53)], ...] = ()
    loss: tuple[Number, ...] = ()
    accuracy: tuple[Share, ...] = ()

    def thinned(self, most: int) -> Curve:
        """Return at most ``most`` points (2 or more), evenly chosen, the first and the last among them.

        Examples
        --------
        >>> Curve((1.0, 2.0, 3.0, 4.0, 5.0), (0.0,) * 5, (0.0,) * 5).thinned(3).epochs
        (1.0, 3.0, 5.0)
        """
        n = len(self.epochs)
        if n <= most:
            return self
        places = np.unique(np.linspace(0, n - 1, most).round().astype(int)).tolist()
        return Curve(*(tuple(column[place] for place in places) for column in (self.epochs, self.loss, self.accuracy)))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON, to six significant digits."""
        return {name: [float(f"{value:.6g}") for value in column] for name, column in asdict(self).items()}


def mean_curve(models: Sequence[Sequence[Validation]]) -> Curve:
    """Return the mean over the models of a trial, one for each fold, up to where the first of them ended.

    Examples
    --------
    >>> first, other = Validation(0, 1.0, 0.5, 0.8), Validation(0, 1.0, 0.7, 0.6)
    >>> mean_curve([[first, first], [other]])
    Curve(epochs=(1.0,), loss=(0.6,), accuracy=(0.7,))
    """
    both = list(zip(*models, strict=False))  # where one was stopped early there are fewer of it
    columns = [[[getattr(one, name) for one in each] for each in both] for name in ("epochs", "loss", "accuracy")]
    return Curve(*(tuple(sum(each) / len(each) for each in column) for column in columns))
