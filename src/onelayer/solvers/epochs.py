"""What an epoch of SGD goes through: the order of rows, which of them are mirrored, and the rate of each step."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.streams import stream
from onelayer.strict import StrictParameters

__all__ = ["Flips", "Orders", "SGDParameters", "count_steps", "learning_rates"]


class SGDParameters(StrictParameters):
    """The parameters that only SGD reads."""

    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.01
    schedule: Literal["constant", "step", "exponential", "cosine"] = "constant"
    decay_rate: Annotated[float, Field(gt=0, le=1)] = 0.5
    decay_epochs: Annotated[int, Field(ge=1)] = 10
    decay_at_start: bool = False
    warmup_epochs: Annotated[int, Field(ge=0)] = 0
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    batch_size: Annotated[int, Field(ge=1)] = 128
    drop_last: bool = False
    shuffle: Literal["pcg64", "numpy-legacy", False] = "pcg64"
    max_epochs: Annotated[int, Field(ge=1)] = 50
    flip_probability: Annotated[float, Field(ge=0, le=1)] = 0.0
    flip_mode: Literal["independent", "accumulating"] = "independent"


def count_steps(n: int, parameters: SGDParameters) -> int:
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


def learning_rates(parameters: SGDParameters, epoch: int, steps_per_epoch: int) -> Array:
    """Return the learning rate of each step of an epoch (from 0), ``(steps_per_epoch,)`` float64.

    With η the base rate, γ ``decay_rate`` and E ``decay_epochs``:

    - ``constant``: η.
    - ``step``: η·γ^c, c the number of epochs e so far with e mod E = 0; epoch 0 counts only with ``decay_at_start``
      (dd2424-a1-bonus starts at η/2).
    - ``exponential``: η·γ^(epoch / E).
    - ``cosine``: from η to 0 along half a cosine, step by step, over the epochs after the warm-up (Loshchilov & Hutter
      2017, without restarts).

    During the first ``warmup_epochs`` the rate of each is multiplied by a factor that rises linearly, step by step, to
    1.

    Examples
    --------
    >>> halving = SGDParameters(learning_rate=0.1, schedule="step", decay_epochs=2)
    >>> learning_rates(halving, epoch=4, steps_per_epoch=2)
    array([0.025, 0.025])
    """
    steps = epoch * steps_per_epoch + np.arange(steps_per_epoch, dtype=np.float64)
    warmup_steps = parameters.warmup_epochs * steps_per_epoch
    rates = np.full(steps_per_epoch, parameters.learning_rate)
    if parameters.schedule == "step":
        rates *= parameters.decay_rate ** (epoch // parameters.decay_epochs + parameters.decay_at_start)
    elif parameters.schedule == "exponential":
        rates *= parameters.decay_rate ** (epoch / parameters.decay_epochs)
    elif parameters.schedule == "cosine":
        length = max(1, parameters.max_epochs * steps_per_epoch - warmup_steps)
        rates *= 0.5 * (1 + np.cos(np.pi * np.clip((steps - warmup_steps) / length, 0, 1)))
    if warmup_steps:
        rates *= np.minimum(1.0, (steps + 1) / warmup_steps)
    return rates


class Orders:
    """The order of n rows in each epoch.

    ``numpy-legacy`` draws one ``RandomState(seed).permutation(n)`` an epoch, one after another, as the course code of
    the reports does; an epoch asked for out of turn is reached by drawing those before it.
    """

    def __init__(self, n: int, shuffle: str | bool, seed: int) -> None:
        self.n, self.shuffle, self.seed = n, shuffle, seed
        self._several = np.empty(0, np.int64)
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

    def of_epochs(self, epoch: int, epochs: int, kept: int) -> Array:
        """Return the first ``kept`` rows of each of several epochs, one after another, ``(epochs · kept,)`` int64.

        The next call writes over them: to touch new memory each time can take as long as to draw them.
        """
        if len(self._several) < epochs * self.n:
            self._several = np.empty(epochs * self.n, np.int64)
        for i in range(epochs):  # an epoch begins where the one before is dropped
            self.write(epoch + i, self._several[i * kept : i * kept + self.n])
        return self._several[: epochs * kept]

    def _rewind(self) -> None:
        self._legacy, self._drawn = np.random.RandomState(self.seed), 0  # the reports' own generator


class Flips:
    """Which of n rows are mirrored in each epoch.

    ``independent``: drawn afresh each epoch. ``accumulating``: each epoch flips rows of the data set itself, so a row
    is mirrored when it was flipped an odd number of times so far (dd2424-a1-bonus); the share of mirrored rows drifts
    to one half for any probability above 0.
    """

    def __init__(self, n: int, parameters: SGDParameters, seed: int) -> None:
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
