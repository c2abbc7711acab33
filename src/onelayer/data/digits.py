"""``digits``: 1,797 handwritten digits of 8×8 pixels, which ship with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .content import Content, Part

__all__ = ["read_digits"]


def read_digits() -> Content:
    """Return the optical recognition of handwritten digits test set (UCI), as scikit-learn ships it.

    Images are uint8 of shape (1797, 8, 8, 1); a pixel counts the inked dots of a 4×4 block, 0 to 16.

    Examples
    --------
    >>> read_digits().parts["all"].X.shape
    (1797, 8, 8, 1)
    """
    import sklearn.datasets

    bunch = sklearn.datasets.load_digits()
    X = bunch.images.astype(np.uint8)[..., np.newaxis]
    y = bunch.target.astype(np.int64)
    names = tuple(str(name) for name in bunch.target_names)
    path = Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz"
    return Content({"all": Part(X, y)}, names, "scikit-learn", (path,), value_range=(0.0, 16.0))
