"""Stretches of epochs between which nobody looks: they go into one call of the engine.

A call costs some tenths of a millisecond, for arguments that are checked and threads that are woken; on a small set an
epoch takes little longer. What comes of a stretch is, bit by bit, what comes of its epochs one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.training.epochs import Orders
from onelayer.training.parameters import TrainingParameters
from onelayer.training.pending import Segment
from onelayer.training.schedules import learning_rates

__all__ = ["Stretches"]

MOST_ROWS: Final = 1 << 18  # in the order of a stretch, which takes 2 MB


class Stretches:
    """Cuts a training into stretches, and what comes of a stretch into epochs.

    Parameters
    ----------
    parameters : TrainingParameters
    orders : Orders
    steps_per_epoch : int
    is_possible : bool
        Whether epochs may go together at all.
    """

    def __init__(
        self, parameters: TrainingParameters, orders: Orders, steps_per_epoch: int, *, is_possible: bool
    ) -> None:
        self.parameters, self.orders, self.steps_per_epoch = parameters, orders, steps_per_epoch
        # Mirrored rows are those of one epoch.
        self.most = MOST_ROWS // orders.n if is_possible and parameters.flip_probability == 0 else 1
        self._order = np.empty(0, np.int64)

    def next(self, epoch: int, until_epoch: int) -> range:
        """Return the epochs that go together from ``epoch`` on, at least one."""
        return range(epoch, min(epoch + max(1, self.most), until_epoch))

    def give_up(self) -> None:
        """Let every epoch be a stretch of its own from now on."""
        self.most = 1

    def order_and_rates(self, epochs: range) -> tuple[Array, Array]:
        """Return the rows of epochs, without incomplete batches that are dropped, and the rates of their steps.

        The next call writes over the rows: to touch new memory each time can take as long as to draw them.
        """
        n = self.orders.n
        kept = min(n, self.steps_per_epoch * self.parameters.batch_size)
        if len(self._order) < len(epochs) * n:
            self._order = np.empty(len(epochs) * n, np.int64)
        for i, epoch in enumerate(epochs):  # an epoch begins where the one before is dropped
            self.orders.write(epoch, self._order[i * kept : i * kept + n])
        rates = [learning_rates(self.parameters, epoch, self.steps_per_epoch) for epoch in epochs]
        return self._order[: len(epochs) * kept], np.concatenate(rates)

    def by_epoch(self, segment: Segment) -> Iterator[Segment]:
        """Cut the steps of a stretch into those of its epochs; if it was interrupted, it was so in the last of them."""
        taken = len(segment.losses)
        for first in range(0, max(taken, 1), self.steps_per_epoch):
            end = first + self.steps_per_epoch
            yield replace(
                segment,
                first_step=segment.first_step + first,
                losses=segment.losses[first:end],
                rates=segment.rates[first:end],
                is_interrupted=segment.is_interrupted and end >= taken,
            )
