"""The objective J = Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ + R(parameters): value, gradient and Hessian product over any rows.

Losses and models give sums; only this file divides. So a batch, a block of a data set too large for memory, or a part
of it on another machine adds up to the same figures. It is also the one place that decides between the native engine
and the definitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import chain, islice
from operator import add
from typing import Any, Final

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.losses import LOSSES, Loss
from onelayer.models import Linear, LinearParameters, Model
from onelayer.penalties import Penalty
from onelayer.rows import BLOCK_BYTES, LabelledRows, Rows
from onelayer.threads import map_in_threads
from onelayer.tree import Tree

__all__ = ["Objective", "Sums"]

# Rows of a piece of a part: some tenths of a millisecond of work, far more than it costs to hand over. It does not
# depend on the number of threads, so neither do the sums.
PIECE: Final = 2048


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
    penalty: Penalty
    model: Model[Any] = Linear()  # noqa: RUF009 (stateless)

    def is_native(self, rows: Rows) -> bool:
        """Return whether the native engine computes on these rows; else the definitions do.

        It stands in for the losses and models that it was written after, and for nothing that goes by their names.
        """
        is_known = type(self.loss) is type(LOSSES.get(self.loss.name)) and type(self.model) is Linear
        return is_known and engine.supports(self.model.name, self.loss.name, rows)

    def batch(self, parameters: Tree, X: Array, targets: Array, row_weights: Array | None = None) -> tuple[Any, Tree]:
        """Return the mean loss over the rows X ``(b, d)`` and the gradient of J on them.

        Rows that weigh nothing together have loss 0 and leave the penalty alone in the gradient.
        """
        scores, pull_back = self.model.forward(parameters, X)
        values, residual = self.loss.values_and_residual(scores, _for_scores(targets, scores))
        if row_weights is None:
            mean = values.sum(axis=0) / len(X)
            residual /= len(X)
        else:
            share = _columns(_shares(row_weights, scores.dtype), values)
            mean = (values * share).sum(axis=0)
            residual *= share[..., np.newaxis]
        gradient, _ = pull_back(residual)
        if not self.penalty.is_zero:
            gradient.add(self.penalty.gradient(parameters))
        return mean, gradient

    def value(self, parameters: Tree, rows: Rows, targets: Array, row_weights: Array | None = None) -> Any:
        """Return J over all rows."""
        return self.sums(parameters, rows, targets, row_weights).mean_loss + self.penalty.value(parameters)

    def sums(
        self, parameters: Tree, rows: Rows, labels: Array, row_weights: Array | None = None, threads: int = 1
    ) -> Sums:
        """Return weighted sums of loss, right decisions and weight over all rows, added up in float64.

        ``threads`` are for the native engine.
        """
        if self.is_native(rows):
            return self._native_sums(parameters, rows, labels, row_weights, threads)
        loss, correct, weight = 0.0, 0.0, 0.0
        for part, X in rows.blocks(_block_size(parameters, rows)):
            scores = self.model.scores(parameters, X)
            of_block = _for_scores(labels[part], scores)
            values, hits = self.loss.values(scores, of_block), self._hits(scores, of_block)
            if row_weights is None:
                weight += len(X)
            else:
                weights = np.broadcast_to(_columns(row_weights[part], values), values.shape)
                values, hits = values * weights, hits * weights
                weight += weights.sum(axis=0, dtype=np.float64)
            loss += values.sum(axis=0, dtype=np.float64)
            correct += hits.sum(axis=0, dtype=np.float64)
        return Sums(loss, correct, weight)

    def sums_of_parts(self, parameters: Tree, parts: list[LabelledRows], threads: int = 1) -> list[Sums]:
        """Return the sums over each of several parts of the data, with as many threads as are allowed.

        The definitions cut rows into pieces, whose sums are added in their order: any number of threads gives the same
        figures, bit by bit.
        """
        if all(self.is_native(part.rows) for part in parts):
            return [self._native_sums(parameters, part.rows, part.labels, part.weights, threads) for part in parts]

        def sums(piece: LabelledRows) -> Sums:
            with np.errstate(all="ignore"):  # an overflow shows in the sums; threads do not inherit this
                return self.sums(parameters, piece.rows, piece.labels, piece.weights)

        pieces = [list(part.pieces(PIECE)) for part in parts]
        found = iter(map_in_threads(sums, [*chain(*pieces)], threads))
        return [reduce(add, islice(found, len(of_part))) for of_part in pieces]

    def gradient(
        self, parameters: Tree, rows: Rows, targets: Array, row_weights: Array | None = None, threads: int = 1
    ) -> Tree:
        """Return ∂J/∂parameters over all rows, in float64."""
        if self.is_native(rows):
            total: Tree = self._mean(self._pass(parameters, rows, targets, row_weights, threads, with_gradient=True))
        else:
            total = parameters.zeros(np.float64)
            for part, X, shares in self._shared_blocks(rows, row_weights):
                scores, pull_back = self.model.forward(parameters, X)
                residual = self.loss.residual(scores, _for_scores(targets[part], scores))
                total.add(pull_back(residual * _columns(shares, residual[..., 0])[..., np.newaxis])[0])
        total.add(self.penalty.gradient(parameters))
        return total

    def hessian_product(
        self,
        parameters: Tree,
        direction: Tree,
        rows: Rows,
        targets: Array,
        row_weights: Array | None = None,
        threads: int = 1,
    ) -> Tree:
        """Return the Hessian of J times a direction in parameter space, in float64.

        That is Xᵀ (curvature of ℓ × (X directionᵀ)) with row weights, plus the penalty's.

        Raises
        ------
        ConfigError
            If the loss has no curvature (``hinge``), or the model's scores are not linear in its parameters.
        """
        if not self.has_hessian:
            lacking = "curvature" if self.model.has_linear_scores else "scores that are linear in its parameters"
            owner = f"loss {self.loss.name!r}" if self.model.has_linear_scores else f"model {self.model.name!r}"
            raise ConfigError(f"{owner} has no {lacking}, which Hessian products need: use a solver without them")
        if self.is_native(rows):
            total: Tree = self._mean(self._pass(parameters, rows, targets, row_weights, threads, direction=direction))
        else:
            total = parameters.zeros(np.float64)
            for part, X, shares in self._shared_blocks(rows, row_weights):
                scores, pull_back = self.model.forward(parameters, X)
                curved = self.loss.curvature(
                    scores, _for_scores(targets[part], scores), self.model.scores(direction, X)
                )
                total.add(pull_back(curved * _columns(shares, curved[..., 0])[..., np.newaxis])[0])
        total.add(self.penalty.hessian_product(direction))
        return total

    def _native_sums(
        self, parameters: Tree, rows: Rows, labels: Array, row_weights: Array | None, threads: int
    ) -> Sums:
        found = self._pass(parameters, rows, labels, row_weights, threads).run()
        return Sums(found.loss, found.correct, found.weight)

    @property
    def has_hessian(self) -> bool:
        """Whether there are Hessian products."""
        return self.loss.has_curvature and self.model.has_linear_scores

    def _pass(
        self,
        parameters: Any,
        rows: Any,
        targets: Array,
        row_weights: Array | None,
        threads: int,
        *,
        with_gradient: bool = False,
        direction: Any = None,
    ) -> engine.PassJob:
        weights, intercepts = np.ascontiguousarray(parameters.weights), np.ascontiguousarray(parameters.intercepts)
        along = None if direction is None else direction.map(lambda part: np.ascontiguousarray(part, weights.dtype))
        return engine.PassJob(
            rows=rows,
            targets=targets[:, 0] if targets.ndim == 3 else targets,
            loss=self.loss.name,
            weights=weights,
            intercepts=intercepts,
            with_gradient=with_gradient,
            directions=None if along is None else along.weights,
            direction_intercepts=None if along is None else along.intercepts,
            row_weights=row_weights,
            n_threads=threads,
        )

    @staticmethod
    def _mean(job: engine.PassJob) -> Any:
        """Return the sums that a pass makes for parameters, divided by the rows' weight."""
        found = job.run()
        weight = np.asarray(np.where(np.asarray(found.weight) > 0, found.weight, 1.0))
        assert found.weights is not None and found.intercepts is not None  # noqa: S101, PT018 (asked for)
        return LinearParameters(
            found.weights / weight[..., np.newaxis, np.newaxis], found.intercepts / weight[..., np.newaxis]
        )

    @staticmethod
    def _shared_blocks(rows: Rows, row_weights: Array | None) -> Any:
        """Yield blocks of rows with the shares that they have in the weight of all."""
        shares = _shares(np.ones(rows.n) if row_weights is None else row_weights, rows.dtype)
        return ((part, X, shares[part]) for part, X in rows.blocks())

    def _hits(self, scores: Array, targets: Array) -> Array:
        decision = self.loss.decision(scores)
        if targets.ndim == scores.ndim:  # probabilities: the likeliest class counts as the right one
            labels = (targets[..., 0] >= 0.5).astype(np.intp) if targets.shape[-1] == 1 else targets.argmax(axis=-1)
        else:
            labels = _columns(targets, decision)
        hits: Array = decision == labels
        return hits


def _block_size(parameters: Tree, rows: Rows) -> int | None:
    """Return how many rows to take at once; for m models, as many as have scores no larger than a block."""
    if parameters.m is None:
        return None
    width = max(rows.d, parameters.size // rows.d)  # features, or about as many scores
    size: int = BLOCK_BYTES // (width * np.dtype(rows.dtype).itemsize)
    return max(1, size)


def _for_scores(targets: Array, scores: Array) -> Array:
    """Give probabilities (n, k) that m models share an axis of length 1."""
    return targets[:, np.newaxis] if targets.ndim == 2 and scores.ndim == 3 else targets


def _columns(per_row: Array, like: Array) -> Array:
    """Give ``per_row`` (n,) a trailing axis of 1 where ``like`` is ``(n, m)``."""
    return per_row[:, np.newaxis] if per_row.ndim < like.ndim else per_row


def _shares(row_weights: Array, dtype: Any) -> Array:
    """Return row weights divided by their sum over rows; zeros stay zeros."""
    total = row_weights.sum(axis=0, dtype=np.float64)
    return (row_weights / np.where(total > 0, total, 1.0)).astype(dtype)
