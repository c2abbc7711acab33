"""The routes: the page, the events, the request to stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onelayer.live.feed import Feed
from onelayer.live.guard import Guard

__all__ = ["make_app"]

# What a page may load and ask for, its own policy says; this is what only headers can.
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


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
