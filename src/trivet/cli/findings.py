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
from trivet.cli.listing import where
from trivet.middleware.hook import hooked
from trivet.routing.contexts import contexts

__all__ = ["checks_of"]


def checks_of(app: App, *, deploy: bool) -> list[Check]:
    """Give the checks of an application: ours, its parts', and for `deploy` those of production."""
    every: list[Callable[[App], Any]] = [builds, documents, reaches_every_route]  # Any: findings
    if deploy:
        every += [shows_nothing, guards_hosts, guards_answers, guards_transport]
    found: list[Check] = [_named(check, app) for check in every]
    found += [partial(part.checks, app) for part in app.parts.values()]
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
    if other.methods is None:
        return _methods(route)
    mine = route.methods or other.methods
    return ",".join(sorted(mine & other.methods))


def _methods(route: Any) -> str:  # Any: see above
    if isinstance(route, starlette.WebSocketRoute):
        return "WS"
    return ",".join(sorted(route.methods or ())) or "ANY"


def shows_nothing(app: App) -> Iterator[Finding]:
    """Nothing is shown to strangers that is meant for developers."""
    if app.debug:
        yield Finding(
            Level.ERROR,
            "deploy.debug",
            "debug is on: errors show source and values to everybody",
            "App(debug=False); trivet dev switches it on while you write",
        )
    shown = [url for url in (app.docs_url, app.redoc_url, app.openapi_url) if url]
    if app.openapi_url and shown:
        yield Finding(
            Level.INFO,
            "deploy.docs",
            f"everybody can read {', '.join(shown)}",
            "App(openapi_url=None) hides the document and its pages, if they are not meant for all",
        )


def guards_hosts(app: App) -> Iterator[Finding]:
    """Only the application's own host names are served."""
    if not _has(app, "hosts", "TrustedHostMiddleware"):
        yield Finding(
            Level.WARNING,
            "deploy.hosts",
            "every Host header is accepted, and links made from it may lead anywhere",
            'app.add_hook(AllowedHosts(allowed_hosts=["shop.example"])), '
            "from trivet.middleware.hosts",
        )


def guards_answers(app: App) -> Iterator[Finding]:
    """Answers carry the headers that browsers need to be careful."""
    if not _has(app, "headers"):
        yield Finding(
            Level.WARNING,
            "deploy.headers",
            "answers have no security headers (nosniff, frame and referrer policy, HSTS)",
            "app.add_hook(SecureHeaders()), from trivet.middleware.headers",
        )


def guards_transport(app: App) -> Iterator[Finding]:
    """Plain HTTP leads to HTTPS."""
    if not _has(app, "https", "HTTPSRedirectMiddleware"):
        yield Finding(
            Level.INFO,
            "deploy.https",
            "plain HTTP is served like HTTPS, unless a proxy in front redirects it",
            "app.add_hook(HttpsRedirect()), from trivet.middleware.https",
        )


def _has(app: App, hook: str, middleware: str | None = None) -> bool:
    return any(hooked(found).name == hook for found in app.hooks) or any(
        getattr(found.cls, "__name__", None) == middleware for found in app.user_middleware
    )
