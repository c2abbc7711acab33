"""The page that shows training as it goes."""

from __future__ import annotations

import functools
import importlib.resources

from onelayer.reporting.charts.chart import Chart
from onelayer.reporting.document import render
from onelayer.reporting.views import ChartView

__all__ = ["live_page"]

_WAITING = "nothing to show yet"
_CURVES = {"loss": 360, "accuracy": 360}
_TRENDS = {"weight-norm": 260, "learning-rate": 260}


@functools.cache
def live_page() -> str:
    """Return the page; what it shows comes in events.

    Examples
    --------
    >>> "connect-src 'self'" in live_page()
    True
    """
    curves, trends = (
        [ChartView(name, _WAITING, "", Chart([], {}, height)) for name, height in some.items()]
        for some in (_CURVES, _TRENDS)
    )
    return render(
        "live.html.j2",
        payload={"charts": {view.name: view.chart.to_dict() for view in [*curves, *trends]}},
        title="Training",
        sections=[
            {"id": "curves", "heading": "Learning curves"},
            {"id": "weights", "heading": "What each class looks for"},
            {"id": "trends", "heading": "Weights and learning rate over time"},
        ],
        curves=curves,
        trends=trends,
        live_script=importlib.resources.files("onelayer.live").joinpath("live.js").read_text("utf-8"),
    )
