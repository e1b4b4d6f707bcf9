"""Which route answers a request, and which others would if it were not there.

The rules are those of the application's own table, applied one route after the other, so that the
reasons can be told; nothing is compiled here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

from starlette import routing as starlette

from trivet.routing.contexts import RouteContext, contexts
from trivet.routing.when import Unmet, unmet_of

__all__ = ["Matched", "Outcome", "match_route", "nearest_paths"]

SOCKET = "WS"  # the method that stands for opening a WebSocket


@dataclass(frozen=True, slots=True)
class Matched:
    """A route that fits a path, below the mounts whose paths make `prefix`."""

    context: RouteContext
    prefix: str
    params: dict[str, str]

    @property
    def route(self) -> Any:  # Any: typed routes and Starlette's
        """Give the route as it is served."""
        return self.context.effective


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of looking for a route.

    `found` answers; `later` fit too and are declared after it; `allowed` are the methods of routes
    that fit the path alone; `through` are the mounts on the way; `unmet` says which header would
    have to say what, where nothing answers for that reason.
    """

    found: Matched | None
    later: tuple[Matched, ...]
    allowed: tuple[str, ...]
    through: tuple[Matched, ...]
    is_head_of_get: bool = False
    unmet: Unmet | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, so far as it decides between routes; headers have lower-case names."""

    method: str
    headers: Sequence[tuple[bytes, bytes]] = ()


def match_route(
    routes: Iterable[Any],
    method: str,
    path: str,
    *,
    answers_head: bool = True,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Outcome:
    """Find the route that answers `method` at `path`; a route's own pattern is a path as well."""
    path = unquote(path.partition("?")[0])
    outcome = _search(routes, Asked(method, headers), path, "", ())
    if outcome.found is None and method == "HEAD" and answers_head:
        of_get = _search(routes, Asked("GET", headers), path, "", ())
        if of_get.found is not None:
            return Outcome(of_get.found, of_get.later, of_get.allowed, of_get.through, True)
    return outcome


def _search(
    routes: Iterable[Any], asked: Asked, path: str, prefix: str, through: tuple[Matched, ...]
) -> Outcome:
    fitting = [
        Matched(context, prefix, params)
        for context in contexts(routes)
        if (params := _fits(context.effective, path)) is not None
    ]
    conditions = [one.route.when for one in fitting if getattr(one.route, "when", None)]
    fitting = [one for one in fitting if _is_met(one.route, asked)]
    answering = [one for one in fitting if _takes(one.route, asked.method)]
    allowed = sorted(
        {name for one in fitting for name in getattr(one.route, "methods", None) or ()}
    )
    if not answering:
        unmet = unmet_of(conditions) if conditions and not allowed else None
        return Outcome(None, (), tuple(allowed), through, unmet=unmet)
    first, *later = answering
    if isinstance(first.route, starlette.Mount) and first.route.routes:
        below = _search(
            first.route.routes,
            asked,
            "/" + first.params.get("path", "").lstrip("/"),
            prefix + first.route.path,
            (*through, first),
        )
        if below.found is not None or below.allowed:
            return below
    return Outcome(first, tuple(later), tuple(allowed), through)


def _fits(route: Any, path: str) -> dict[str, str] | None:  # Any: see Matched.route
    pattern: re.Pattern[str] | None = getattr(route, "path_regex", None)
    if pattern is None:
        return None  # a host, or a route of somebody else's kind: it asks for more than a path
    if path in (getattr(route, "path", None), getattr(route, "path_format", None)):
        return {}
    found = pattern.match(path)
    return None if found is None else found.groupdict()


def _is_met(route: Any, asked: Asked) -> bool:  # Any: see Matched.route
    when = getattr(route, "when", None)
    return when is None or when.is_met(asked.headers)


def _takes(route: Any, method: str) -> bool:  # Any: see Matched.route
    if isinstance(route, starlette.Mount):
        return True
    if isinstance(route, starlette.WebSocketRoute):
        return method == SOCKET
    methods = getattr(route, "methods", None)
    return method != SOCKET and (methods is None or method in methods)


def nearest_paths(routes: Iterable[Any], path: str) -> list[str]:
    """Give the declared paths that look most like `path`, nearest first, three at most."""
    known = {found for context in contexts(routes) if (found := context.path)}
    return get_close_matches(path, sorted(known), n=3, cutoff=0.5)
