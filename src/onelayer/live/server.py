"""The server, on this machine's loopback address alone: who may ask, what is answered, and the thread that answers.

Whatever runs in a browser on this machine can reach a loopback address. Three things keep pages from elsewhere out:
they do not know the token; a name of theirs that they have made resolve to 127.0.0.1 (DNS rebinding) shows in the Host
header; and a request that changes something has to come from a page of this server, which the browser states in Origin
or Referer.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onelayer.errors import ConfigError
from onelayer.live.feed import Feed

__all__ = ["Guard", "Server", "make_app"]

HOST = "127.0.0.1"
SECONDS_TO_END = 2  # for followers to take the last event
# What a page may load and ask for, its own policy says; this is what only headers can.
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class Guard:
    """Decides on requests.

    Parameters
    ----------
    token : str
        First part of every path.
    port : int

    Examples
    --------
    >>> guard = Guard("secret", 8000)
    >>> guard.refusal("GET", "/secret/", {"host": "127.0.0.1:8000"}) is None
    True
    >>> guard.refusal("GET", "/secret/", {"host": "rebound.example:8000"}), guard.refusal("GET", "/", {"host": "x"})
    (400, 400)
    >>> guard.refusal("GET", "/guess/", {"host": "localhost:8000"})
    404
    >>> guard.refusal("POST", "/secret/stop", {"host": "localhost:8000", "origin": "http://elsewhere.example"})
    403
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token.encode()
        names = ("127.0.0.1", "localhost")
        self._hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> int | None:
        """Return the status to refuse a request with, or None for one that is allowed.

        Parameters
        ----------
        method, path : str
        headers : mapping
            With names in lower case.
        """
        if headers.get("host", "").lower() not in self._hosts:
            return 400
        first = path.removeprefix("/").partition("/")[0]
        if not secrets.compare_digest(first.encode("utf-8", "surrogateescape"), self._token):
            return 404
        if method not in ("GET", "HEAD") and not self._is_own(headers.get("origin") or headers.get("referer") or ""):
            return 403
        return None

    def _is_own(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return parts.scheme == "http" and parts.netloc.lower() in self._hosts


def make_app(page: str, feed: Feed, stop: Callable[[], None], guard: Guard) -> Starlette:
    """Return the application.

    Parameters
    ----------
    page : str
        HTML.
    feed : Feed
        Of texts without line breaks.
    stop : callable
        Called when the page asks to end training.
    guard : Guard
    """

    async def show_page(request: Request) -> Response:
        return HTMLResponse(page)

    async def send_events(request: Request) -> Response:
        return StreamingResponse(_event_stream(feed), media_type="text/event-stream")

    async def take_stop(request: Request) -> Response:
        stop()
        return Response(status_code=204)

    routes = [
        Route("/{token}/", show_page),
        Route("/{token}/events", send_events),
        Route("/{token}/stop", take_stop, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(_Guarded, guard=guard)])


async def _event_stream(feed: Feed) -> AsyncIterator[str]:
    async for text in feed.follow():
        yield f"data: {text}\n\n"


class _Guarded:
    """Refuses what the guard refuses, and adds the headers to every response."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.encode(), value.encode()) for name, value in HEADERS.items()),
                ]
            await send(message)

        request = Request(scope)
        status = self._guard.refusal(request.method, scope["path"], request.headers)
        answer = self._app if status is None else PlainTextResponse("refused", status_code=status)
        await answer(scope, receive, send_with_headers)


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
