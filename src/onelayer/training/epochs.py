"""What an epoch goes through: the order of rows, which of them are mirrored, and where it is validated."""

from __future__ import annotations

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.training.parameters import TrainingParameters
from onelayer.training.streams import stream

__all__ = ["Flips", "Orders", "count_steps", "validation_steps"]


def count_steps(n: int, parameters: TrainingParameters) -> int:
    """Return the number of steps an epoch over n rows has.

    Raises
    ------
    ConfigError
        If there are fewer rows than one batch and the incomplete one is dropped.
    """
    if not parameters.drop_last:
        return -(-n // parameters.batch_size)
    if n < parameters.batch_size:
        raise ConfigError(
            f"batch_size={parameters.batch_size} with drop_last leaves no batch of {n} rows: use a smaller batch_size"
        )
    return n // parameters.batch_size


def validation_steps(epoch: int, steps_per_epoch: int, validations_per_epoch: int) -> list[int]:
    """Return the steps of an epoch (from 0) after which the model is validated.

    With one validation an epoch that is the last step. With v > 1 it is each step whose global index s has s mod max(1,
    steps_per_epoch // v) = 0.

    Examples
    --------
    >>> validation_steps(epoch=1, steps_per_epoch=31, validations_per_epoch=5)
    [5, 11, 17, 23, 29]
    """
    if validations_per_epoch == 1:
        return [steps_per_epoch - 1]
    every = max(1, steps_per_epoch // validations_per_epoch)
    return [step for step in range(steps_per_epoch) if (epoch * steps_per_epoch + step) % every == 0]


class Orders:
    """The order of n rows in each epoch.

    ``numpy-legacy`` draws one ``RandomState(seed).permutation(n)`` an epoch, one after another, as the course code of
    the reports does; an epoch asked for out of turn is reached by drawing those before it.
    """

    def __init__(self, n: int, shuffle: str | bool, seed: int) -> None:
        self.n, self.shuffle, self.seed = n, shuffle, seed
        self._legacy: np.random.RandomState
        self._drawn: int
        self._rewind()

    def __call__(self, epoch: int) -> Array:
        """Return the order of rows in ``epoch``, ``(n,)`` intp."""
        if self.shuffle is False:
            return np.arange(self.n)
        if self.shuffle == "pcg64":
            return engine.permutation(stream(self.seed, "shuffle", epoch), self.n)
        if epoch < self._drawn:
            self._rewind()
        for _ in range(self._drawn, epoch):
            self._legacy.permutation(self.n)
        self._drawn = epoch + 1
        return self._legacy.permutation(self.n)

    def write(self, epoch: int, out: Array) -> None:
        """Write the order of rows in ``epoch`` to ``out``, ``(n,)`` int64."""
        if self.shuffle == "pcg64":
            engine.permutation(stream(self.seed, "shuffle", epoch), self.n, out)
        else:
            out[...] = self(epoch)

    def _rewind(self) -> None:
        self._legacy, self._drawn = np.random.RandomState(self.seed), 0  # the reports' own generator


class Flips:
    """Which of n rows are mirrored in each epoch.

    ``independent``: drawn afresh each epoch. ``accumulating``: each epoch flips rows of the data set itself, so a row
    is mirrored when it was flipped an odd number of times so far (dd2424-a1-bonus); the share of mirrored rows drifts
    to one half for any probability above 0.
    """

    def __init__(self, n: int, parameters: TrainingParameters, seed: int) -> None:
        self.n, self.probability, self.seed = n, parameters.flip_probability, seed
        self.accumulating = parameters.flip_mode == "accumulating"
        self._mask: Array
        self._drawn: int
        self._rewind()

    def __call__(self, epoch: int) -> Array | None:
        """Return the bool mask of mirrored rows in ``epoch``, ``(n,)``; None where nothing is ever flipped."""
        if self.probability == 0:
            return None
        if not self.accumulating:
            return self._draw(epoch)
        if epoch + 1 < self._drawn:
            self._rewind()
        for earlier in range(self._drawn, epoch + 1):
            self._mask = self._mask ^ self._draw(earlier)
        self._drawn = epoch + 1
        return self._mask

    def _rewind(self) -> None:
        self._mask, self._drawn = np.zeros(self.n, dtype=bool), 0

    def _draw(self, epoch: int) -> Array:
        return stream(self.seed, "flip", epoch).random(self.n) < self.probability
