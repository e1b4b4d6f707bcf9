"""The routes of an application as plain records, those of mounted applications too."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette import routing as starlette

from trivet.cli.broken import short_path
from trivet.errors import EndpointContext, place_of
from trivet.routing.contexts import contexts
from trivet.routing.explained import name_of
from trivet.routing.state import RouteState

__all__ = ["Listed", "list_routes", "where"]

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class Listed:
    """One route: what it answers, and where its handler is written."""

    kind: str  # http, websocket, mount or host
    methods: tuple[str, ...]
    path: str
    name: str
    handler: str
    file: str | None
    line: int | None
    in_schema: bool
    when: str | None = None
    """What the request has to say besides, for routes of one path: ``API-Version: 2``."""

    @property
    def where(self) -> str:
        """Give file:line of the handler, the file as seen from the current folder."""
        return f"{short_path(self.file)}:{self.line}" if self.file else ""

    def as_dict(self) -> dict[str, Any]:  # Any: a JSON object
        """Give the route as a JSON object."""
        return {
            "kind": self.kind,
            "methods": list(self.methods),
            "path": self.path,
            "name": self.name,
            "handler": self.handler,
            "file": self.file,
            "line": self.line,
            "in_schema": self.in_schema,
            **({} if self.when is None else {"when": self.when}),
        }


def list_routes(routes: Iterable[Any], prefix: str = "") -> Iterator[Listed]:
    """Give every route in the order in which they are tried, mounted ones after their mount."""
    for context in contexts(routes):
        route = context.effective
        yield _listed(route, prefix)
        if isinstance(route, starlette.Mount | starlette.Host):
            below = route.path if isinstance(route, starlette.Mount) else f"//{route.host}"
            yield from list_routes(route.routes or (), prefix + below)


def _listed(route: Any, prefix: str) -> Listed:  # Any: typed routes and Starlette's
    kind, methods = "http", tuple(sorted(getattr(route, "methods", None) or (), key=_rank))
    handler = getattr(route, "endpoint", None)
    path = getattr(route, "path", "")
    if isinstance(route, starlette.WebSocketRoute):
        kind = "websocket"
    elif isinstance(route, starlette.Mount):
        kind, handler = "mount", route.app
    elif isinstance(route, starlette.Host):
        kind, handler, path = "host", route.app, f"//{route.host}"
    has_place = handler is not None and kind in ("http", "websocket")
    place = place_of(_unwrapped(handler)) if has_place else EndpointContext()
    return Listed(
        kind,
        methods,
        prefix + path,
        str(getattr(route, "name", None) or ""),
        name_of(handler) if handler is not None else type(route).__qualname__,
        place.get("file"),
        place.get("line"),
        kind == "http" and bool(getattr(route, "include_in_schema", False)),
        str(route.when) if isinstance(route, RouteState) and route.when is not None else None,
    )


def _rank(method: str) -> tuple[int, str]:
    return (_ORDER.index(method) if method in _ORDER else len(_ORDER), method)


def _unwrapped(function: Any) -> Any:  # Any: functions, partials, objects with __call__
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    if inspect.isclass(function) or inspect.isroutine(function):
        return function
    return type(function)


def where(function: Any) -> str:  # Any: functions, partials, objects with __call__
    """Give file:line of a function, the file as seen from the current folder; "" if unknown."""
    place = place_of(_unwrapped(function))
    return f"{short_path(place['file'])}:{place['line']}" if "file" in place else ""
