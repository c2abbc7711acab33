"""Steps of gradient descent by the native engine, where it knows how to take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.rows import RowSource

__all__ = ["fused_steps"]


def fused_steps(
    objective: Objective,
    parameters: LinearParameters,
    velocity: LinearParameters | None,
    rows: RowSource,
    targets: Array,
    row_weights: Array | None,
    order: Array,
    rates: Array,
    *,
    batch_size: int,
    epochs: int,
    momentum: float | Array,
    fit_intercept: bool,
    threads: int,
    stopping: Callable[[], bool],
) -> Array:
    """Take the steps that :meth:`onelayer.solvers.sgd.SGD.run` describes, in one call, up to rounding.

    Returns
    -------
    (steps taken,) or (steps taken, m) float64
        The mean loss on each batch before its step. After the first undefined one everything is undefined.
    """
    options: dict[str, Any] = {
        **rows.view(),
        "loss": objective.loss.name,
        "batch_size": batch_size,
        "momentum": momentum,
        "velocity": velocity,
        "l2": objective.penalty.l2,
        "penalize_bias": objective.penalty.penalize_bias,
        "fit_intercept": fit_intercept,
        "row_weights": row_weights,
        "n_threads": threads,
    }
    if rates.ndim == 1:
        return engine.train_segment(
            targets=targets,
            order=order,
            learning_rates=rates,
            epochs=epochs,
            weights=parameters.weights,
            intercepts=parameters.intercepts,
            stopping=stopping,
            **options,
        )
    if targets.ndim == 3:  # probabilities that all models share
        targets = targets[:, 0]
    options |= {"targets": targets, "weights": parameters.weights, "intercepts": parameters.intercepts}
    of_epochs = zip(order.reshape(epochs, -1), np.split(rates, epochs), strict=True)
    return np.concatenate(
        [engine.train_models_segment(order=one, learning_rates=its, **options) for one, its in of_epochs]
    )
