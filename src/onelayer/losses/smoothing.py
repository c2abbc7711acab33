"""Label smoothing: labels become target probabilities (*Rethinking the Inception architecture*, CVPR 2016).

With strength ε and K classes the target is (1 − ε)·one-hot + ε/K: the label is kept with probability 1 − ε, else
replaced by one drawn evenly from all K. This one definition serves every cross-entropy. For ``sigmoid``, others
smooth each of the K binary problems towards ½; here targets stay a distribution over classes that exclude one
another, as the predicted probabilities are, and K classes do not pull the scores of K − 1 of them up to ε/2.
"""

from __future__ import annotations

from typing import Any

from onelayer.arrays import AnyArray, namespace_of
from onelayer.errors import ConfigError

__all__ = ["smoothed_labels"]


def smoothed_labels(labels: AnyArray, outputs: int, smoothing: float, dtype: Any = None) -> AnyArray:
    """Return the target probabilities (1 − ε)·one-hot + ε/K of integer labels.

    Parameters
    ----------
    labels : integer array (n,) or (n, m)
    outputs : int
        Number of scores k. 1 stands for the logistic loss: K is then 2, and the result is the probability of class 1.
    smoothing : float
        Strength ε, 0 ≤ ε < 1.
    dtype : float dtype, optional
        That of the scores; float64 if not given.

    Returns
    -------
    float array (..., k)

    Raises
    ------
    ConfigError
        If the strength is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> smoothed_labels(np.array([1]), 4, 0.2)
    array([[0.05, 0.85, 0.05, 0.05]])
    >>> smoothed_labels(np.array([0, 1]), 1, 0.2)
    array([[0.1],
           [0.9]])
    """
    if not 0 <= smoothing < 1:
        raise ConfigError(f"label_smoothing must be at least 0 and below 1, not {smoothing!r}")
    xp = namespace_of(labels)
    # A single score stands for class 1 alone.
    classes = xp.arange(outputs, device=labels.device) + int(outputs == 1)
    own = xp.astype(labels[..., None] == classes, dtype or xp.float64)
    return own * (1 - smoothing) + smoothing / max(outputs, 2)
