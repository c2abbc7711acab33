"""When to stop, and which weights to keep."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

from onelayer.training.parameters import TrainingParameters

__all__ = ["Monitor"]


@dataclass
class Monitor:
    """Follows the monitored quantity over validations; only a strictly better one resets the patience.

    Examples
    --------
    >>> monitor = Monitor(TrainingParameters(early_stopping=True, patience=2))
    >>> [monitor.update(loss) for loss in (0.5, 0.6, 0.5)]
    [True, False, False]
    >>> monitor.exhausted
    True
    """

    parameters: TrainingParameters
    best: float = inf
    since_best: int = 0

    def update(self, value: float) -> bool:
        """Take in the quantity at one validation; return whether it is strictly better than all before."""
        cost = -value if self.parameters.monitor == "validation_accuracy" else value
        if isfinite(cost) and cost < self.best:
            self.best, self.since_best = cost, 0
            return True
        self.since_best += 1
        return False

    @property
    def exhausted(self) -> bool:
        """Whether training is to stop: ``patience`` validations in a row were not better than the best."""
        return self.parameters.early_stopping and self.since_best >= self.parameters.patience
