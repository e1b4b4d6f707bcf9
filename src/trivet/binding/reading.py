"""What generated endpoints call to read a request: queries, headers, cookies, bodies.

Each function is small and does one thing, because its cost is paid per request. Names are short
and plain, because they stand in the text that `trivet explain` shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message as MediaType
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import ValidationError, from_json
from starlette.datastructures import FormData, Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from trivet.binding.bodies import form_of_request
from trivet.errors import HTTPException, RequestValidationError
from trivet.http.exchange import Exchange, Message, Receive
from trivet.http.form_charsets import refused_charset
from trivet.schema.field import ABSENT, errors_at

__all__ = [
    "blank_response",
    "form_of",
    "header",
    "headers_of",
    "is_json",
    "json_of",
    "noted",
    "query_last",
    "query_of",
    "request_of",
]


_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class _FormlessRequest(Request):
    """A request whose form is in a charset that is not taken."""

    def form(self, **limits: Any) -> Any:  # Any: as Starlette's is typed, and it gives nothing
        """Raise a 415."""
        charset = refused_charset(self.scope["headers"]) or ""
        raise HTTPException(415, f"This form is in the charset {charset[:40]!r}; send it in UTF-8.")


def request_of(x: Exchange) -> Request:
    """Give the request object of an exchange, made when somebody first asks for it."""
    request: Request | None = x.request
    if request is None:
        scope = x.scope
        x.target.enter(scope, x.params)
        receive = x.receive
        if x.target.max_body is not None and not x.target.reads_body:
            receive = _limited(receive, x.target.max_body)
        # A form is refused by whoever reads it: until then it is a body like any other.
        is_refused = x.method not in _BODILESS and refused_charset(x.headers) is not None
        kind = _FormlessRequest if is_refused else Request
        request = x.request = kind(scope, receive, x.send)
        if x.target.reads_body:
            request._body = x.body  # the face has read it: a second reader gets the same bytes
    return request


def _limited(receive: Receive, most: int) -> Receive:
    """Give a receive that raises a 413 once the body has more than `most` bytes."""
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(413, f"The body is larger than {most} bytes; send less.")
        return message

    return counting


def query_last(query: bytes) -> dict[str, str]:
    """Give each name of a query string with its last value."""
    if not query:
        return {}
    text = query.decode("latin-1")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    # Plain text needs no decoding: a third of parse_qsl's cost (benchmarks: dependencies).
    found = {}
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if equals or name:
            found[name] = value
    return found


def query_of(x: Exchange) -> QueryParams:
    """Give the whole query as a multi-dictionary."""
    return QueryParams(x.query)


def header(x: Exchange, name: bytes) -> str | None:
    """Give the first value of a header (its name in lower case), or None."""
    for key, value in x.headers:
        if key == name:
            return value.decode("latin-1")
    return None


def headers_of(x: Exchange) -> Headers:
    """Give all headers as a multi-dictionary without case."""
    return Headers(raw=list(x.headers))


@lru_cache(maxsize=256)
def _names_json(content_type: str) -> bool:
    message = MediaType()
    message["content-type"] = content_type
    if message.get_content_maintype() != "application":
        return False
    subtype = message.get_content_subtype()
    return subtype == "json" or subtype.endswith("+json")


def is_json(x: Exchange, strict: bool) -> bool:
    """Tell whether the body says that it is JSON; one that says nothing is, unless `strict`."""
    for key, value in x.headers:
        if key == b"content-type":
            if value == b"application/json":
                return True
            return _names_json(value.decode("latin-1")) if value else not strict
    return not strict


def json_of(x: Exchange, strict: bool) -> Any:
    """Give the parsed body, its bytes where it is no JSON, or `ABSENT` where there is none.

    Raises `RequestValidationError` for text that is no JSON, with the place where it stops.
    """
    body = x.body
    if not body:
        return ABSENT
    if not is_json(x, strict):
        return body
    try:
        return from_json(body)
    except ValueError:
        pass  # perhaps in another encoding than UTF-8; otherwise it is found out why
    try:
        text = body.decode(json.detect_encoding(body))
        return from_json(text)
    except UnicodeDecodeError as error:
        raise HTTPException(400, "There was an error parsing the body") from error
    except ValueError as error:
        raise _not_json(text, error) from error


def _not_json(text: str, reason: ValueError) -> Exception:
    """Give the refusal of a text that Pydantic's parser refused for `reason`.

    `json` says better where it gave up. What it would take is refused all the same: half a
    surrogate pair, which no answer could carry, and lists in lists in lists.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place, message = error.pos, error.msg
    except (ValueError, RecursionError):
        return HTTPException(400, "There was an error parsing the body")
    else:
        message, _, where = str(reason).partition(" at line ")
        line, _, column = where.partition(" column ")
        before = text.split("\n")[: int(line) - 1]
        place = sum(len(one) + 1 for one in before) + int(column) - 1
    return RequestValidationError(
        [
            {
                "type": "json_invalid",
                "loc": ("body", place),
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": message},
            }
        ],
        body=text,
    )


async def form_of(x: Exchange, limits: dict[str, int]) -> FormData:
    """Read the form; the caller closes it. Raises a 400 for one that cannot be parsed."""
    return await form_of_request(request_of(x), limits)


def noted(
    errors: list[dict[str, Any]] | None, error: ValidationError, location: tuple[int | str, ...]
) -> list[dict[str, Any]]:
    """Add Pydantic's errors to those of the same call."""
    found = errors_at(error, location)
    return found if errors is None else errors + found


def joined(lists: Sequence[list[dict[str, Any]] | None]) -> list[dict[str, Any]]:
    """Give all errors of a request in one list."""
    return [error for found in lists if found for error in found]


def blank_response() -> Response:
    """Give the response object on which a handler sets headers, cookies and the status."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]  # "as the route says"
    return response
