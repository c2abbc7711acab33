"""What all charts share: how numbers, names and colours are written."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from onelayer.reporting.confusion import short_name

__all__ = ["Chart", "chart_text", "log_axis", "numbers", "vertical_line"]


@dataclass(frozen=True)
class Chart:
    """A chart, without what the page adds to all: fonts, margins, colours of axes.

    Colours are written as names of the page's variables (``"--train"``): the page has a light and a dark set of them.

    Parameters
    ----------
    traces : sequence of mapping
        As plotly's ``data``.
    layout : mapping
        As plotly's ``layout``.
    height : int
        In pixels of the page.
    steps_per_epoch : float or None
        Where x counts steps: the page can count epochs instead.

    Examples
    --------
    >>> Chart([{"type": "bar", "y": [1, 2]}], {}, 300).to_dict()
    {'data': [{'type': 'bar', 'y': [1, 2]}], 'layout': {'height': 300}, 'stepsPerEpoch': None}
    """

    traces: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)
    height: int = 340
    steps_per_epoch: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what the page's script takes."""
        return {
            "data": [dict(trace) for trace in self.traces],
            "layout": {"height": self.height, **self.layout},
            "stepsPerEpoch": self.steps_per_epoch,
        }


def numbers(values: npt.ArrayLike, digits: int = 5) -> list[float | int | None]:
    """Return values with ``digits`` significant ones, NaN as None.

    Examples
    --------
    >>> numbers([1.23456789, np.nan]), numbers(np.arange(2))
    ([1.2346, None], [0, 1])
    """
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        whole: list[float | int | None] = array.tolist()
        return whole
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in array.tolist()]


def chart_text(name: str, limit: int = 18) -> str:
    """Return a name as a chart's text: plotly reads some HTML there, so it is escaped.

    Examples
    --------
    >>> chart_text("<b>cat</b>")
    '&lt;b&gt;cat&lt;/b&gt;'
    """
    return html.escape(short_name(name, limit), quote=False)


def log_axis(values: npt.ArrayLike) -> dict[str, Any]:
    """Return a logarithmic axis with a tick at each decade, and at 2 and 5 of each where there are three or fewer.

    Examples
    --------
    >>> log_axis([0.2, 3.0])["ticktext"]
    ['0.1', '0.2', '0.5', '1', '2', '5', '10']
    """
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    first, last = int(np.floor(np.log10(finite.min()))), int(np.ceil(np.log10(finite.max())))
    steps = (1, 2, 5) if last - first <= 3 else (1,)
    ticks = [step * 10.0**decade for decade in range(first, last) for step in steps] + [10.0**last]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def vertical_line(x: float, label: str, *, dash: str, color: str = "--ink") -> dict[str, Any]:
    """Return a vertical line over the whole height, with its place in the legend."""
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": color, "width": 1.3, "dash": dash},
        "name": label,
        "showlegend": True,
    }
