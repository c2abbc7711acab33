"""The server, in a thread of its own, on this machine's loopback address alone."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable

import uvicorn

from onelayer.errors import ConfigError
from onelayer.live.app import make_app
from onelayer.live.feed import Feed
from onelayer.live.guard import Guard

__all__ = ["Server"]

HOST = "127.0.0.1"
SECONDS_TO_END = 2  # for followers to take the last event


class Server:
    """Serves from when it is made until it is closed.

    It writes no log, and leaves signals alone: uvicorn handles them in the main thread only.

    Parameters
    ----------
    page : str
    feed : Feed
    stop : callable
    port : int
        0 for any free one.

    Attributes
    ----------
    address : str
        With the token, without which nothing is answered.

    Raises
    ------
    ConfigError
        If the port is not to be had.
    """

    def __init__(self, page: str, feed: Feed, stop: Callable[[], None], port: int = 0) -> None:
        listening = _listen(port)
        port = listening.getsockname()[1]
        token = secrets.token_urlsafe(24)
        self.address = f"http://{HOST}:{port}/{token}/"
        config = uvicorn.Config(
            make_app(page, feed, stop, Guard(token, port)),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_END,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="onelayer-live-server", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the server, when followers have had the last event or after two seconds."""
        self._server.should_exit = True
        self._thread.join()

    async def _serve(self, listening: socket.socket) -> None:
        await self._server.serve(sockets=[listening])
        for connection in list(self._server.server_state.connections):  # of clients that do not take what they are sent
            connection.transport.abort()
        await asyncio.sleep(0)  # aborting takes one more turn of the loop


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"--port {port}: {reason}; choose another port, or 0 for any free one") from None
    return listening
