"""What is measured of a trained model, each quantity under one name, and the verdict on each figure and claim."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np

from onelayer.arrays import Array

__all__ = ["QUANTITIES", "Quantity", "Row", "Verdict", "judge_figure", "jumps", "roughness", "shown_row"]


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


Verdict = Literal[
    "reproduced", "close", "differs", "not published", "claim holds", "claim is wrong", "undecided", "skipped"
]
Form = Literal["share", "number", "count"]


@dataclass(frozen=True)
class Row:
    """A figure or a claim, and the verdict on it.

    Parameters
    ----------
    report, experiment, quantity : str
        Where it is from; of a claim, the quantity is what is claimed.
    published, measured, tolerance : float or None
    verdict : str
        ``reproduced``: within the tolerance; ``close``: within twice the tolerance; ``differs``; ``not published``;
        of a claim ``claim holds``, ``claim is wrong`` or ``undecided``; ``skipped``, where it was not measured.
    expected : float or None
        What the protocol is known to give where nothing legible was printed.
    source : str
        The place in the report.
    evidence : str
        What a claim's verdict follows from; why something was skipped.
    form : {"share", "number", "count"}
        How values are shown.
    """

    report: str
    experiment: str
    quantity: str
    verdict: Verdict
    published: float | None = None
    measured: float | None = None
    tolerance: float | None = None
    expected: float | None = None
    source: str = ""
    evidence: str = ""
    form: Form = "number"

    @property
    def is_claim(self) -> bool:
        """Whether it is a claim, tested by experiment or as a formula."""
        return self.experiment.startswith(("claim ", "formula "))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it: without ``evidence`` where there is none."""
        values = {key: value for key, value in asdict(self).items() if key != "form"}
        return {key: value for key, value in values.items() if value != "" or key in ("report", "experiment")}


def shown_row(row: Row) -> tuple[str, str, str, str, str]:
    """Return a row as a reader has it: what it is of, the quantity, published, measured, verdict.

    Examples
    --------
    >>> shown_row(Row("r", "softmax", "test accuracy", "reproduced", 0.4076, 0.41071, 0.01, form="share"))
    ('softmax', 'test accuracy', '40.76%', '41.07%', 'reproduced')
    """
    exact = row.tolerance is not None and row.tolerance < 1e-6
    published, measured = (shown_value(value, row.form, exact=exact) for value in (row.published, row.measured))
    return row.experiment, row.quantity, published, measured, row.verdict


def shown_value(value: float | None, form: Form, *, exact: bool = False) -> str:
    """Return a value with as many digits as it is compared with.

    Examples
    --------
    >>> shown_value(0.07088705555893647, "number", exact=True), shown_value(3.32193, "number"), shown_value(33, "count")
    ('0.0708870556', '3.322', '33')
    """
    if value is None:
        return "–"
    if form == "share":
        return f"{100 * value:.4f}%" if exact else f"{100 * value:.2f}%"
    if form == "count":
        return f"{value:.0f}"
    return f"{value:.9g}" if exact else f"{value:.4g}"


def judge_figure(published: float | None, measured: float, tolerance: float) -> Verdict:
    """Return the verdict on a figure.

    Examples
    --------
    >>> judge_figure(0.4076, 0.4107, 0.01), judge_figure(33, 34, 0), judge_figure(None, 1.0, 0)
    ('reproduced', 'differs', 'not published')
    """
    if published is None:
        return "not published"
    difference = abs(measured - published)
    if difference <= tolerance:
        return "reproduced"
    return "close" if math.isfinite(difference) and difference <= 2 * tolerance else "differs"
