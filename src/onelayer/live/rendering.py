"""Work on the newest of some snapshots, away from the thread that makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from time import monotonic, process_time, thread_time

from onelayer.live.snapshot import Snapshot

__all__ = ["Rendering"]

SECONDS_BETWEEN = 0.25
LARGEST_SHARE = 0.0075


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
