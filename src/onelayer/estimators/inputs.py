"""What a user hands to the estimator, checked and shaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d, validate_data

from onelayer.arrays import Array
from onelayer.errors import ConfigError, InputError, printable
from onelayer.rows import RowSource, as_rows

__all__ = [
    "LabelledRows",
    "check_labelled",
    "check_rows",
    "class_weights",
    "encode_labels",
    "shape_of_images",
    "shown_label",
]

# What is none of these (integers, booleans, half floats) becomes the first of them.
ROW_TYPES = (np.float32, np.float64, np.uint8)


@dataclass(frozen=True)
class LabelledRows:
    """n rows and their labels ``(n,)`` as given, weights ``(n,)`` float64 or None; ``what`` names them in messages.

    Raises
    ------
    InputError
        If all weights are 0.
    """

    rows: RowSource
    y: Array
    weights: Array | None
    what: str = ""

    def __post_init__(self) -> None:
        if self.weights is not None and not self.weights.any():
            raise InputError(f"all {self.what}sample weights are 0: at least one row has to count")

    @property
    def X(self) -> Array:
        """The rows as an array ``(n, d)``; a copy where they are a part of a larger one."""
        return self.rows.array if self.rows.indices is None else self.rows.array[self.rows.indices]

    def subset(self, indices: Array, what: str) -> LabelledRows:
        """Return some of these rows, without a copy of them."""
        weights = None if self.weights is None else self.weights[indices]
        return LabelledRows(self.rows.subset(indices), self.y[indices], weights, what)


def shape_of_images(X: Any, declared: tuple[int, ...] | None) -> tuple[int, int, int] | None:
    """Return (h, w, c) of images ``(n, h, w)`` or ``(n, h, w, c)``, or as declared; None for plain rows.

    Raises
    ------
    InputError
        If the images have another shape than declared.
    """
    X = _as_array(X)
    own = tuple(X.shape[1:]) if getattr(X, "ndim", 2) > 2 else None
    if own and declared and _with_channels(own) != _with_channels(declared):
        raise InputError(f"images have shape {own}, but image_shape={declared}")
    shape = own or declared
    return _with_channels(shape) if shape else None


def _with_channels(shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*shape, 1)[:3]
    return int(height), int(width), int(channels)


def _as_array(X: Any) -> Any:
    X = np.asarray(X) if isinstance(X, list | tuple) else X
    if getattr(getattr(X, "dtype", None), "kind", "f") == "c":
        raise InputError("Complex data not supported: give real and imaginary parts, or magnitudes, as features")
    return X


def check_rows(estimator: Any, X: Any, *, reset: bool, image_shape: tuple[int, ...] | None = None) -> Array:
    """Return X as C-contiguous rows in uint8, float32 or float64, without a copy where it is that already.

    Images must have ``image_shape``, where that is given.
    """
    X = _as_array(X)
    if getattr(X, "ndim", 2) > 2:
        shape_of_images(X, image_shape)
        X = as_rows(np.asarray(X))
    rows: Array = validate_data(estimator, X, reset=reset, dtype=ROW_TYPES, order="C", accept_sparse=False)
    return rows


def check_labelled(
    estimator: Any,
    X: Any,
    y: Any,
    weights: Any,
    *,
    reset: bool,
    image_shape: tuple[int, ...] | None = None,
    what: str = "",
) -> LabelledRows:
    """Return rows, labels and weights that fit each other; ``what`` names them in messages (``"validation "``)."""
    if y is None:
        raise InputError(
            f"requires y to be passed, but the {what}target y is None"
            if not what
            else f"{what}rows need their labels too: give y_val with X_val"
        )
    rows = check_rows(estimator, X, reset=reset, image_shape=image_shape)
    labels = column_or_1d(y, warn=True)
    check_consistent_length(rows, labels)
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    if weights is not None:
        weights = _check_sample_weight(weights, rows, dtype=np.float64, ensure_non_negative=True)
    return LabelledRows(RowSource(rows), labels, weights, what)


def encode_labels(labels: Array, classes: Array, what: str) -> Array:
    """Return the position of each label in the sorted ``classes``.

    Raises
    ------
    InputError
        If a label is not among the classes.
    """
    try:
        positions = np.searchsorted(classes, labels).clip(0, len(classes) - 1)
    except TypeError:  # numbers against text
        positions = np.zeros(len(labels), dtype=np.intp)
    known = np.asarray(classes[positions] == labels)
    if not known.all():
        names = ", ".join(map(shown_label, classes[:10])) + (", …" if len(classes) > 10 else "")
        raise InputError(f"{what} has label {shown_label(labels[~known][0])}, which is not among the classes {names}")
    return positions


def shown_label(label: Any) -> str:
    """Return a label from data as text for a message.

    Examples
    --------
    >>> shown_label(np.int64(3)), shown_label(np.str_("cat"))
    ('3', "'cat'")
    """
    return printable(repr(label.item() if isinstance(label, np.generic) else label), 60)


def class_weights(class_weight: Any, classes: Array, labels: Array) -> Array | None:
    """Return the weight of each row by its class, ``(n,)``, or None for 1 each; labels are positions in ``classes``."""
    if class_weight is None:
        return None
    unknown = set(class_weight).difference(classes.tolist()) if isinstance(class_weight, dict) else ()
    if unknown:
        names = ", ".join(map(shown_label, classes[:10])) + (", …" if len(classes) > 10 else "")
        raise ConfigError(f"class_weight has {shown_label(min(unknown, key=str))}, which is none of the labels {names}")
    per_class = compute_class_weight(class_weight, classes=classes, y=classes[labels])
    weights: Array = per_class[labels].astype(np.float64)
    return weights
