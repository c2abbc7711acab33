"""What is measured of a trained model, each quantity under one name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

__all__ = ["QUANTITIES", "Quantity", "jumps", "roughness"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Quantity:
    """A quantity: its name in words, and whether it is a share, a plain number or a count."""

    title: str
    form: Literal["share", "number", "count"]


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "train_loss": Quantity("training loss", "number"),
    "validation_loss": Quantity("validation loss", "number"),
    "test_loss": Quantity("test loss", "number"),
    "train_accuracy": Quantity("training accuracy", "share"),
    "validation_accuracy": Quantity("validation accuracy", "share"),
    "test_accuracy": Quantity("test accuracy", "share"),
    "accuracy_gap": Quantity("training accuracy less held-out accuracy", "share"),
    "loss_gap": Quantity("held-out loss less training loss", "number"),
    "validation_objective": Quantity("validation loss with penalty", "number"),
    **{f"recall_{label}": Quantity(f"accuracy of class {label}", "share") for label in range(10)},
    "stopped_epoch": Quantity("epoch of early stopping", "count"),
    "epochs": Quantity("epochs", "count"),
    "steps": Quantity("steps", "count"),
    "weight_norm_squared": Quantity("‖w‖²", "number"),
    "weight_roughness": Quantity("roughness of the weight pictures", "number"),
    "validation_jumps": Quantity("mean jump of validation accuracy between validations", "share"),
    "largest_class_share": Quantity("share of the largest class in the validation rows", "share"),
}
"""Every quantity by name. Losses are without penalty; ‖w‖² is of the scaled features, with b where it is penalised."""


def jumps(validation_accuracies: Array) -> float:
    """Return the mean absolute change from one validation to the next, in the later half of training.

    Examples
    --------
    >>> jumps(np.array([0.0, 0.5, 0.75, 0.5, 0.75]))
    0.25
    """
    later = validation_accuracies[len(validation_accuracies) // 2 :]
    return float(np.abs(np.diff(later)).mean()) if len(later) > 1 else 0.0


def roughness(pictures: Array) -> float:
    """Return how much neighbouring pixels differ, as a share of what unrelated ones would.

    It is the mean of (w_p − w_q)² over neighbours p, q, over twice the variance of the weights of each class: 0 for
    even pictures, about 1 for noise.

    Parameters
    ----------
    pictures : (k, h, w, c) float

    Examples
    --------
    >>> round(roughness(np.random.default_rng(0).normal(size=(3, 64, 64, 1))), 1)
    1.0
    """
    squares = [np.square(np.diff(pictures, axis=axis)).mean(axis=(1, 2, 3)) for axis in (1, 2)]
    variance = pictures.var(axis=(1, 2, 3))
    found = np.mean(squares, axis=0) / (2 * np.where(variance > 0, variance, 1.0))
    return float(found.mean())
