"""What losses take as targets: integer labels, or probabilities.

Labels have fewer axes than the scores and probabilities as many; that tells them apart without a look at the values.
Labels outside 0 … k − 1 are not looked for here, in the innermost loop: whoever takes labels from a user checks them
once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from onelayer.arrays import AnyArray
from onelayer.errors import InputError

__all__ = ["as_probabilities", "expand_labels", "one_hot", "target_scores"]


def expand_labels(labels: AnyArray, scores: AnyArray) -> AnyArray:
    """Return labels (n,) or (n, m) with axes of length 1 appended, to broadcast against scores (n, k) or (n, m, k).

    Raises
    ------
    InputError
        If labels are neither of the shape ``scores.shape[:-1]`` nor ``(n,)``.
    """
    if labels.shape not in (scores.shape[:-1], scores.shape[:1]):
        raise InputError(
            f"targets of shape {tuple(labels.shape)} do not fit scores of shape {tuple(scores.shape)}: "
            "give an integer label per row, or probabilities of the scores' shape"
        )
    return labels[(..., *(None,) * (scores.ndim - labels.ndim))]


def one_hot(labels: AnyArray, scores: AnyArray, xp: Any) -> AnyArray:
    """Return booleans (n, k), (n, 1, k) or (n, m, k): true at each row's own class.

    Parameters
    ----------
    labels : integer array (n,) or (n, m)
    scores : float array (n, k) or (n, m, k)
    xp : array namespace of both

    Raises
    ------
    InputError
        If the labels' shape does not fit the scores'.
    """
    return expand_labels(labels, scores) == _classes(xp, scores.shape[-1], scores.device)


@lru_cache(maxsize=64)
def _classes(xp: Any, k: int, device: Any) -> AnyArray:
    return xp.arange(k, device=device)


def as_probabilities(targets: AnyArray, scores: AnyArray, xp: Any) -> AnyArray:
    """Return targets as probabilities of the scores' dtype, one per score, that broadcast against the scores.

    Parameters
    ----------
    targets : integer array (n,) or (n, m), or float array (n, k), (n, 1, k) or (n, m, k)
    scores : float array (n, k) or (n, m, k)
    xp : array namespace of both

    Raises
    ------
    InputError
        If the targets' shape does not fit the scores'.
    """
    if targets.ndim < scores.ndim:
        targets = one_hot(targets, scores, xp)
    return xp.astype(targets, scores.dtype, copy=False)


def target_scores(targets: AnyArray, scores: AnyArray, xp: Any) -> AnyArray:
    """Return Σ_j t_j z_j: the score of each row's own class or, for probabilities, the mean score under them.

    Parameters
    ----------
    targets : integer array (n,) or (n, m), or float array (n, k), (n, 1, k) or (n, m, k)
    scores : float array (n, k) or (n, m, k)
    xp : array namespace of both

    Raises
    ------
    InputError
        If the targets' shape does not fit the scores'.
    """
    if targets.ndim < scores.ndim:
        return xp.take_along_axis(scores, expand_labels(targets, scores), axis=-1)[..., 0]
    return xp.vecdot(xp.astype(targets, scores.dtype, copy=False), scores)
