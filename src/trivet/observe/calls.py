"""Calls to other services, told to who watches: a transport around a client's own, for httpx.

Knows neither httpx nor httpx2: what both ask of a transport is three methods. Each call is a
happening of the kind ``call``, whose fact `trivet.headers` are the request's headers, into which
who traces writes the trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

from trivet.app.part import Part
from trivet.watching import Happening, Watcher, begun, ended

__all__ = ["Calls", "watched_transport"]

Transport = TypeVar("Transport")

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)


class Calls(Part):
    """Tells of the calls of HTTP clients whose transport it watches; asynchronous or not::

    calls = app.use(Calls())
    client = httpx.AsyncClient(transport=calls.watched(httpx.AsyncHTTPTransport()))
    """

    name = "calls"

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of calls from now on, also of clients that were made before."""
        self._watchers.append(watcher)

    def watched(self, transport: Transport) -> Transport:
        """Give what does the same as `transport`, and tells of it."""
        return watched_transport(transport, self._watchers)


def watched_transport(transport: Transport, watchers: Sequence[Watcher]) -> Transport:
    """Give what does the same as a transport of httpx's or httpx2's, and tells `watchers` of it."""
    return cast(Transport, _Watched(transport, watchers))


class _Watched:
    """Stands for `inner` in everything; Any: types of whichever library it came from."""

    def __init__(self, inner: Any, watchers: Sequence[Watcher]) -> None:
        self._inner = inner
        self._watchers = watchers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def handle_request(self, request: Any) -> Any:
        watchers = self._watchers
        if not watchers:
            return self._inner.handle_request(request)
        happening = begun(watchers, _call(request))
        try:
            response = self._inner.handle_request(request)
        except BaseException as error:
            ended(watchers, happening, error)
            raise
        happening.facts["http.response.status_code"] = response.status_code
        ended(watchers, happening)
        return response

    async def handle_async_request(self, request: Any) -> Any:
        watchers = self._watchers
        if not watchers:
            return await self._inner.handle_async_request(request)
        happening = begun(watchers, _call(request))
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as error:
            ended(watchers, happening, error)
            raise
        happening.facts["http.response.status_code"] = response.status_code
        ended(watchers, happening)
        return response

    def __enter__(self) -> Any:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        where: TracebackType | None = None,
    ) -> None:
        self._inner.__exit__(kind, error, where)

    async def __aenter__(self) -> Any:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        where: TracebackType | None = None,
    ) -> None:
        await self._inner.__aexit__(kind, error, where)


def _call(request: Any) -> Happening:
    method = request.method if request.method in _METHODS else "_OTHER"
    parts = urlsplit(str(request.url))
    facts: dict[str, Any] = {
        "http.request.method": method,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        # Never who signs in; what of the rest is shown, those decide who watch.
        "trivet.url": urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])),
        "trivet.headers": request.headers,
    }
    return Happening("call", "HTTP" if method == "_OTHER" else method, facts)
