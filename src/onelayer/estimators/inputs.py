"""What a user hands to the estimator, checked and shaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d, validate_data

from onelayer.errors import InputError
from onelayer.rows import as_rows

__all__ = ["LabelledRows", "check_labelled", "check_rows", "class_weights", "encode_labels", "shape_of_images"]

Array = np.ndarray[Any, Any]

# What is none of these (integers, booleans, half floats) becomes the first of them.
ROW_TYPES = (np.float32, np.float64, np.uint8)


@dataclass(frozen=True)
class LabelledRows:
    """Rows ``(n, d)``, labels as given ``(n,)`` and weights ``(n,)`` float64 or None."""

    X: Array
    y: Array
    weights: Array | None


def shape_of_images(X: Any, declared: tuple[int, ...] | None) -> tuple[int, int, int] | None:
    """Return (h, w, c) of images ``(n, h, w)`` or ``(n, h, w, c)``, or as declared; None for plain rows.

    Raises
    ------
    InputError
        If the images have another shape than declared.
    """
    own = tuple(X.shape[1:]) if getattr(X, "ndim", 2) > 2 else None
    if own and declared and _with_channels(own) != _with_channels(declared):
        raise InputError(f"images have shape {own}, but image_shape={declared}")
    shape = own or declared
    return _with_channels(shape) if shape else None


def _with_channels(shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*shape, 1)[:3]
    return int(height), int(width), int(channels)


def check_rows(estimator: Any, X: Any, *, reset: bool) -> Array:
    """Return X as C-contiguous rows in uint8, float32 or float64, without a copy where it is that already."""
    if getattr(X, "ndim", 2) > 2:
        X = as_rows(np.asarray(X))
    rows: Array = validate_data(estimator, X, reset=reset, dtype=ROW_TYPES, order="C", accept_sparse=False)
    return rows


def check_labelled(estimator: Any, X: Any, y: Any, weights: Any, *, reset: bool, what: str = "") -> LabelledRows:
    """Return rows, labels and weights that fit each other; ``what`` names them in messages (``"validation "``)."""
    if y is None:
        raise InputError(
            f"requires y to be passed, but the {what}target y is None"
            if not what
            else f"{what}rows need their labels too: give y_val with X_val"
        )
    rows = check_rows(estimator, X, reset=reset)
    labels = column_or_1d(y, warn=True)
    check_consistent_length(rows, labels)
    check_classification_targets(labels)
    if weights is None:
        return LabelledRows(rows, labels, None)
    checked = _check_sample_weight(weights, rows, dtype=np.float64, ensure_non_negative=True)
    if not checked.any():
        raise InputError(f"all {what}sample weights are 0: at least one row has to count")
    return LabelledRows(rows, labels, checked)


def encode_labels(labels: Array, classes: Array, what: str) -> Array:
    """Return the position of each label in the sorted ``classes``.

    Raises
    ------
    InputError
        If a label is not among the classes.
    """
    positions = np.searchsorted(classes, labels).clip(0, len(classes) - 1)
    known = classes[positions] == labels
    if not np.all(known):
        raise InputError(f"{what} has label {labels[~known][0]!r}, which is not among the classes {list(classes[:10])}")
    return positions


def class_weights(class_weight: Any, classes: Array, labels: Array) -> Array | None:
    """Return the weight of each row that its class asks for, ``(n,)``, or None for 1 each; labels are positions in ``classes``."""
    if class_weight is None:
        return None
    per_class = compute_class_weight(class_weight, classes=classes, y=classes[labels])
    weights: Array = per_class[labels].astype(np.float64)
    return weights
