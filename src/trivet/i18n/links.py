"""Routes under a locale's prefix, and links to them: ``/de/books``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.routing import NoMatchFound

from trivet.app.application import App
from trivet.binding.params import Depends
from trivet.errors import HTTPException, SetupError
from trivet.http.mounts import mount_of
from trivet.i18n.finding import Finder
from trivet.routing.router import Router

__all__ = ["Links", "prefixed"]

PARAMETER = "locale"


def prefixed(router: Router, finder: Finder) -> Router:
    """Give a router that has the routes of `router` below ``/{locale}``, and a 404 for others."""

    async def known(connection: HTTPConnection) -> None:
        if finder.negotiator.exactly(str(connection.path_params[PARAMETER])) is None:
            raise HTTPException(404, "Not Found")

    finder.has_prefixes = True
    outer = Router(dependencies=[Depends(known)])
    outer.include_router(router, prefix=f"/{{{PARAMETER}}}")
    return outer


class Links:
    """Makes links in an application whose routes have locales in their paths."""

    def __init__(self, app: App, finder: Finder) -> None:
        self._app = app
        self._finder = finder

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Give the template functions."""

        def locale_url(request: Request | None, name: str, /, **params: Any) -> str:
            return self.url(request, name, **params)

        def switch_url(request: Request | None, tag: str) -> str:
            return self.switched(request, tag)

        return {"locale_url": locale_url, "switch_url": switch_url}

    def url(self, request: Request | None, name: str, /, **params: Any) -> str:
        """Give the path of a route under a locale's prefix, the present one without `locale`."""
        tag = str(params.pop(PARAMETER, None) or self._present(request))
        try:
            path = self._app.url_path_for(name, locale=tag, **params)
        except NoMatchFound as error:
            raise SetupError(
                f"No route under a locale is called {name!r} and takes"
                f" {', '.join(sorted(params)) or 'no parameters'}",
                code="i18n.no-route",
                mend="app.include_router(i18n.prefixed(router)), or url_for for other routes",
            ) from error
        return self._mount(request) + str(path)

    def switched(self, request: Request | None, tag: str) -> str:
        """Give the address of the present page in another locale."""
        negotiator = self._finder.negotiator
        # Whatever is given, the link stays on this site.
        exact = negotiator.find(tag) or negotiator.default
        if request is None:
            return f"{self._mount(request)}/{exact}/"
        mount = mount_of(request.scope)
        _, _, rest = request.url.path.removeprefix(mount).lstrip("/").partition("/")
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{mount}/{exact}/{rest.lstrip('/')}{query}"

    def _present(self, request: Request | None) -> str:
        if request is None:
            return self._finder.negotiator.default
        return str(self._finder.noted(request))

    def _mount(self, request: Request | None) -> str:
        return self._app.root_path.rstrip("/") if request is None else mount_of(request.scope)
