"""Browsers that ask for a page, and have to sign in first or confirm that it is them: sent there.

Programs, and scripts of pages, are answered as ever: they did not ask for a page.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trivet.auth.errors import NotRecent, NotSignedIn
from trivet.auth.pages.pages import Pages
from trivet.concurrency import run_in_thread
from trivet.errors import HTTPException
from trivet.openapi.error_shape import FASTAPI, ErrorShape

__all__ = ["handlers_of"]

_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}


def handlers_of(pages: Pages) -> dict[Any, Callable[..., Any]]:
    """Give the exception handlers of a part."""

    async def to_sign_in(request: Request, error: NotSignedIn) -> Response:
        return await _answer(pages, request, error, "/sign-in")

    async def to_confirm(request: Request, error: NotRecent) -> Response:
        return await _answer(pages, request, error, "/confirm-identity")

    return {NotSignedIn: to_sign_in, NotRecent: to_confirm}


async def _answer(pages: Pages, request: Request, error: HTTPException, page: str) -> Response:
    if not _wants_page(request):
        return await _as_ever(request, error)
    where = pages.to(request, page, next=_here(pages, request))
    return RedirectResponse(where, 303, _HEADERS)


def _wants_page(request: Request) -> bool:
    accepts = "text/html" in request.headers.get("accept", "")
    return accepts and request.headers.get("sec-fetch-mode", "navigate") == "navigate"


def _here(pages: Pages, request: Request) -> str:
    """Give where to come back to: this page, or the one whose form was sent."""
    path = request.url.path
    if request.method in ("GET", "HEAD"):
        return f"{path}?{request.url.query}" if request.url.query else path
    origin = f"{request.url.scheme}://{request.url.netloc}/"
    referer = request.headers.get("referer", "")
    return referer[len(origin) - 1 :] if referer.startswith(origin) else pages.home


async def _as_ever(request: Request, error: HTTPException) -> Response:
    """Answer by the application's own handler of such errors, or as JSON."""
    app = request.scope["app"]
    for kind in type(error).__mro__[1:]:
        handler = app.exception_handlers.get(kind)
        if handler is not None and kind is not Exception:
            if inspect.iscoroutinefunction(handler):
                found: Response = await handler(request, error)
            else:
                found = await run_in_thread(handler, request, error)
            return found
    shape = app.error_shape if isinstance(app.error_shape, ErrorShape) else FASTAPI
    body = shape.to_json(error.status_code, error.detail)
    return Response(body, error.status_code, error.headers, media_type=shape.media_type)
