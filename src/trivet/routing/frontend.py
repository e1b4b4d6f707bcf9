"""Built single-page front ends: files of a folder, served where no route fits.

A front end is asked last (`last_resorts.py`), and it never leaves its folder. What it answers is
one decision over the path, the method and the Accept header, made on a worker thread; the
dependencies of its routers run before it, by the plan of an ordinary route.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from starlette import routing as starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trivet.concurrency import run_in_thread
from trivet.errors import DeclarationError, HTTPException, SetupError
from trivet.http.addresses import url_of
from trivet.http.exchange import Receive, Scope, Send
from trivet.http.files import (
    IMMUTABLE,
    Folder,
    Stored,
    accepts_page,
    file_response,
    is_hashed,
    path_below_mount,
    preferred,
    status_of,
)
from trivet.routing.frontend_folder import must_exist, no_fallback, no_folder
from trivet.routing.layer import Layer
from trivet.routing.route import Route

__all__ = ["Fallback", "Found", "Frontend", "Frontends", "Moved", "Refused"]

Fallback = Literal["auto", "index.html", "404.html"] | None

_METHODS = frozenset({"GET", "HEAD"})
_OTHER_METHODS = ("DELETE", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


@dataclass(frozen=True, slots=True)
class Found:
    """A file to send; `is_page` where it stands for paths that have no file of their own."""

    stored: Stored
    status: int = 200
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A folder with an index page that was asked for without its last slash."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing to send, and the status that says so."""

    status: int


