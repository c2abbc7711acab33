"""What all figures share: when a scale is logarithmic, its ticks, how values are written, how many are drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from onelayer.arrays import Array
from onelayer.errors import printable
from onelayer.figures.specification import Axis

__all__ = ["LARGEST_DRAWN", "MOST_POINTS", "drawable", "every", "log_ticks", "loss_axis", "value_text"]

MOST_POINTS: Final = 2000
"""Of one line or cloud of points: more are not to be told apart."""

LARGEST_DRAWN: Final = 1e30  # a loss beyond it has diverged, and scales overflow long before float64 does
_LARGEST_LINEAR_RATIO: Final = 4
_MOST_FINE_DECADES: Final = 3
_MOST_DECADES: Final = 10


def drawable(values: Array) -> Array:
    """Return values as float64, with NaN for those too large to draw, infinities among them.

    Examples
    --------
    >>> drawable(np.array([1.0, -np.inf, 1e200]))
    array([ 1., nan, nan])
    """
    return np.where(np.abs(values) <= LARGEST_DRAWN, values, np.nan).astype(np.float64)


def every(n: int, most: int = MOST_POINTS) -> int:
    """Return the least step by which at most ``most`` of n are taken.

    Examples
    --------
    >>> every(10, 4), every(3, 4)
    (3, 1)
    """
    return max(1, -(-n // most))


def loss_axis(label: str, values: npt.ArrayLike) -> Axis:
    """Return the axis of losses: logarithmic where a linear one would show no more than one steep fall and a flat line.

    Examples
    --------
    >>> loss_axis("loss", [0.2, 3.0]).label, loss_axis("loss", [1.0, 3.0]).label
    ('loss, logarithmic', 'loss')
    """
    found = np.asarray(values, float)
    found = found[np.isfinite(found)]
    if not len(found) or found.min() <= 0 or found.max() <= _LARGEST_LINEAR_RATIO * found.min():
        return Axis(label)
    return Axis(f"{label}, logarithmic", log=True, ticks=log_ticks(float(found.min()), float(found.max())))


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return a tick at each decade, and at 2 and 5 of each where there are three or fewer; of many decades at some.

    Examples
    --------
    >>> [text for _, text in log_ticks(0.2, 3.0)]
    ['0.1', '0.2', '0.5', '1', '2', '5', '10']
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    steps = (1, 2, 5) if last - first <= _MOST_FINE_DECADES else (1,)
    decades = range(first, last + 1, every(last - first + 1, _MOST_DECADES))
    places = [step * 10.0**decade for decade in decades for step in steps if decade < last or step == 1]
    return [(place, value_text(float(f"{place:.3g}"))) for place in places]


def value_text(value: object) -> str:
    """Return a value of a parameter, or a tick, as a short label.

    Examples
    --------
    >>> value_text(0.00012345), value_text(128), value_text("hinge"), value_text(False)
    ('1.23e-4', '128', 'hinge', 'false')
    """
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return printable(str(value), 18)
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1e3 else f"{value:g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
