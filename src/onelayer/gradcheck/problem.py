"""What is checked: an objective with parameters and rows to look at it on, random or of a fitted model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from sklearn.utils import assert_all_finite

from onelayer.arrays import Array
from onelayer.conversion import as_labels, as_numbers, input_errors
from onelayer.errors import ConfigError, InputError, printable
from onelayer.losses import get_loss, smoothed_labels
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, Rows, as_rows
from onelayer.tree import Tree

__all__ = ["CheckableModel", "Checked", "fitted_problem", "moved", "random_problem"]

PROBE = 1e-3

P = TypeVar("P", bound=Tree)


@runtime_checkable
class CheckableModel(Protocol):
    """A fitted model whose gradients can be checked: it offers its parameters and the objective that takes them."""

    @property
    def parameters_(self) -> Any:
        """A tree of float arrays, for X as it is given."""

    @property
    def objective_(self) -> Objective:
        """The objective that takes these parameters."""

    @property
    def classes_(self) -> Array:
        """The labels, in the order of the scores."""


def moved(parameters: P, direction: P, t: float) -> P:
    """Return parameters + t · direction."""
    return parameters.map(lambda part, along: part + t * along, direction)


@dataclass(frozen=True)
class Checked:
    """An objective, parameters, and rows with targets and weights, all in float64."""

    objective: Objective
    parameters: Any
    rows: Rows
    targets: Array
    row_weights: Array

    def value(self, parameters: Any) -> float:
        """Return the objective; for m models, whose parameters do not touch one another, the sum of theirs."""
        return float(np.sum(self.objective.value(parameters, self.rows, self.targets, self.row_weights)))

    def gradient(self, parameters: Any) -> Any:
        """Return the objective's gradient."""
        return self.objective.gradient(parameters, self.rows, self.targets, self.row_weights)

    def hessian_product(self, direction: Any) -> Any:
        """Return the objective's Hessian at the parameters times a direction."""
        return self.objective.hessian_product(self.parameters, direction, self.rows, self.targets, self.row_weights)

    def reach(self, direction: Any) -> float:
        """Return how far a step of length 1 along ``direction`` moves the score that it moves farthest.

        Margins of the model's kinks count as scores.
        """
        before, after = self._moving(self.parameters), self._moving(moved(self.parameters, direction, PROBE))
        return max(float(np.abs(b - a).max()) for a, b in zip(before, after, strict=True)) / PROBE

    def without_kinks(self, distance: float) -> tuple[Checked, int]:
        """Return the problem with weight 0 for rows within ``distance`` of a kink, and how many those are.

        Raises
        ------
        InputError
            If no row is left.
        """
        at_kink, model = np.zeros(self.rows.n, dtype=bool), self.objective.model
        for part, block in self.rows.blocks():
            scores, margins = model.scores(self.parameters, block), model.kink_margins(self.parameters, block)
            near = self.objective.loss.kink_distance(scores, self.targets[part]) <= distance
            at_kink[part] = near.reshape(len(scores), -1).any(axis=1)
            if margins is not None:
                at_kink[part] |= (np.abs(margins) <= distance).reshape(len(scores), -1).any(axis=1)
        if at_kink.all():
            raise InputError("every row lies within a step of a kink of the loss or the model: give more rows")
        return replace(self, row_weights=np.where(at_kink, 0.0, self.row_weights)), int(at_kink.sum())

    def _moving(self, parameters: Any) -> Iterator[Array]:
        """Yield what a step of the parameters moves, block by block: scores, and margins of kinks."""
        for _, block in self.rows.blocks():
            yield self.objective.model.scores(parameters, block)
            margins = self.objective.model.kink_margins(parameters, block)
            if margins is not None:
                yield margins


def random_problem(
    name: str, n: int, d: int, k: int | None, penalty: L2, smoothing: float, rng: np.random.Generator
) -> Checked:
    """Return n random rows of d features and k classes, weighted unevenly; k is 2 for logistic, else 4, if None.

    Raises
    ------
    ConfigError
        If the loss is unknown or does not go with k or smoothing, or n or d is below 1.
    """
    loss = get_loss(name)
    if n < 1 or d < 1:
        raise ConfigError(f"n and d must be at least 1, not {n} and {d}")
    if smoothing and not loss.takes_probabilities:
        raise ConfigError(f"loss {loss.name!r} takes labels only: leave label_smoothing at 0")
    n_classes = k if k is not None else 2 if loss.name == "logistic" else 4
    outputs = loss.outputs(n_classes)
    labels = rng.integers(0, n_classes, n)
    return Checked(
        Objective(loss, penalty),
        LinearParameters(rng.normal(size=(outputs, d)), rng.normal(size=outputs)),
        ArrayRows(rng.normal(size=(n, d)), dtype=np.float64),
        smoothed_labels(labels, outputs, smoothing) if smoothing else labels,
        rng.uniform(0.5, 1.5, n),
    )


def fitted_problem(model: CheckableModel, X: Any, y: Any) -> Checked:
    """Return a fitted model's objective at its parameters, on rows X with labels y.

    Raises
    ------
    ConfigError
        If the model does not offer what is needed.
    InputError
        If X and y do not fit it.
    """
    if not isinstance(model, CheckableModel):
        raise ConfigError(f"a {type(model).__name__} is no fitted model of onelayer: fit it first, or name a loss")
    rows = ArrayRows(_rows(X), dtype=np.float64)
    y = as_labels(y)
    at_inputs = model.parameters_.at_inputs[0]
    d = getattr(model.parameters_, at_inputs).shape[-1]
    if rows.d != d or rows.n == 0 or y.shape != (rows.n,):
        raise InputError(
            f"X of shape {rows.array.shape} and y of shape {y.shape} do not fit: the model takes "
            f"({rows.n}, {d}) and (n,)"
        )
    unknown = y[~np.isin(y, model.classes_)]
    if len(unknown):
        raise InputError(f"y has the label {printable(str(unknown[0]))!r}, which the model does not know")
    labels = (y[:, np.newaxis] == model.classes_).argmax(axis=1)
    parameters = model.parameters_.map(lambda part: part.astype(np.float64))
    return Checked(model.objective_, parameters, rows, labels, np.ones(rows.n))


def _rows(X: Any) -> Array:
    """Return whatever ``fit`` takes as rows of finite numbers, one after another in memory."""
    array = as_numbers(X)
    with input_errors():
        assert_all_finite(array, input_name="X")
    return np.ascontiguousarray(as_rows(array))
