"""Links of a page: the path of a route by its name."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from starlette.requests import Request
from starlette.routing import NoMatchFound

from trivet.app.application import App
from trivet.errors import SetupError
from trivet.http.mounts import mount_of
from trivet.routing.contexts import contexts

__all__ = ["linking"]


def linking(app: App) -> Callable[..., str]:
    """Give `url_for` for the templates of an application."""

    def url_for(request: Request | None, name: str, /, **params: Any) -> str:
        """Give the path of a route, below the mount of the application."""
        mount = app.root_path.rstrip("/") if request is None else mount_of(request.scope)
        try:
            return mount + str(app.url_path_for(name, **params))
        except NoMatchFound as error:
            names = sorted({one.name for one in contexts(app.routes) if one.name})
            near = get_close_matches(name, names, 1)
            given = ", ".join(sorted(params)) or "no parameters"
            raise SetupError(
                f"No route is called {name!r} and takes {given}",
                code="templates.no-route",
                mend=f"url_for({(near or names or ['name'])[0]!r}, …)"
                f" (routes: {', '.join(names[:20])})",
            ) from error

    return url_for
