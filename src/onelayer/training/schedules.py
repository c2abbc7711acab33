"""Learning rates over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.training.parameters import TrainingParameters

__all__ = ["learning_rates"]


def learning_rates(parameters: TrainingParameters, epoch: int, steps_per_epoch: int) -> np.ndarray[Any, Any]:
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
    >>> halving = TrainingParameters(learning_rate=0.1, schedule="step", decay_epochs=2)
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
