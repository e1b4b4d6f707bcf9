"""What a dependency must have that reads the body of a request by itself, in several forms of it.

The forms of it live above the application (`trivet.forms`); binding and OpenAPI know them only by
this page.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, Request

from trivet.errors import HTTPException
from trivet.schema.field import Field

__all__ = ["FORM_LIMITS", "BodyReader", "form_of_request"]

FORM_LIMITS = "trivet.form_limits"
"""Where a scope has the limits of a route's forms, if the route has some of its own."""


class BodyReader:
    """A dependency that reads the body from the request, and describes it to OpenAPI.

    An instance is callable like any other dependency. `bodies` says by media type what it takes;
    a route that has a body of its own is described by that one.
    """

    bodies: Mapping[str, Field]


async def form_of_request(request: Request, limits: Mapping[str, int]) -> FormData:
    """Read a form within `limits`, the route's own; the caller closes it.

    Raises a 400 for one that cannot be parsed, a 413 for a body that is too large.
    """
    try:
        return await request.form(**limits)
    except (StarletteHTTPException, ClientDisconnect):
        raise
    except Exception as error:
        if isinstance(getattr(error, "status_code", None), int):
            raise
        raise HTTPException(400, "There was an error parsing the body") from error
