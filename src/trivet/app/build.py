"""From declarations to what serves: every route compiled, and the table in which they are found.

Runs once, when the first request comes or the server starts. The result is never changed: when a
route is added later, or a dependency is overridden in a test, the application is built again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette import routing as starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import RedirectResponse

from trivet.app.answers import ErrorHandlers
from trivet.binding.bodies import FORM_LIMITS
from trivet.http.addresses import url_of
from trivet.http.exchange import Answer, Exchange, Scope, Target
from trivet.middleware.vary import Vary
from trivet.routing.around import Around
from trivet.routing.body_first import BodyFirst
from trivet.routing.contexts import RouteContext, contexts
from trivet.routing.custom import CustomTarget
from trivet.routing.enclosing import Enclosed, enclosures_of
from trivet.routing.functions import Surrounded, Surroundings, chain_of
from trivet.routing.last_resorts import finder
from trivet.routing.route import Route, WebSocketRoute
from trivet.routing.router import Router
from trivet.routing.serve import RouteTarget, compile_route, compile_socket, deliver
from trivet.routing.state import RouteState
from trivet.routing.table import Entry, MatchTable
from trivet.routing.watched import Watched
from trivet.routing.when import HeaderIs, Unmet, check_defaults
from trivet.watching import Watcher

__all__ = ["Built", "Sockets", "build"]

_ANYTHING = re.compile(r"(?s).*")


class ForeignTarget:
    """A route that is served through ASGI: a mounted application or a plain Starlette route."""

    reads_body = False
    needs_body = True
    max_body: int | None = None

    def __init__(self, route: Any, errors: ErrorHandlers, context: Mapping[str, Any]) -> None:
        self.route = route
        self._errors = errors
        self._context = context

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        scope.update(self._context)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        return self._errors.past_hooks(exchange) or self._serve(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        scope = exchange.scope
        scope.update(self._context)
        send = exchange.send if self._errors.hooks.is_empty else self._errors.hooks.send(exchange)
        scope["starlette.exception_handlers"] = (self._errors.by_class, self._errors.by_status)
        try:
            try:
                _, child = self.route.matches(scope)
            except ValueError as error:  # a converter found no value in what fits its pattern
                raise StarletteHTTPException(404) from error
            scope.update(child)
            await self.route.handle(scope, exchange.receive, send)
        except Exception as error:
            await self._errors.respond(exchange, error)


class Refusal:
    """What answers where no route does: 404, 405, or the redirect to the other slash."""

    reads_body = True
    needs_body = False
    max_body: int | None = None

    def __init__(
        self,
        error: StarletteHTTPException,
        errors: ErrorHandlers,
        context: Mapping[str, Any],
        detail: Callable[[Exchange], str] | None = None,
    ) -> None:
        self._status = error.status_code
        self._headers = error.headers
        self._detail = detail  # what depends on the request
        self._errors = errors
        self._context = context

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        scope.update(self._context)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        detail = None if self._detail is None else self._detail(exchange)
        error = StarletteHTTPException(self._status, detail, self._headers)
        return self._errors.begin(exchange, error)


class Redirect:
    """Sends the client to the same path with or without its last slash (307, body kept)."""

    reads_body = True
    needs_body = False
    max_body: int | None = None

    def __init__(self, errors: ErrorHandlers, context: Mapping[str, Any]) -> None:
        self._errors = errors
        self._context = context

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        scope.update(self._context)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        return self._errors.past_hooks(exchange) or self._redirect(exchange)

    async def _redirect(self, exchange: Exchange) -> None:
        scope = dict(exchange.scope)
        scope["path"] = other_slash(scope["path"])
        hooks = None if self._errors.hooks.is_empty else self._errors.hooks
        await deliver(exchange, RedirectResponse(str(url_of(scope))), hooks)


def other_slash(path: str) -> str:
    """Give the path with its last slash taken away, or with one where it has none."""
    return path.rstrip("/") if path.endswith("/") else path + "/"


@dataclass(frozen=True)
class Sockets:
    """WebSocket routes in declared order, the typed ones with their compiled endpoints."""

    routes: Sequence[Any]
    compiled: Mapping[int, Any]
    errors: Mapping[int, ErrorHandlers]  # of routers that have handlers of their own


@dataclass(frozen=True)
class LastResorts:
    """What is given where no route fits, in the order in which it is asked."""

    not_allowed: Callable[[frozenset[str], Unmet | None], Target]
    unmet: Callable[[Unmet], Target]
    redirect: Target | None
    frontends: Callable[[Exchange], Target | None] | None
    not_found: Target


class Built:
    """A built application: what a face asks where a request goes."""

    def __init__(
        self,
        table: MatchTable,
        sockets: Sockets,
        errors: ErrorHandlers,
        last: LastResorts,
        *,
        answers_head: bool,
        asks: bool,
    ) -> None:
        self.table = table
        self.sockets = sockets
        self.errors = errors
        self._last = last
        self._answers_head = answers_head
        self._not_allowed: dict[tuple[frozenset[str], Unmet | None], Target] = {}
        self._unmet: dict[Unmet, Target] = {}
        self._fixed = {} if asks else table.fixed
        if errors.hooks.wants_body:
            self._wants_body = errors.hooks.wants_body
            self._found = self.find
            self.find = self._find_with_body  # type: ignore[method-assign]  # only where one asks

    def find(self, exchange: Exchange) -> Target:
        """Give the target of a request; see `Dispatch`."""
        methods = self._fixed.get(exchange.path)
        if methods is not None:
            target = methods.get(exchange.method)
            if target is not None:
                exchange.target = target
                return target
        target = exchange.target = self._search(exchange)
        return target

    def _find_with_body(self, exchange: Exchange) -> Target:
        target = self._found(exchange)
        for wants in self._wants_body:
            if wants(exchange):
                target = exchange.target = BodyFirst(target)
                break
        return target

    def _search(self, exchange: Exchange) -> Target:
        path, method = exchange.path, exchange.method
        found = self.table.search(path, method, exchange, get_for_head=self._answers_head)
        if found.target is not None:
            exchange.params = found.params
            return found.target
        unmet = self.table.unmet(path) if self.table.has_conditions else None
        if found.allowed is not None:
            key = found.allowed, unmet
            refusal = self._not_allowed.get(key)
            if refusal is None:
                refusal = self._not_allowed[key] = self._last.not_allowed(*key)
            return refusal
        if unmet is not None:
            refusal = self._unmet.get(unmet)
            if refusal is None:
                refusal = self._unmet[unmet] = self._last.unmet(unmet)
            return refusal
        redirect = self._last.redirect
        if redirect is not None and path != "/" and self.table.knows(other_slash(path)):
            return redirect
        if self._last.frontends is not None:
            frontend = self._last.frontends(exchange)  # sets the parameters too
            if frontend is not None:
                return frontend
        return self._last.not_found


def build(
    app: Any,
    router: Router,
    errors: ErrorHandlers,
    overrides: Mapping[Callable[..., Any], Callable[..., Any]],
    *,
    around: Around | None,
    answers_head: bool,
) -> Built:
    """Compile every route of `router` and put it into a table."""
    context = {"app": app, "router": router}
    maker = _Targets(errors, overrides, context, router, around, watchers=app.watchers)
    entries: list[Entry] = []
    typed: list[RouteState] = []
    sockets: list[Any] = []
    compiled: dict[int, Any] = {}
    nearer: dict[int, ErrorHandlers] = {}
    asks = False
    for order, found in enumerate(contexts(router.routes)):
        route = found.effective
        if isinstance(route, RouteState):
            typed.append(route)
        is_app = isinstance(route, starlette.Mount | starlette.Host)
        if isinstance(route, starlette.WebSocketRoute) or is_app:
            sockets.append(route)
            nearer[id(route)] = maker.errors_of(found)
            if isinstance(route, WebSocketRoute):
                compiled[id(route)] = compile_socket(route, overrides)
        if not isinstance(route, starlette.WebSocketRoute):
            entries.append(_entry(order, route, maker.target(found)))
            asks = asks or (entries[-1].asks is not None and entries[-1].when is None)
    check_defaults(typed)
    return Built(
        MatchTable(entries, joins_methods=app.joins_methods),
        Sockets(sockets, compiled, nearer),
        errors,
        _last_resorts(router, maker, context, answers_head),
        answers_head=answers_head,
        asks=asks,
    )


def _last_resorts(
    router: Router, maker: _Targets, context: Mapping[str, Any], answers_head: bool
) -> LastResorts:
    def not_allowed(methods: frozenset[str], unmet: Unmet | None) -> Target:
        allowed = methods | {"HEAD"} if answers_head and "GET" in methods else methods
        error = StarletteHTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        make = partial(Refusal, error, context=context)
        return maker.unrouted(make, None if unmet is None else unmet.name)

    def not_met(unmet: Unmet) -> Target:
        error = StarletteHTTPException(400)
        make = partial(Refusal, error, context=context, detail=unmet.detail)
        return maker.unrouted(make, unmet.name)

    if router.default is not None:
        default = _Always(router.default)
        not_found = maker.unrouted(partial(ForeignTarget, default, context=context))
    else:
        missing = StarletteHTTPException(404)
        not_found = maker.unrouted(partial(Refusal, missing, context=context))
    return LastResorts(
        not_allowed,
        not_met,
        maker.unrouted(partial(Redirect, context=context)) if router.redirect_slashes else None,
        finder(router, maker.target),
        not_found,
    )


class _Targets:
    """Makes the target of each route."""

    def __init__(
        self,
        errors: ErrorHandlers,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]],
        context: Mapping[str, Any],
        router: Router,
        around: Around | None,
        *,
        watchers: Sequence[Watcher],
    ) -> None:
        self._errors = errors
        self._around = around
        self._watchers = watchers
        self._overrides = overrides
        self._context = context
        self._router = router

    def target(self, found: RouteContext) -> Target:
        when = found.effective.when if isinstance(found.effective, RouteState) else None
        vary = None if when is None else when.name
        surrounded = self._surrounded(partial(self._bare, found), self._routers(found), vary)
        return self._watched(surrounded, _pattern(found.effective))

    def unrouted(self, make: Callable[[ErrorHandlers], Target], vary: str | None = None) -> Target:
        """Give a target for what no route fits."""
        return self._watched(self._surrounded(make, vary=vary), None)

    def _watched(self, target: Target, path: str | None) -> Target:
        return Watched(target, path, self._watchers) if self._watchers else target

    def _surrounded(
        self,
        make: Callable[[ErrorHandlers], Target],
        routers: Sequence[Surroundings] | None = None,
        vary: str | None = None,
    ) -> Target:
        """Give a target with the handlers and functions of its routers; the app's by default.

        `vary` is the header by which it was chosen: every answer says so.
        """
        routers = routers or (self._router,)
        errors = self._errors.of_routers(routers)
        if vary is not None:
            errors = errors.within(Vary(vary))
        chain = chain_of(routers)
        if chain is None:
            return make(errors)
        bare = errors.without_hooks()
        return Surrounded(make(bare), chain, bare, errors)

    def errors_of(self, found: RouteContext) -> ErrorHandlers:
        return self._errors.of_routers(self._routers(found))

    def _routers(self, found: RouteContext) -> Sequence[Surroundings]:
        return (self._router, *(found.layer.routers if found.layer is not None else ()))

    def _bare(self, found: RouteContext, errors: ErrorHandlers) -> Target:
        route = found.effective
        if not isinstance(route, RouteState):
            return ForeignTarget(route, errors, self._context)
        declared: Any = found.original_route
        context = {**self._context, "route": declared, "endpoint": route.endpoint}
        if route.form_limits:
            context[FORM_LIMITS] = route.form_limits
        compiled = compile_route(route, self._overrides, self._around)
        may_wait = compiled.suspends or compiled.has_lifetimes
        enclosures = enclosures_of(self._context["app"], route, may_wait=may_wait)
        bare = errors.without_hooks() if enclosures else errors
        concludes = any(enclosure.concludes for _, enclosure in enclosures)
        plain = RouteTarget(route, compiled, bare, context, self._around, concludes=concludes)
        target: Target = plain
        if type(declared).get_route_handler is not Route.get_route_handler:
            target = CustomTarget(plain, declared.handler_for(plain), bare)
        for count, (_, enclosure) in enumerate(enclosures, 1):
            outer = errors if count == len(enclosures) else bare
            target = Enclosed(target, enclosure, outer)
        return target


class _Always:
    """An ASGI application as a route that fits everything."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        return starlette.Match.FULL, {}

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)


def _pattern(route: Any) -> str | None:
    """Give the path of a route as it was declared, without what converts its parameters."""
    if isinstance(route, starlette.Mount):
        return route.path or "/"
    pattern: str | None = getattr(route, "path_format", None)
    return pattern


def _entry(order: int, route: Any, target: Target) -> Entry:
    if isinstance(route, RouteState | starlette.Route):
        methods = None if route.methods is None else frozenset(route.methods)
        entry = Entry(order, route.path, route.path_regex, methods, target)
        if isinstance(route, RouteState) and route.when is not None:
            entry.when, entry.asks = route.when, partial(_answer_of, route.when)
        return entry
    if isinstance(route, starlette.Mount):
        return Entry(order, route.path + "/{path:path}", route.path_regex, None, target)
    # A host or a route of somebody else's kind: asked itself, for every path.
    return Entry(
        order, "{path:path}", _ANYTHING, None, target, asks=lambda x: route.matches(x.scope)[0]
    )


def _answer_of(when: HeaderIs, exchange: Exchange) -> starlette.Match:
    return starlette.Match.FULL if when.is_met(exchange.headers) else starlette.Match.NONE
