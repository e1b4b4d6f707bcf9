"""Errors in the client's language: what did not fit, and what a status means.

English stays as it is without this part, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response

from trivet.errors import RequestValidationError
from trivet.i18n.finding import Finder
from trivet.i18n.locale import Locale
from trivet.i18n.phrases import CONTEXT
from trivet.i18n.validation import said
from trivet.routing.options import has_body
from trivet.texts import LazyText

__all__ = ["error_handlers"]


def error_handlers(finder: Finder) -> dict[Any, Callable[..., Any]]:
    """Give the handlers of an application's errors."""

    async def invalid(request: Request, error: RequestValidationError) -> Response:
        locale = await finder.located(request)
        errors = error.errors()
        if locale.language != "en":
            errors = [{**one, "msg": said(one, locale)} for one in errors]
        shape = request.app.error_shape
        return Response(shape.to_json(422, errors=errors), 422, media_type=shape.media_type)

    async def refused(request: Request, error: StarletteHTTPException) -> Response:
        status, headers = error.status_code, dict(error.headers or {})
        if not has_body(status):
            return Response(status_code=status, headers=headers)
        detail = error.detail
        if isinstance(detail, str):
            detail = _detail(detail, await finder.located(request))
        shape = request.app.error_shape
        named = any(name.lower() == "content-type" for name in headers)
        return Response(
            shape.to_json(status, detail), status, headers, None if named else shape.media_type
        )

    return {RequestValidationError: invalid, StarletteHTTPException: refused}


def _detail(detail: str, locale: Locale) -> str:
    """Give a lazy text, or a phrase of ours; what else an application says is its own."""
    if isinstance(detail, LazyText):
        return locale.gettext(detail)
    return detail if locale.language == "en" else locale.pgettext(CONTEXT, detail)
