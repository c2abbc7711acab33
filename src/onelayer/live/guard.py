"""Who may ask: only pages from this server's own address, and only with its token.

Whatever runs in a browser on this machine can reach a loopback address. Three things keep pages from elsewhere out:
they do not know the token; a name of theirs that they have made resolve to 127.0.0.1 (DNS rebinding) shows in the Host
header; and a request that changes something has to come from a page of this server, which the browser states in Origin
or Referer.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = ["Guard"]


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
