"""The newest event, and those who wait for newer ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import NamedTuple

__all__ = ["Feed"]


class _Event(NamedTuple):
    number: int
    text: str
    is_last: bool


class Feed:
    """Hands the newest of some events to each follower.

    An event says all there is to say, so that followers who come late miss nothing, and slow ones skip what is old by
    the time they ask: nobody waits for them, and nothing is kept for them.

    Examples
    --------
    >>> feed = Feed()
    >>> feed.publish("old")
    >>> feed.publish("new", is_last=True)
    >>> async def follow():
    ...     return [text async for text in feed.follow()]
    >>> asyncio.run(follow())
    ['new']
    """

    def __init__(self) -> None:
        self._newest = _Event(0, "", False)
        self._lock = threading.Lock()
        self._followers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def publish(self, text: str, *, is_last: bool = False) -> None:
        """Make ``text`` the newest event, from any thread; after the last one followers are done."""
        with self._lock:
            self._newest = _Event(self._newest.number + 1, text, is_last)
            for loop, news in self._followers:
                loop.call_soon_threadsafe(news.set)

    async def follow(self) -> AsyncIterator[str]:
        """Yield the newest event and those that come after it, without those that a slow follower is too late for."""
        news = asyncio.Event()
        follower = (asyncio.get_running_loop(), news)
        with self._lock:
            self._followers.add(follower)
        try:
            sent = 0
            while True:
                news.clear()
                event = self._newest
                if event.number > sent:
                    sent = event.number
                    yield event.text
                    if event.is_last:
                        return
                else:
                    await news.wait()
        finally:
            with self._lock:
                self._followers.discard(follower)
