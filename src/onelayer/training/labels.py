"""Labels: their positions among the classes, and the weights that classes have."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import ConfigError, InputError, printable

__all__ = ["class_weights", "encode_labels", "shown_label", "shown_labels"]


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
        raise InputError(
            f"{what} has label {shown_label(labels[~known][0])}, which is not among the classes {shown_labels(classes)}"
        )
    return positions


def shown_label(label: Any) -> str:
    """Return a label from data as text for a message.

    Examples
    --------
    >>> shown_label(np.int64(3)), shown_label(np.str_("cat"))
    ('3', "'cat'")
    """
    return printable(repr(label.item() if isinstance(label, np.generic) else label), 60)


def shown_labels(labels: Array) -> str:
    """Return labels as text for a message, the first ten of many.

    Examples
    --------
    >>> shown_labels(np.arange(12))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …'
    """
    return ", ".join(map(shown_label, labels[:10])) + (", …" if len(labels) > 10 else "")


def class_weights(class_weight: Any, classes: Array, labels: Array) -> Array | None:
    """Return the weight of each row by its class, ``(n,)``, or None for 1 each; labels are positions in ``classes``."""
    if class_weight is None:
        return None
    unknown = set(class_weight).difference(classes.tolist()) if isinstance(class_weight, dict) else ()
    if unknown:
        found = shown_label(min(unknown, key=str))
        raise ConfigError(f"class_weight has {found}, which is none of the labels {shown_labels(classes)}")
    if isinstance(class_weight, dict):  # scikit-learn would take the label "1" for the number 1
        per_class = np.array([class_weight.get(label, 1.0) for label in classes.tolist()])
    else:
        from sklearn.utils.class_weight import compute_class_weight  # a tenth of a second, which few need

        per_class = compute_class_weight(class_weight, classes=classes, y=classes[labels])
    weights: Array = per_class[labels].astype(np.float64)
    return weights