class Frontend(starlette.BaseRoute):
    """One folder under one path, as it is served.

    `path` is "/" or has no slash at its end. `dependencies` run before it on GET and HEAD.
    """

    # Set by the application that serves it: runs the dependencies, then this front end.
    serve: Callable[[Scope, Receive, Send], Awaitable[None]] | None = None

    def __init__(
        self,
        path: str,
        folder: Folder,
        fallback: Fallback = "auto",
        *,
        dependencies: Sequence[Any] = (),
        dependency_overrides_provider: Any = None,
    ) -> None:
        self.path = path
        self.app = folder
        self.fallback = fallback
        self.methods = set(_METHODS)
        self.dependencies = list(dependencies)
        self.dependency_overrides_provider = dependency_overrides_provider

    @property
    def specificity(self) -> int:
        """How long the path is; of several that fit, the greatest is meant."""
        return 0 if self.path == "/" else len(self.path)

    def below(self, path: str) -> str | None:
        """Give what follows this front end's own path in `path`, or None for another's path."""
        if self.path == "/":
            return path.lstrip("/")
        if path == self.path:
            return ""
        if path.startswith(self.path + "/"):
            return path[len(self.path) + 1 :]
        return None

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        if scope["type"] != "http" or self.below(path_below_mount(scope)) is None:
            return starlette.Match.NONE, {}
        is_full = scope["method"] in self.methods
        return (starlette.Match.FULL if is_full else starlette.Match.PARTIAL), {"route": self}

    def find(
        self, path: str, method: str = "GET", accept: str = "", accept_encoding: str = ""
    ) -> Found | Moved | Refused:
        """Decide what answers a request for `path`, which is decoded. Reads the disk: it blocks.

        Raises `SetupError` where the folder, or the fallback that was asked for, does not exist.
        """
        below = self.below(path)
        if below is None:
            return Refused(404)
        try:
            name, state, is_index = self._look(below)
        except (OSError, ValueError) as error:
            return Refused(status_of(error))
        if state is None:
            return self._without_file(method, accept, accept_encoding)
        if method not in self.methods:
            return Refused(405)
        if is_index and not path.endswith("/"):
            return Moved()
        return Found(preferred(name, state, accept_encoding))

    def _look(self, below: str) -> tuple[str, os.stat_result | None, bool]:
        name, state = self.app.lookup_path(below)
        if state is not None and stat.S_ISDIR(state.st_mode):
            name, state = self.app.lookup_path(below.rstrip("/") + "/index.html")
            return name, _regular(state), True
        return name, _regular(state), False

    def _without_file(self, method: str, accept: str, accept_encoding: str) -> Found | Refused:
        if not os.path.isdir(self.app.directories[0]):
            raise no_folder(self.app.directories[0])
        if method not in self.methods or self.fallback is None:
            return Refused(404)
        if self.fallback in ("auto", "404.html"):
            page = self._page("404.html", accept_encoding)
            if page is not None:
                return Found(page, status=404)
        if self.fallback == "404.html":
            raise no_fallback("404.html", self.app.directories[0])
        if not accepts_page(accept):
            return Refused(404)
        page = self._page("index.html", accept_encoding)
        if page is not None:
            return Found(page, is_page=True)
        if self.fallback == "index.html":
            raise no_fallback("index.html", self.app.directories[0])
        return Refused(404)

    def _page(self, name: str, accept_encoding: str) -> Stored | None:
        full, state = self.app.lookup_path(name)
        if state is None or not stat.S_ISREG(state.st_mode):
            return None
        return preferred(full, state, accept_encoding)

    async def respond(self, scope: Scope) -> Response:
        """Give the response to a request, without the dependencies; raises `HTTPException`."""
        headers = Headers(scope=scope)
        outcome = await run_in_thread(
            self.find,
            path_below_mount(scope),
            scope["method"],
            ",".join(headers.getlist("accept")),
            ",".join(headers.getlist("accept-encoding")),
        )
        if isinstance(outcome, Refused):
            allow = {"Allow": "GET, HEAD"} if outcome.status == 405 else None
            raise HTTPException(outcome.status, headers=allow)
        if isinstance(outcome, Moved):
            url = url_of(scope)
            return RedirectResponse(url.replace(path=url.path + "/"))
        return _response(outcome)

    @cached_property
    def reading(self) -> Route:
        """The route that answers GET and HEAD: the dependencies, then the file."""

        async def frontend(request: Request, response: Response) -> Response:
            answer = await self.respond(request.scope)
            # What the dependencies said to their response is said by the file's.
            answer.raw_headers.extend(response.raw_headers)
            return answer

        return self._route(frontend, sorted(_METHODS), self.dependencies)

    @cached_property
    def refusing(self) -> Route:
        """The route that answers all other methods, with 405 or 404 and no dependency."""

        async def frontend(request: Request) -> Response:
            return await self.respond(request.scope)

        return self._route(frontend, _OTHER_METHODS, ())

    def _route(
        self, endpoint: Callable[..., Any], methods: Sequence[str], dependencies: Sequence[Any]
    ) -> Route:
        return Route(
            self.path,
            endpoint,
            methods=list(methods),
            dependencies=list(dependencies),
            include_in_schema=False,
            response_model=None,
            dependency_overrides_provider=self.dependency_overrides_provider,
        )

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.dependencies and scope["method"] in self.methods:
            # Never past them: they are what guards it.
            if self.serve is None:
                raise SetupError(
                    "a front end with dependencies is served by the application that has its"
                    " router",
                    code="routing.frontend-alone",
                )
            await self.serve(scope, receive, send)
            return
        response = await self.respond(scope)
        await response(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        raise starlette.NoMatchFound(name, path_params)


class Frontends(starlette.BaseRoute):
    """The front ends of one router, with the dependencies that the router had at the first."""

    def __init__(
        self, dependencies: Sequence[Any] = (), dependency_overrides_provider: Any = None
    ) -> None:
        self.routes: list[Frontend] = []
        self.dependencies = list(dependencies)
        self.dependency_overrides_provider = dependency_overrides_provider

    def add(
        self,
        path: str,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: bool | Literal["auto"] = "auto",
        *,
        prefix: str = "",
        development: bool = False,
    ) -> Frontend:
        """Serve what was built into `directory` below `path`, which comes after `prefix`.

        With `check_dir` the folder and a named fallback must exist now; "auto" checks outside
        development, and in it only warns. Raises `DeclarationError` or `SetupError`.
        """
        if fallback not in ("auto", "index.html", "404.html", None):
            raise DeclarationError(
                f"the fallback of a front end cannot be {fallback!r}",
                code="routing.frontend-fallback",
                mend='fallback="auto", "index.html", "404.html" or None',
            )
        path = _joined(prefix, _checked_path(path))
        folder = Folder(directory)
        if must_exist(directory, check_dir, development):
            if not os.path.isdir(directory):
                raise no_folder(directory)
            if fallback in ("index.html", "404.html"):
                _, state = folder.lookup_path(fallback)
                if _regular(state) is None:
                    raise no_fallback(fallback, directory)
        made = self._made(path, folder, fallback)
        self.routes.append(made)
        return made

    def _made(self, path: str, folder: Folder, fallback: Fallback) -> Frontend:
        return Frontend(
            path,
            folder,
            fallback,
            dependencies=self.dependencies,
            dependency_overrides_provider=self.dependency_overrides_provider,
        )

    def under(self, layer: Layer) -> Frontends:
        """Give these front ends as they are served through an inclusion."""
        made = Frontends(
            [*layer.dependencies, *self.dependencies], layer.dependency_overrides_provider
        )
        made.routes = [
            made._made(_joined(layer.prefix, one.path), one.app, one.fallback)
            for one in self.routes
        ]
        return made

    def best(self, path: str) -> Frontend | None:
        """Give the front end that `path` belongs to: the most specific, the first of equals."""
        fitting = [one for one in self.routes if one.below(path) is not None]
        return max(fitting, key=lambda one: one.specificity, default=None)

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        found = self.best(path_below_mount(scope)) if scope["type"] == "http" else None
        return (starlette.Match.NONE, {}) if found is None else found.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.best(path_below_mount(scope))
        if found is None:
            raise HTTPException(404)
        await found.handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        raise starlette.NoMatchFound(name, path_params)


def _response(found: Found) -> Response:
    name = os.path.basename(found.stored.path)
    headers = {}
    if found.stored.media_type == "text/html":
        # A page names the hashed files of its build: an old one would ask for files that are gone.
        headers["Cache-Control"] = "no-cache"
    elif is_hashed(name):
        headers["Cache-Control"] = IMMUTABLE
    response = file_response(found.stored, found.status, headers)
    if found.is_page:
        response.headers.add_vary_header("Accept")
    return response


def _regular(state: os.stat_result | None) -> os.stat_result | None:
    return state if state is not None and stat.S_ISREG(state.st_mode) else None


def _checked_path(path: str) -> str:
    if not path.startswith("/"):
        raise DeclarationError(
            f"the path of a front end starts with a slash, this is {path!r}",
            code="routing.frontend-path",
            mend=f'"/{path}"',
        )
    return path.rstrip("/") or "/"


def _joined(prefix: str, path: str) -> str:
    return (prefix if path == "/" else prefix + path) or "/"
