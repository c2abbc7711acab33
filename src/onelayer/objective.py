"""The objective J = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ + ½·l2·‖W‖²: value, gradient and Hessian product over any rows.

Losses and models give sums; only this file divides. So a batch, a block of a data set too large for memory, or a part
of it on another machine adds up to the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.losses.base import Loss
from onelayer.models.linear import Linear, LinearParameters
from onelayer.penalties import L2
from onelayer.rows import BLOCK_BYTES, RowSource

__all__ = ["Objective", "Sums"]


@dataclass(frozen=True)
class Sums:
    """Weighted sums over rows; each is a float, or ``(m,)`` for m models (one float if all rows weigh 1)."""

    loss: Any
    correct: Any
    weight: Any

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over the rows of both."""
        return Sums(self.loss + other.loss, self.correct + other.correct, self.weight + other.weight)

    def of_model(self, place: int) -> Sums:
        """Return the sums of one of m models."""
        return Sums(*(part if np.ndim(part) == 0 else part[place] for part in (self.loss, self.correct, self.weight)))

    @property
    def mean_loss(self) -> Any:
        """Σ wᵢ ℓᵢ / Σ wᵢ."""
        return self.loss / self.weight

    @property
    def accuracy(self) -> Any:
        """The weighted share of rows decided rightly."""
        return self.correct / self.weight


@dataclass(frozen=True)
class Objective:
    """A loss on the scores of a model plus a penalty on its parameters.

    Targets are integer labels ``(n,)`` or, where the loss takes them, probabilities ``(n, k)``. Row weights are
    ``(n,)``, ``(n, m)`` for m models, or None for 1 each.
    """

    loss: Loss
    penalty: L2
    model: Linear = Linear()  # noqa: RUF009 (stateless)

    def batch(
        self, parameters: LinearParameters, X: Array, targets: Array, row_weights: Array | None = None
    ) -> tuple[Any, LinearParameters]:
        """Return the mean loss over the rows X ``(b, d)`` and the gradient of J on them.

        Rows that weigh nothing together have loss 0 and leave the penalty alone in the gradient.
        """
        scores, pull_back = self.model.forward(parameters, X)
        values, residual = self.loss.values_and_residual(scores, targets)
        if row_weights is None:
            mean = values.sum(axis=0) / len(X)
            residual /= len(X)
        else:
            share = _columns(_shares(row_weights, scores.dtype), values)
            mean = (values * share).sum(axis=0)
            residual *= share[..., np.newaxis]
        gradient = pull_back(residual)
        if not self.penalty.is_zero:
            _add(gradient, self.penalty.gradient(*parameters))
        return mean, gradient

    def value(
        self, parameters: LinearParameters, rows: RowSource, targets: Array, row_weights: Array | None = None
    ) -> Any:
        """Return J over all rows."""
        return self.sums(parameters, rows, targets, row_weights).mean_loss + self.penalty.value(*parameters)

    @property
    def is_native(self) -> bool:
        """Whether the native engine computes sums over rows; else the definitions here and in the losses do."""
        return engine.available() and engine.knows(self.loss.name)

    def sums(
        self,
        parameters: LinearParameters,
        rows: RowSource,
        labels: Array,
        row_weights: Array | None = None,
        threads: int = 1,
    ) -> Sums:
        """Return weighted sums of loss, right decisions and weight over all rows, added up in float64.

        ``threads`` are for the native engine.
        """
        if self.is_native:
            return Sums(
                *engine.evaluate(
                    targets=labels,
                    weights=np.ascontiguousarray(parameters.weights),
                    intercepts=np.ascontiguousarray(parameters.intercepts),
                    loss=self.loss.name,
                    row_weights=row_weights,
                    n_threads=threads,
                    **rows.view(),
                )
            )
        loss, correct, weight = 0.0, 0.0, 0.0
        for part, X in rows.blocks(_block_size(parameters, rows)):
            scores = self.model.scores(parameters, X)
            values = self.loss.values(scores, labels[part])
            hits = self._hits(scores, labels[part])
            if row_weights is None:
                weight += len(X)
            else:
                weights = np.broadcast_to(_columns(row_weights[part], values), values.shape)
                values, hits = values * weights, hits * weights
                weight += weights.sum(axis=0, dtype=np.float64)
            loss += values.sum(axis=0, dtype=np.float64)
            correct += hits.sum(axis=0, dtype=np.float64)
        return Sums(loss, correct, weight)

    def gradient(
        self, parameters: LinearParameters, rows: RowSource, targets: Array, row_weights: Array | None = None
    ) -> LinearParameters:
        """Return ∂J/∂W and ∂J/∂b over all rows, block by block."""
        shares = _shares(np.ones(rows.n) if row_weights is None else row_weights, rows.dtype)
        total = LinearParameters(*(np.zeros(part.shape) for part in parameters))
        for part, X in rows.blocks():
            scores, pull_back = self.model.forward(parameters, X)
            residual = self.loss.residual(scores, targets[part])
            _add(total, pull_back(residual * _columns(shares[part], residual[..., 0])[..., np.newaxis]))
        _add(total, self.penalty.gradient(*parameters))
        return total

    def hessian_product(
        self,
        parameters: LinearParameters,
        direction: LinearParameters,
        rows: RowSource,
        targets: Array,
        row_weights: Array | None = None,
    ) -> LinearParameters:
        """Return the Hessian of J times a direction in parameter space.

        That is Xᵀ (curvature of ℓ × (X directionᵀ)) with row weights, plus the penalty's.

        Raises
        ------
        ConfigError
            If the loss has no curvature (``hinge``).
        """
        shares = _shares(np.ones(rows.n) if row_weights is None else row_weights, rows.dtype)
        total = LinearParameters(*(np.zeros(part.shape) for part in parameters))
        for part, X in rows.blocks():
            scores, pull_back = self.model.forward(parameters, X)
            curved = self.loss.curvature(scores, targets[part], self.model.scores(direction, X))
            _add(total, pull_back(curved * _columns(shares[part], curved[..., 0])[..., np.newaxis]))
        _add(total, self.penalty.hessian_product(*direction))
        return total

    def _hits(self, scores: Array, targets: Array) -> Array:
        decision = self.loss.decision(scores)
        if targets.ndim == scores.ndim:  # probabilities: the likeliest class counts as the right one
            labels = (targets[..., 0] >= 0.5).astype(np.intp) if targets.shape[-1] == 1 else targets.argmax(axis=-1)
        else:
            labels = _columns(targets, decision)
        hits: Array = decision == labels
        return hits


def _block_size(parameters: LinearParameters, rows: RowSource) -> int | None:
    """Return how many rows to take at once; for m models, as many as have scores no larger than a block."""
    if parameters.intercepts.ndim == 1:
        return None
    width = max(rows.d, int(parameters.intercepts.size))
    size: int = BLOCK_BYTES // (width * np.dtype(rows.dtype).itemsize)
    return max(1, size)


def _columns(per_row: Array, like: Array) -> Array:
    """Give ``per_row`` (n,) a trailing axis of 1 where ``like`` is ``(n, m)``."""
    return per_row[:, np.newaxis] if per_row.ndim < like.ndim else per_row


def _shares(row_weights: Array, dtype: Any) -> Array:
    """Return row weights divided by their sum over rows; zeros stay zeros."""
    total = row_weights.sum(axis=0, dtype=np.float64)
    return (row_weights / np.where(total > 0, total, 1.0)).astype(dtype)


def _add(total: LinearParameters, part: tuple[Array, Array]) -> None:
    total.weights[...] += part[0]
    total.intercepts[...] += part[1]
