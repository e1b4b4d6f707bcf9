"""`trivet explain GET /path`: what happens to one request, from the match to the generated code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from starlette import routing as starlette

from trivet.app.application import App
from trivet.binding.compile import Compiled
from trivet.binding.plan import Call
from trivet.cli.listing import where
from trivet.cli.matching import Matched, Outcome, match_route, nearest_paths
from trivet.cli.opened import open_app
from trivet.cli.options import HeaderOption, LoadOptions, headers_of
from trivet.cli.trouble import EXIT_FOUND
from trivet.middleware.hook import hooked
from trivet.routing.around import joined, preparings
from trivet.routing.enclosing import enclosures_of
from trivet.routing.explained import (
    arguments_of,
    dependencies_of,
    how_called,
    name_of,
    written,
)
from trivet.routing.route import WebSocketRoute
from trivet.routing.serve import compile_route, compile_socket
from trivet.routing.state import RouteState
from trivet.terminal import Pen

__all__ = ["explain"]

_METHODS = frozenset(
    {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY", "WS"}
)


def explain(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[APP] [METHOD] PATH",
            help="What is asked for; METHOD is GET where none is named, WS opens a WebSocket",
            show_default=False,
        ),
    ],
    options: LoadOptions,
    source: Annotated[
        bool, typer.Option("--source/--no-source", help="Show the generated function")
    ] = True,
    header: HeaderOption = None,
) -> None:
    """Say what happens to one request.

    Which route answers, where each argument comes from, what its dependencies are and when they
    end, which hooks and limits apply, and the function that was generated for it. Nothing is
    called.

    \b
      trivet explain GET /users/3
      trivet explain main.py POST /users
      trivet explain "/users/{id}"
      trivet explain GET /users -H "API-Version: 2"
    """
    argument, method, path = _read(words)
    app = open_app(options, argument)
    headers = [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in headers_of(header).items()
    ]
    outcome = match_route(app.routes, method, path, answers_head=app.answers_head, headers=headers)
    pen = Pen()
    if outcome.found is None:
        if outcome.unmet is not None:
            title = f"{method} {path}: 400 Bad Request, {outcome.unmet.told(headers)}"
            Pen(sys.stderr).write(title)
        else:
            _tell_refusal(app, outcome, method, path, Pen(sys.stderr))
        raise typer.Exit(EXIT_FOUND)
    _tell_match(pen, outcome, method)
    route = outcome.found.route
    if isinstance(route, RouteState | WebSocketRoute):
        compiled = _compile(app, route)
        _tell_handler(pen, route.plan, compiled)
        _tell_arguments(pen, route)
        _tell_dependencies(pen, route.plan)
        _tell_surroundings(pen, app)
        if isinstance(route, RouteState):
            _tell_enclosures(pen, app, route, compiled)
            _tell_answer(pen, app, route)
        if source:
            _heading(pen, "Generated function")
            for line in compiled.text.rstrip().splitlines():
                pen.write(f"  {line}")
    else:
        pen.write("  served through ASGI: nothing of it is compiled, it reads the request itself")
        _tell_surroundings(pen, app)


def _read(words: list[str]) -> tuple[str | None, str, str]:
    """Sort the words into application, method and path, whatever their order."""
    paths = [word for word in words if word.startswith("/") and not word.endswith(".py")]
    methods = [word for word in words if word.upper() in _METHODS]
    rest = [word for word in words if word not in paths and word not in methods]
    if len(paths) != 1 or len(methods) > 1 or len(rest) > 1:
        raise typer.BadParameter(
            "write a method and a path that begins with /: trivet explain GET /users/3"
        )
    return rest[0] if rest else None, methods[0].upper() if methods else "GET", paths[0]


def _compile(app: App, route: Any) -> Compiled:  # Any: a Route, a Bound or a WebSocketRoute
    overrides = app.dependency_overrides
    if isinstance(route, WebSocketRoute):
        return compile_socket(route, overrides)
    return compile_route(route, overrides, joined(app.arounds))


def _tell_refusal(app: App, outcome: Outcome, method: str, path: str, pen: Pen) -> None:
    title = pen.paint(f"{method} {path}:", "bad")
    if outcome.allowed:
        pen.write(f"{title} 405 Method Not Allowed. Answered here: {', '.join(outcome.allowed)}")
        return
    pen.write(f"{title} 404 Not Found, no route fits this path.")
    if near := nearest_paths(app.routes, path):
        pen.write(f"Declared and alike: {', '.join(near)}")
    pen.write("All routes: trivet routes")


def _heading(pen: Pen, text: str) -> None:
    pen.write()
    pen.write(pen.paint(text, "mark"))


def _title(found: Matched) -> str:
    route = found.route
    methods = ",".join(sorted(getattr(route, "methods", None) or ())) or (
        "WS" if isinstance(route, starlette.WebSocketRoute) else "ANY"
    )
    return f"{methods} {found.prefix}{getattr(route, 'path', '')}"


def _tell_match(pen: Pen, outcome: Outcome, method: str) -> None:
    found = outcome.found
    assert found is not None
    handler = getattr(found.route, "endpoint", None) or found.route.app
    pen.write(
        f"{pen.paint(_title(found), 'strong')}  {name_of(handler)}  "
        f"{pen.paint(where(handler), 'dim')}"
    )
    if (when := getattr(found.route, "when", None)) is not None:
        pen.write(f"  chosen by the header {when}")
    for mount in outcome.through:
        pen.write(f"  inside the application mounted at {mount.prefix}{mount.route.path}")
    if outcome.is_head_of_get:
        pen.write("  HEAD is answered by the GET route, without the body")
    for name, text in found.params.items():
        pen.write(f"  {name} = {text!r}")
    for later in outcome.later:
        pen.write(f"  {pen.paint('never reached for this path:', 'warn')} {_title(later)}")


def _tell_handler(pen: Pen, plan: Call, compiled: Compiled) -> None:
    pen.write(f"  {how_called(plan)}")
    if not compiled.suspends:
        pen.write("  nothing in it waits: answered at once, without a task")


def _tell_arguments(pen: Pen, route: Any) -> None:  # Any: see _compile
    rows = arguments_of(route.plan, embeds=route.embeds_body)
    if not rows:
        return
    _heading(pen, "Arguments")
    width = max(len(row.name) for row in rows)
    come = max(len(row.origin) for row in rows)
    for row in rows:
        name = pen.paint(row.name.ljust(width), "strong")
        pen.write(f"  {name}  {row.origin.ljust(come)}  {row.type}")


def _tell_dependencies(pen: Pen, plan: Call) -> None:
    if not plan.dependencies:
        return
    _heading(pen, "Dependencies, in the order in which they are called")
    for one in dependencies_of(plan):
        pad = "  " * (one.depth + 1)
        call = one.call
        name = f"{call.name} = " if call.name else ""
        pen.write(
            f"{pad}{name}{pen.paint(name_of(call.function), 'strong')}  "
            f"{pen.paint(where(call.function), 'dim')}  {', '.join(one.notes)}"
        )
        for argument in one.arguments:
            kind = f", {argument.type}" if argument.type else ""
            pen.write(f"{pad}    {argument.name}: {argument.origin}{kind}")


def _tell_surroundings(pen: Pen, app: App) -> None:
    """Write what stands around every route: middleware and hooks, outermost first."""
    if app.user_middleware:
        _heading(pen, "ASGI middleware, outermost first (requests go through ASGI)")
        for middleware in app.user_middleware:
            pen.write(f"  {name_of(middleware.cls)}  {pen.paint(where(middleware.cls), 'dim')}")
    if app.hooks:
        _heading(pen, "Hooks, outermost first")
        for hook in app.hooks:
            methods = hooked(hook)
            does = [
                name
                for name in ("wants_body", "before", "after", "wrap", "connect")
                if getattr(methods, name)
            ]
            pen.write(f"  {methods.name}  {pen.paint(', '.join(does), 'dim')}")


def _tell_enclosures(pen: Pen, app: App, route: RouteState, compiled: Compiled) -> None:
    """Write what may answer in the route's place, outermost first."""
    may_wait = compiled.suspends or compiled.has_lifetimes
    enclosures = enclosures_of(app, route, may_wait=may_wait)
    if enclosures:
        _heading(pen, "Enclosed by, outermost first")
        for enclosing, enclosure in reversed(enclosures):
            pen.write(f"  {type(enclosing).__name__.strip('_')}")
            for line in enclosure.explained():
                pen.write(f"    {line}")


def _tell_answer(pen: Pen, app: App, route: RouteState) -> None:
    _heading(pen, "Answer")
    pen.write(f"  status {route.status_code or 200}")
    field = route.response_field or route.stream_item_field
    if field is not None:
        what = "each item" if route.stream_item_field is not None else "validated and written"
        pen.write(f"  {what} as {written(field.annotation)}")
    for preparing in preparings(joined(app.arounds), route.response_model):
        for line in preparing.explained():
            pen.write(f"  {line}")
    response_class = getattr(route.response_class, "value", route.response_class)
    pen.write(f"  {name_of(response_class)}, {response_class.media_type or 'no media type'}")
    if route.max_body_size is not None:
        pen.write(f"  bodies of more than {route.max_body_size} bytes are refused with 413")
    for name, value in route.form_limits.items():
        pen.write(f"  {name} of a form: {value}")
