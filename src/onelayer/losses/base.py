"""What a loss is: a few functions of scores and targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from onelayer.arrays import AnyArray, namespace_of
from onelayer.errors import ConfigError

__all__ = ["Loss"]


class Loss(ABC):
    """A loss ℓ(z, y) of a row's scores z and target y; it has no state.

    It never sees inputs, weights or the weights of rows. Everywhere, scores are float arrays (n, k) or, for m models,
    (n, m, k), and the loss acts on the last axis. Targets are integer labels of the shape ``scores.shape[:-1]`` or
    (n,), which all m models then share; a loss with ``takes_probabilities`` also takes probabilities (n, k), (n, 1,
    k) or (n, m, k). Results keep the scores' dtype and array library. Targets whose shape does not fit raise
    :class:`~onelayer.errors.InputError`.

    Scores must be finite: an infinite one gives NaN, which is for the training loop to notice.

    To add a loss, write one file with a subclass that has ``name``, ``has_curvature``, ``takes_probabilities``,
    ``values`` and ``values_and_residual`` (and what else its capabilities promise), and enter it in
    ``losses/__init__.py``; the tests of ``tests/losses/`` then hold it to all of the above.
    """

    name: ClassVar[str]
    has_probabilities: ClassVar[bool] = False
    """Scores have a meaning as probabilities of the classes."""
    has_curvature: ClassVar[bool] = False
    """There is a Hessian in score space (for ``squared_hinge`` a generalised one)."""
    takes_probabilities: ClassVar[bool] = False
    """Targets may be probabilities, which label smoothing needs."""

    def outputs(self, n_classes: int) -> int:
        """Return k, the number of scores per row, for this many classes.

        Raises
        ------
        ConfigError
            If the loss cannot tell this many classes apart.
        """
        if n_classes < 2:
            raise ConfigError(f"loss {self.name!r} needs at least two classes, not {n_classes}")
        return n_classes

    @abstractmethod
    def values(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return ℓ per row, an array of the shape ``scores.shape[:-1]``."""

    @abstractmethod
    def values_and_residual(self, scores: AnyArray, targets: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return ℓ per row and the residual ∂ℓ/∂z, at little more than the cost of one of them.

        The residual is a new array, which the caller may write into.
        """

    def residual(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return ∂ℓ/∂z, an array of the scores' shape."""
        return self.values_and_residual(scores, targets)[1]

    def curvature(self, scores: AnyArray, targets: AnyArray, direction: AnyArray) -> AnyArray:
        """Return (∂²ℓ/∂z²)·v for each row, v being the row of ``direction``; all have the scores' shape.

        Raises
        ------
        ConfigError
            If the loss has no Hessian (``has_curvature`` is False).
        """
        raise ConfigError(
            f"loss {self.name!r} has no curvature, so only the solver 'sgd' can minimise it; "
            "'squared_hinge' is the hinge loss with one"
        )

    def probabilities(self, scores: AnyArray) -> AnyArray:
        """Return the probabilities of the classes, (n, n_classes) or (n, m, n_classes); they sum to 1.

        Raises
        ------
        ConfigError
            If scores are no probabilities in disguise (``has_probabilities`` is False).
        """
        raise self._no_probabilities()

    def log_probabilities(self, scores: AnyArray) -> AnyArray:
        """Return the logarithms of the probabilities, of the same shape, finite even where these round to 0.

        Raises
        ------
        ConfigError
            As for :meth:`probabilities`.
        """
        raise self._no_probabilities()

    def _no_probabilities(self) -> ConfigError:
        return ConfigError(
            f"loss {self.name!r} has no probabilities; use the scores (decision_function), "
            "or a loss that has: logistic, softmax or sigmoid"
        )

    def decision(self, scores: AnyArray) -> AnyArray:
        """Return the index of the class decided for, an integer array (n,) or (n, m): the class of the largest score.

        Of equal scores the first wins.
        """
        return namespace_of(scores).argmax(scores, axis=-1)

    def kink_distance(self, scores: AnyArray, targets: AnyArray) -> AnyArray:
        """Return how far each row is from the nearest kink, an array of the shape ``scores.shape[:-1]``.

        A kink is a place where ℓ or its residual has no derivative. The distance is the least absolute value of the
        margins that change sign at one; a change of all scores by at most δ changes a margin by at most 2δ. A smooth
        loss has no kink: the distance is infinite.
        """
        xp = namespace_of(scores)
        return xp.full(scores.shape[:-1], xp.inf, dtype=scores.dtype, device=scores.device)
