"""Sweeps for figures of them, and charts as plotly's own library takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go
import pytest

from onelayer.figures import LIGHT, Figure
from onelayer.figures.plotly import chart
from onelayer.selection import SweepResult

HOSTILE = "</script><img src=x onerror=alert(1)>"
VALUES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
ACCURACIES = (0.8, 0.85, 0.9, 0.89, 0.3)


def trial(values: dict[str, Any], accuracy: float | None) -> dict[str, Any]:
    parts = ("validation_loss", "validation_accuracy", "accuracy_interval", "standard_error")
    if accuracy is None:
        return {"values": values, "status": "diverged", "epochs": 1} | dict.fromkeys(parts)
    figures = dict(zip(parts, (2 - accuracy, accuracy, (accuracy - 0.02, accuracy + 0.02), 0.01), strict=True))
    return {"values": values, "status": "finished", "epochs": 10} | figures


def l2_and_rate(rates: Sequence[Any] = (0.1, 0.2, HOSTILE), losses: Sequence[float | None] = (0, 0.1, None)) -> Any:
    """Over the second parameter: as over the first alone, a tenth less, and diverged."""
    axes = [{"name": "l2", "values": VALUES, "scale": "log"}]
    axes.append({"name": "learning_rate", "values": rates, "scale": "list"})
    trials = [
        trial({"l2": v, "learning_rate": rate}, None if less is None else a - less)
        for rate, less in zip(rates, losses, strict=True)
        for v, a in zip(VALUES, ACCURACIES, strict=True)
    ]
    return axes, trials


@pytest.fixture(scope="session")
def make_sweep() -> Callable[..., SweepResult]:
    """Return a maker of sweeps of axes and trials as sweep.json has them."""

    def make(axes: Any, trials: Any, chosen: int = 2, one_se: int = 3, **others: Any) -> SweepResult:
        found = {"axes": axes, "trials": trials, "chosen": trials[chosen], "one_se": trials[one_se]}
        return SweepResult.check(found | {"n_folds": 1, "passes": 1, "seconds": 1.5} | others)

    return make


@pytest.fixture(scope="session")
def one(make_sweep) -> SweepResult:
    """Over l2: highest at 0.01, and 0.1 is within a standard error of it."""
    axes = [{"name": "l2", "values": VALUES, "scale": "log"}]
    return make_sweep(axes, [trial({"l2": v}, a) for v, a in zip(VALUES, ACCURACIES, strict=True)])


@pytest.fixture(scope="session")
def two(make_sweep) -> SweepResult:
    """Over l2 and the learning rate, of which one value is hostile and diverged."""
    return make_sweep(*l2_and_rate())


@pytest.fixture(scope="session")
def make_trial() -> Callable[..., dict[str, Any]]:
    """Return a maker of trials as sweep.json has them."""
    return trial


def _colored(value: Any, key: str = "") -> Any:
    """Return a chart with every colour of the page's variables replaced: plotly knows none of them."""
    if isinstance(value, dict):
        return {name: _colored(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_colored(entry, key) for entry in value]
    return LIGHT.ink if isinstance(value, str) and value.startswith("--") and "color" in key else value


@pytest.fixture(scope="session")
def as_plotly() -> Callable[[Figure], go.Figure]:
    """Return what plotly's own library makes of a figure's chart; it refuses what it does not know."""

    def checked(figure: Figure) -> go.Figure:
        made = _colored(json.loads(json.dumps(chart(figure), allow_nan=False)))
        return go.Figure(data=made["data"], layout=made["layout"])

    return checked
