"""How the values of a sweep are named and placed on the axes of its figures, and its accuracies coloured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onelayer.reporting.confusion import short_name
from onelayer.selection import SweepResult, SweptAxis

__all__ = ["color_floor", "place_of", "shown_values", "sides_of_heat_map", "value_text"]

_MOST_NAMED = 12


def place_of(axis: SweptAxis, value: Any) -> float:
    """Return where a value lies on the axis of a figure: at itself, or evenly where it is one of a list."""
    return float(axis.values.index(value) if axis.scale == "list" or value is None else value)


def value_text(value: object) -> str:
    """Return a value of a parameter as a short label.

    Examples
    --------
    >>> value_text(0.00012345), value_text(128), value_text("hinge"), value_text(False)
    ('1.23e-4', '128', 'hinge', 'false')
    """
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return short_name(str(value))
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def shown_values(axis: SweptAxis, *, everywhere: bool = False) -> Sequence[object] | None:
    """Return which values are named on an axis, at most 12; None where a scale of round numbers does better.

    Parameters
    ----------
    axis : SweptAxis
    everywhere : bool
        Whether values lie evenly, whatever their scale, as in a heat map.

    Examples
    --------
    >>> shown_values(SweptAxis(name="l2", values=(0.1, 1.0), scale="log"))
    [0.1, 1.0]
    >>> shown_values(SweptAxis(name="l2", values=tuple(10.0**-i for i in range(9)), scale="log")) is None
    True
    """
    if not everywhere and axis.scale != "list" and len(axis.values) > _MOST_NAMED // 2:
        return None
    return list(axis.values)[:: -(-len(axis.values) // _MOST_NAMED)]


def sides_of_heat_map(sweep: SweepResult) -> tuple[SweptAxis, SweptAxis]:
    """Return the axes of a heat map, across and down: the one of more values goes across."""
    across, down = sorted(sweep.axes, key=lambda axis: -len(axis.values))
    return across, down


def color_floor(sweep: SweepResult) -> float:
    """Return the accuracy with which a heat map's colours begin; what is lower has the palest one too.

    It lies as far below the median as the best lies above it: a few models that learnt nothing do not take the
    colours from all others.
    """
    found = [trial.validation_accuracy for trial in sweep.trials if trial.validation_accuracy is not None]
    best = max(found)
    return float(min(max(min(found), 2 * np.median(found) - best), best - 1e-3))
