"""What a user hands to the estimator, checked and shaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d, validate_data

from onelayer.arrays import Array
from onelayer.conversion import ROW_TYPES, as_numbers, input_errors, is_table
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

MOST_BITS: Final = 60  # a largest weight of 2 to less than this, or its inverse, is left as it is


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
    with input_errors():
        own = tuple(np.shape(X)[1:])
    own = own if len(own) > 1 else ()
    if own and declared and _with_channels(own) != _with_channels(declared):
        raise InputError(f"images have shape {own}, but image_shape={declared}")
    shape = own or declared
    return _with_channels(shape) if shape else None


def _with_channels(shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*shape, 1)[:3]
    return int(height), int(width), int(channels)


def check_rows(estimator: Any, X: Any, *, reset: bool, image_shape: tuple[int, ...] | None = None) -> Array:
    """Return X as C-contiguous rows in uint8, float32 or float64, without a copy where it is that already.

    Images must have ``image_shape``, where that is given.
    """
    array = as_numbers(X)
    if array.ndim > 2:
        shape_of_images(array, image_shape)
        array = as_rows(array)
    with input_errors():
        if X is not array and is_table(X):  # whose columns have names
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            rows: Array = check_array(array, dtype=ROW_TYPES, order="C", input_name="X", estimator=estimator)
        else:
            rows = validate_data(estimator, array, reset=reset, dtype=ROW_TYPES, order="C", accept_sparse=False)
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
    with input_errors():
        labels = column_or_1d(y, warn=True)
        check_consistent_length(rows, labels)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
    return LabelledRows(RowSource(rows), labels, None if weights is None else _check_weights(weights, rows), what)


def _check_weights(weights: Any, rows: Array) -> Array:
    """Return weights (n,) as float64, times a power of two where they are too large or small for float32."""
    with input_errors():
        checked: Array = _check_sample_weight(
            as_numbers(weights, "sample_weight"), rows, dtype=np.float64, ensure_non_negative=True
        )
    exponent = int(np.frexp(checked.max())[1])
    return checked if abs(exponent) < MOST_BITS else np.ldexp(checked, -exponent)


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
