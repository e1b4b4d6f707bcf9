"""All that a debug page says about one failed request, as plain text in records."""

from __future__ import annotations

import linecache
import platform
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from trivet.app.debug_frames import Frame, Raised, raised
from trivet.app.debug_hidden import HIDDEN, hide, is_secret
from trivet.app.debug_hints import hint_for
from trivet.routing.contexts import contexts
from trivet.routing.explained import arguments_of, dependencies_of, how_called, name_of
from trivet.routing.serve import compile_route
from trivet.routing.state import RouteState

__all__ = ["Report", "RouteReport", "report_of"]

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class RouteReport:
    """The plan of the route that failed, in words."""

    title: str
    handler: str
    how: str
    arguments: Rows
    dependencies: str
    source: str


@dataclass(frozen=True, slots=True)
class Report:
    """One failed request; everything is text, secrets are hidden, nothing is escaped yet."""

    method: str
    path: str
    chain: tuple[Raised, ...]
    hint: str | None
    request: Rows
    path_params: Rows
    query: Rows
    headers: Rows
    route: RouteReport | None
    text: str
    runtime: str


def report_of(request: Request, error: Exception) -> Report:
    """Gather what is known; what cannot be had is left out."""
    chain = tuple(raised(error))
    client = request.client
    told = [
        ("Method", request.method),
        ("Path", request.url.path),
        ("HTTP version", str(request.scope.get("http_version", ""))),
        ("Client", f"{client.host}:{client.port}" if client else "unknown"),
        ("Mounted at", str(request.scope.get("root_path", ""))),
    ]
    return Report(
        method=request.method,
        path=request.url.path,
        chain=chain,
        hint=_hint(chain),
        request=tuple((name, value) for name, value in told if value),
        path_params=_hidden((name, str(value)) for name, value in request.path_params.items()),
        query=_hidden(request.query_params.multi_items()),
        headers=_hidden(request.headers.items()),
        route=_route(request, chain[0].frames),
        text=hide("".join(traceback.format_exception(error))),
        runtime=f"{platform.python_implementation()} {platform.python_version()}",
    )


def _hidden(pairs: Iterable[tuple[str, str]]) -> Rows:
    return tuple((name, HIDDEN if is_secret(name) else hide(value)) for name, value in pairs)


def _hint(chain: tuple[Raised, ...]) -> str | None:
    for one in chain:
        try:
            hint = hint_for(one.error, one.frames)
        except Exception:  # an error whose own message cannot be had
            continue
        if hint is not None:
            return hint
    return None


def _route(request: Request, frames: tuple[Frame, ...]) -> RouteReport | None:
    try:
        route = _served(request)
    except Exception:  # an application that cannot be built has no plans
        return None
    if route is None:
        return None
    arguments = arguments_of(route.plan, embeds=route.embeds_body)
    lines = []
    for one in dependencies_of(route.plan):
        name = f"{one.call.name} = " if one.call.name else ""
        pad = "  " * one.depth
        lines.append(f"{pad}{name}{name_of(one.call.function)}: {', '.join(one.notes)}")
        lines += [f"{pad}    {each.name}: {each.origin}" for each in one.arguments]
    return RouteReport(
        title=f"{', '.join(sorted(route.methods))} {route.path}",
        handler=name_of(route.endpoint),
        how=how_called(route.plan),
        arguments=tuple((row.name, row.origin, row.type) for row in arguments),
        dependencies="\n".join(lines),
        source=_source(request, route, frames),
    )


def _served(request: Request) -> Any | None:
    """Give the route as it is served: under the prefixes and with the dependencies of routers."""
    declared = request.scope.get("route")
    if not isinstance(declared, RouteState):
        return None
    router = request.scope.get("router")
    path = request.url.path.removeprefix(str(request.scope.get("root_path", "")))
    for found in contexts(getattr(router, "routes", ())):
        route: Any = found.original_route
        if route is declared and found.effective.path_regex.match(path):
            return found.effective
    return declared


def _source(request: Request, route: Any, frames: tuple[Frame, ...]) -> str:
    """Give the generated function: the one that ran, or the same one made again."""
    for frame in frames:
        if frame.kind == "generated":
            return "".join(linecache.getlines(frame.file))
    overrides = getattr(request.scope.get("app"), "dependency_overrides", {})
    return compile_route(route, overrides).text
