"""What a user hands to the estimator, checked and shaped."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, column_or_1d, validate_data

from onelayer.arrays import Array
from onelayer.conversion import ROW_TYPES, as_labels, as_numbers, input_errors, is_table
from onelayer.data.image_layout import channels_last, doubt_layout, shape_with_channels_last
from onelayer.errors import InputError, InputTypeError
from onelayer.rows import ArrayRows, LabelledRows, as_rows

__all__ = ["check_classes", "check_labelled", "check_rows", "check_weights", "shape_of_images"]

MOST_BITS: Final = 60  # a largest weight of 2 to less than this, or its inverse, is left as it is


def shape_of_images(X: Any, declared: tuple[int, ...] | None) -> tuple[int, int, int] | None:
    """Return (h, w, c) of images ``(n, h, w)`` or ``(n, h, w, c)``, or as declared; None for plain rows.

    Images ``(n, c, h, w)`` are recognised.

    Raises
    ------
    InputError
        If the images have another shape than declared, or it can't be told which axis has the channels.
    """
    with input_errors():
        own = tuple((X if hasattr(X, "shape") else np.asarray(X)).shape[1:])
    own = own if len(own) > 1 else ()
    if declared and not own:
        doubt_layout(declared)
    if len(own) == 3:
        own = shape_with_channels_last((0, *own), declared)
    if own and declared and _with_channels(own) != _with_channels(declared):
        raise InputError(f"images have shape {own}, but image_shape={declared}")
    shape = own or declared
    return _with_channels(shape) if shape else None


def _with_channels(shape: tuple[int, ...]) -> tuple[int, int, int]:
    height, width, channels = (*shape, 1)[:3]
    return int(height), int(width), int(channels)


def check_rows(estimator: Any, X: Any, *, reset: bool, image_shape: tuple[int, ...] | None = None) -> Array:
    """Return X as C-contiguous rows in uint8, float32 or float64, without a copy where it is that already.

    Images must have ``image_shape``, where that is given; those whose channels come first are turned to it.
    """
    array = as_numbers(X)
    if array.ndim > 2:
        if image_shape is not None:
            shape_of_images(array, image_shape)
            array = channels_last(array, image_shape)
        array = as_rows(array)
    with input_errors():
        if X is not array and is_table(X):  # whose columns have names
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            rows: Array = check_array(array, dtype=ROW_TYPES, order="C", input_name="X", estimator=estimator)
        else:
            rows = validate_data(estimator, array, reset=reset, dtype=ROW_TYPES, order="C", accept_sparse=False)
    return rows


def check_classes(classes: Any) -> Array:
    """Return the different labels among ``classes``, in order.

    Raises
    ------
    InputError, InputTypeError
        If they are no vector, or both numbers and text.
    """
    with input_errors():
        labels = column_or_1d(classes, input_name="classes")
    try:
        return np.unique(labels)
    except TypeError:
        raise InputTypeError("classes must all be numbers, or all text") from None


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
    labels = as_labels(y)
    with input_errors():
        check_consistent_length(rows, labels)
    row_weights = None if weights is None else _numbers_of_weights(weights, rows)
    return check_weights(LabelledRows(ArrayRows(rows), labels, row_weights), what)


def _numbers_of_weights(weights: Any, rows: Array) -> Array:
    """Return weights (n,) as float64, times a power of two where they are too large or small for float32."""
    with input_errors():
        checked: Array = _check_sample_weight(
            as_numbers(weights, "sample_weight"), rows, dtype=np.float64, ensure_non_negative=True
        )
    exponent = int(np.frexp(checked.max())[1])
    return checked if abs(exponent) < MOST_BITS else np.ldexp(checked, -exponent)


def check_weights(data: LabelledRows, what: str) -> LabelledRows:
    """Return rows of which some have a weight; ``what`` names them in the message.

    Raises
    ------
    InputError
        If all weights are 0.
    """
    if data.weights is not None and not data.weights.any():
        raise InputError(f"all {what}sample weights are 0: at least one row has to count")
    return data
