"""What `trivet check` looks for in every application, whatever parts it uses.

Each function is one check: it takes the application and gives findings.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from starlette import routing as starlette
from starlette.convertors import PathConvertor

from trivet.app.application import App
from trivet.checks import Check, Finding, Level
from trivet.cli.deploying import DEPLOYING
from trivet.cli.listing import where
from trivet.middleware.csrf import Csrf
from trivet.routing.contexts import contexts

__all__ = ["checks_of"]


def checks_of(app: App, *, deploy: bool) -> list[Check]:
    """Give the checks of an application: ours, its parts', and for `deploy` those of production."""
    every: list[Callable[[App], Iterator[Finding]]] = [builds, documents, reaches_every_route]
    every += [exempts_routes, asks_routers]
    if deploy:
        every += DEPLOYING
    found: list[Check] = [_named(check, app) for check in every]
    found += [partial(part.checks, app) for part in app.parts.values()]
    if deploy:
        found += [partial(part.deploy_checks, app) for part in app.parts.values()]
    return found


def _named(check: Callable[[App], Any], app: App) -> Check:
    bound = partial(check, app)
    vars(bound)["__qualname__"] = check.__name__
    return bound


def builds(app: App) -> Iterator[Finding]:
    """Every route compiles; what does not is raised as a setup error, which is a finding."""
    app.built()
    yield from ()


def documents(app: App) -> Iterator[Finding]:
    """The OpenAPI document can be made, and nothing in it is twice."""
    if not app.openapi_url:
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            app.openapi()
        except Exception as error:
            yield Finding(
                Level.ERROR,
                "openapi.not-made",
                f"the OpenAPI document cannot be made: {type(error).__name__}: {error}",
                "mend the types of its route, or leave that out: include_in_schema=False",
            )
    for warning in caught:
        yield Finding(
            Level.WARNING,
            "openapi.warning",
            str(warning.message),
            "give the routes different names, or operation_id=...",
        )


def reaches_every_route(app: App) -> Iterator[Finding]:
    """No route stands behind one that takes all of its requests."""
    earlier: list[Any] = []  # Any: typed routes and Starlette's
    for context in contexts(app.routes):
        route = context.effective
        pattern = getattr(route, "path_regex", None)
        if pattern is None:
            continue
        sample = _sample(route)
        for other in earlier:
            if other.path_regex.match(sample) and (lost := _taken(route, other)):
                yield Finding(
                    Level.WARNING,
                    "routes.never-reached",
                    f"{lost} {route.path} is never reached: {other.path} is declared before it "
                    "and takes the same paths",
                    "declare the narrower path first, or take one of them out",
                    where(getattr(route, "endpoint", None) or route.app) or None,
                )
                break
        earlier.append(route)


def exempts_routes(app: App) -> Iterator[Finding]:
    """What Csrf does not guard is there: a path that was renamed would be open when it is back."""
    exempt = [path for hook in app.hooks if isinstance(hook, Csrf) for path in hook.exempt]
    if not exempt:
        return
    routes = [context.effective for context in contexts(app.routes)]
    for path in exempt:
        below = path.removesuffix("*") if path.endswith("/*") else None
        if not any(_leads_to(route, path, below) for route in routes):
            yield Finding(
                Level.WARNING,
                "routes.csrf-exempt",
                f"Csrf(exempt=…) names {path!r}, and no route has this path",
                "take it out, or write the path as the route has it (trivet routes)",
            )


def asks_routers(app: App) -> Iterator[Finding]:
    """Routers that were made of something else, such as a model, say what they lack here."""
    for router in app.router.every():
        yield from router.findings(app)


def _leads_to(route: Any, path: str, below: str | None) -> bool:  # Any: see above
    """Tell whether a route takes this path, or has one with the beginning `below`."""
    if below and str(getattr(route, "path", "")).startswith(below):
        return True
    pattern = getattr(route, "path_regex", None)
    return pattern is not None and pattern.match(path) is not None


def _sample(route: Any) -> str:  # Any: see above
    """Give a path that stands for all that the route takes: parameters as `{name}`."""
    path = str(route.path_format)
    for name, convertor in route.param_convertors.items():
        if isinstance(convertor, PathConvertor):
            # Whoever takes all of these paths takes one with a slash inside.
            path = path.replace(f"{{{name}}}", f"{{{name}}}/{{{name}}}")
    return path


def _taken(route: Any, other: Any) -> str:  # Any: see above
    """Name the methods of `route` that `other` takes from it; "" for none."""
    sockets = isinstance(route, starlette.WebSocketRoute)
    if isinstance(other, starlette.Mount):
        return "what is mounted at" if isinstance(route, starlette.Mount) else _methods(route)
    if isinstance(route, starlette.Mount):
        return ""
    if sockets or isinstance(other, starlette.WebSocketRoute):
        same_kind = sockets and isinstance(other, starlette.WebSocketRoute)
        return "WS" if same_kind else ""
    when = getattr(other, "when", None)
    if when is not None and not when.covers(getattr(route, "when", None)):
        return ""  # it takes only what a header gives it
    if other.methods is None:
        return _methods(route)
    mine = route.methods or other.methods
    return ",".join(sorted(mine & other.methods))


def _methods(route: Any) -> str:  # Any: see above
    if isinstance(route, starlette.WebSocketRoute):
        return "WS"
    return ",".join(sorted(route.methods or ())) or "ANY"
