"""Training, shown in a browser as it goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from math import inf
from time import monotonic, process_time, thread_time
from types import TracebackType
from typing import Any

from onelayer.errors import MissingDependencyError
from onelayer.live.feed import Feed
from onelayer.live.page import description_part, live_page, training_part
from onelayer.live.snapshot import Snapshot, ended_phrase, failed_phrase, outcome_lines
from onelayer.solvers import Status
from onelayer.training.listeners import Listener, RunDescription
from onelayer.training.state import TrainingState

__all__ = ["Live"]

SECONDS_BEFORE_FIRST = 1.0  # so that a training of a second is held up by its last snapshot alone
SECONDS_BETWEEN = 0.25
LARGEST_SHARE = 0.0075


def require_web() -> None:
    """Raise unless Starlette and uvicorn are installed.

    Raises
    ------
    MissingDependencyError
    """
    for module, name in (("starlette", "Starlette"), ("uvicorn", "uvicorn")):
        if find_spec(module) is None:
            raise MissingDependencyError(
                f"Watching needs {name}, which is not installed. "
                "Install it with: python -m pip install 'onelayer[live]'"
            )


class Live(Listener):
    """While entered, serves a page on 127.0.0.1 that shows training and can stop it as Ctrl-C does.

    Training waits for nobody: it hands over copies at validations and ends of epochs, from a second on at most
    four a second.

    Parameters
    ----------
    port : int
        0 for any free one.

    Attributes
    ----------
    address : str
        Of the page, with a random token without which nothing is answered.

    Raises
    ------
    ConfigError
        If the port is not to be had.
    MissingDependencyError
        If Starlette or uvicorn is not installed.

    Examples
    --------
    >>> with Live() as live:
    ...     print(live.address)
    http://127.0.0.1:.../.../
    """

    def __init__(self, port: int = 0) -> None:
        require_web()
        from onelayer.live.server import Server

        self._feed, self._lock, self._stop = Feed(), threading.Lock(), threading.Event()
        self._description = RunDescription("Training")
        self._began = monotonic()
        self._frame: dict[str, Any] = {
            "phase": "Loading the data …",
            "canStop": False,
            "over": False,
            "outcome": [],
        }
        self._server = Server(live_page(), self._feed, self._stop.set, port)
        self.address = self._server.address
        self._rendering = Rendering(self._show_training)
        self._show()

    def __enter__(self) -> Live:
        """Serve until left."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Show the last of training, and that it is over; end the server."""
        self._rendering.close()
        failed = {} if error is None else {"phase": failed_phrase(error)}
        self._show(canStop=False, over=True, **failed)
        self._server.close()

    def on_run_begin(self, description: RunDescription) -> None:
        """Say what is going to be trained."""
        self._description = description
        self._show(**description_part(description))

    def on_figures(self, metrics: Mapping[str, Any]) -> None:
        """Say what came of it, from what metrics.json holds."""
        self._show(phase=ended_phrase(metrics), outcome=outcome_lines(metrics))

    def asks_to_stop(self) -> bool:
        """Whether someone has pressed the button."""
        return self._stop.is_set()

    def on_train_begin(self, state: TrainingState) -> None:
        """Show what there is, which is much if training goes on from a checkpoint."""
        self._began = monotonic()
        self._show(phase="Training …", canStop=True)
        self._rendering.wait(SECONDS_BEFORE_FIRST)
        if state.solver.step:
            self._offer(state)

    def on_validation(self, state: TrainingState) -> None:
        """Show the newest figures, if it is time to."""
        self._offer_if_due(state)

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Show how far training is, if it is time to."""
        self._offer_if_due(state)
        return False

    def on_train_end(self, state: TrainingState) -> None:
        """Show the end."""
        self._offer(state)
        if state.status is not Status.RUNNING:
            self._show(phase="Training has ended; evaluating the model …", canStop=False)

    def _offer_if_due(self, state: TrainingState) -> None:
        if self._rendering.is_due:
            self._offer(state)

    def _offer(self, state: TrainingState) -> None:
        self._rendering.offer(Snapshot.of(state, monotonic() - self._began, self._description.image_shape))

    def _show_training(self, snapshot: Snapshot) -> None:
        self._show(training=training_part(self._description, snapshot))

    def _show(self, **changes: Any) -> None:
        """Publish the frame with some changes."""
        with self._lock:
            self._frame |= changes
            self._feed.publish(json.dumps(self._frame, allow_nan=False), is_last=self._frame["over"])


class Rendering:
    """Hands snapshots to ``show`` in a thread of its own; those that are late give way to newer ones.

    Parameters
    ----------
    show : callable
        Takes a snapshot.
    """

    def __init__(self, show: Callable[[Snapshot], None]) -> None:
        self._show = show
        self._changed = threading.Condition()
        self._newest: Snapshot | None = None
        self._closing = False
        self._due = self._processor_due = 0.0
        self._thread = threading.Thread(target=self._work, name="onelayer-live-rendering", daemon=True)
        self._thread.start()

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next snapshot.

        That is at most four times a second, and the less often the longer they take: all of them together take at most
        0.75% of one core's time, and of the processor time that this process gets on a busy machine.
        """
        return monotonic() >= self._due and process_time() >= self._processor_due

    def wait(self, seconds: float) -> None:
        """Let no snapshot be due for a while."""
        self._due = monotonic() + seconds

    def offer(self, snapshot: Snapshot) -> None:
        """Take a snapshot; the work on it is done later."""
        self._due = inf  # until this one is shown
        with self._changed:
            self._newest = snapshot
            self._changed.notify()

    def close(self) -> None:
        """End, once the newest snapshot is shown."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while (snapshot := self._next()) is not None:
            start = thread_time()
            self._show(snapshot)
            pause = (thread_time() - start) / LARGEST_SHARE
            self._due, self._processor_due = monotonic() + max(SECONDS_BETWEEN, pause), process_time() + pause

    def _next(self) -> Snapshot | None:
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._closing)
            snapshot, self._newest = self._newest, None
            return snapshot
