"""The same address on another scheme or host, as a redirect."""

from __future__ import annotations

from urllib.parse import quote

from trivet.http.exchange import Answer, Head, Scope

__all__ = ["bad_host", "host_of", "redirect"]

# Everything that may stand in a path or query as it is (RFC 3986, 3.3 and 3.4); the percent sign
# stays, because the raw path is encoded already.
_SAFE = "/?:@!$&'()*+,;=%[]"
_TEXT = (b"content-type", b"text/plain; charset=utf-8")


def bad_host() -> Answer:
    """Refuse a request whose Host header names none of the application's hosts."""
    return Answer(Head(400, [_TEXT]), b"Invalid host header")


def host_of(scope: Scope) -> bytes | None:
    """Give the Host header of an ASGI scope."""
    for name, value in scope["headers"]:
        if name == b"host":
            return bytes(value)
    return None


def redirect(scope: Scope, scheme: str, host: str, status: int) -> Answer:
    """Send the client to the path and query that it asked for, at `scheme` and `host`.

    `host` is written as in a Host header, with the port where it is not the scheme's own.
    """
    raw_path = scope.get("raw_path")
    path = raw_path.decode("latin-1") if raw_path else scope["path"]
    target = quote(path, safe=_SAFE if raw_path else _SAFE.replace("%", "").replace("?", ""))
    if scope["query_string"]:
        target += "?" + quote(scope["query_string"].decode("latin-1"), safe=_SAFE)
    address = f"{scheme}://{host}{target}".encode("ascii")
    return Answer(Head(status, [(b"location", address)]))
