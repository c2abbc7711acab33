"""A page that is served, and a small training to show on it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from onelayer.live.watching import Live
from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.training import Problem, TrainingParameters, TrainingState, train
from onelayer.training.listeners import RunDescription

SHAPE = (2, 3, 1)
DESCRIPTION = RunDescription(
    "<b>shapes</b>, softmax", {"keep": "best"}, ("<i>one</i>", "two", "three"), SHAPE, majority_share=0.5
)


class Client:
    """Asks the server, as a browser with the page open does unless told otherwise."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 0, parts.path
        self.origin = f"http://{self.host}:{self.port}"
        self._opened: list[Any] = []

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """Return the response; ``path`` is relative to the page's unless it begins with a slash."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        connection.request(method, path if path.startswith("/") else self.path + path, headers=headers or {})
        self._opened += [connection, connection.getresponse()]
        return self._opened[-1]

    def close(self) -> None:
        for one in self._opened:
            one.close()

    def stop(self, **headers: str) -> int:
        return self.ask("POST", "stop", headers).status

    def frames(self) -> Iterator[dict[str, Any]]:
        """Yield what the page would be shown, until the server ends."""
        for line in self.ask("GET", "events"):
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


@pytest.fixture
def live() -> Iterator[Live]:
    with Live() as live:
        live.on_run_begin(DESCRIPTION)
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    client = Client(live.address)
    yield client
    client.close()


@pytest.fixture
def train_small() -> Callable[..., TrainingState]:
    """Train a small problem with these listeners and parameters."""

    def run(*listeners: Any, n: int = 23, **parameters: Any) -> TrainingState:
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 3, n)
        part = LabelledRows(ArrayRows(rng.normal(size=(n, 6)) + 2 * np.eye(3, 6)[labels], dtype=np.float64), labels)
        problem = Problem(Objective(LOSSES["softmax"], L2(0.01)), part, labels, part)
        start = LinearParameters(np.zeros((3, 6)), np.zeros(3))
        chosen = {"batch_size": 5, "max_epochs": 4, "learning_rate": 0.1} | parameters
        return train(problem, TrainingParameters(**chosen), 0, start, listeners)

    return run
