"""Where a browser's page came from: other sites' pages may not use their visitor's cookies here.

Browsers let any page open a WebSocket to any server, with the cookies of the visitor (RFC 6455,
10.2), so the server has to look. Clients that are no browsers send no `Origin`.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from trivet.errors import SetupError

__all__ = ["checked_origins", "is_allowed"]


def is_allowed(connection: HTTPConnection, allowed: Collection[str]) -> bool:
    """Tell whether a request came from no page, a page of the same host, or an allowed one."""
    origin = connection.headers.get("origin")
    if origin is None or "*" in allowed or origin.lower() in allowed:
        return True
    return urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()


def checked_origins(origins: Collection[str]) -> frozenset[str]:
    """Give origins in the form in which browsers send them; raises `SetupError` for others."""
    found = frozenset(origin.lower() for origin in origins)
    for origin in found:
        parts = urlsplit(origin)
        if origin != "*" and (not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}"):
            raise SetupError(
                f"{origin!r} is no origin: that is a scheme, a host and perhaps a port",
                code="realtime.origin",
                mend='Realtime(origins=["https://www.example.com"])',
            )
    return found
