"""Small functions of a written file, which do what Flask's do, so that answers stay the same.

Each is written only where a handler needs it, with the imports that it takes, and says in its first
line what to write in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ERRORS", "ORDER", "STANDINS", "Standin"]


@dataclass(frozen=True, slots=True)
class Standin:
    """A piece of a written file, and the lines that import what it takes."""

    text: str
    standard: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    trivet: frozenset[str] = frozenset()
    needs_application: bool = False
    """True where it reads the Flask application's settings."""


_ASKED = '''
async def read_head(request: Request) -> FlaskRequest:
    """Give a request's query, headers and cookies as Flask reads them.

    A parameter `q: str = ""`, `Header()` or `Cookie()` says what a handler needs.
    """
    return FlaskRequest(environ_of(request.scope, BytesIO()))


Asked = Annotated[FlaskRequest, Depends(read_head)]
'''

_ESCAPED = '''
def escaped(value: object) -> str:
    """Give a part of a path, escaped as Flask's `url_for` does."""
    return quote(str(value), safe="!$&'()*+,/:;=@")
'''

_LINK = '''
def link(request: Request, path: str, /, **query: object) -> str:
    """Give a path below the place of the application; `request.url_for` gives it by a name."""
    given = [(name, value) for name, value in query.items() if value is not None]
    tail = "?" + urlencode(given, safe="!$'()*,/:;?@") if given else ""
    return request.scope.get("root_path", "").rstrip("/") + path + tail
'''

_REDIRECTED = '''
def redirected(location: str, code: int = 302) -> Response:
    """Redirect with Flask's page; `RedirectResponse(location, code)` does it without one."""
    page = flask_redirect(location, code)
    headers = dict(page.get_wsgi_headers({}))
    return Response(page.get_data(), page.status_code, headers)
'''

_JSON = '''
class FlaskJSON(JSONResponse):
    """JSON that may have what JSON does not: NaN, as Flask writes it."""

    def render(self, content: Any) -> bytes:
        return (dumps(content, sort_keys=True, separators=(",", ":")) + "\\n").encode()
'''

_SENT = '''
class SentRequest(FlaskRequest):
    """What was sent, read as Flask reads it, with the limits of its application.

    `title: Annotated[str, Form()]` reads a form, and a parameter whose type is a model reads JSON.
    """

    max_content_length = flask_app.config["MAX_CONTENT_LENGTH"]
    max_form_memory_size = flask_app.config.get("MAX_FORM_MEMORY_SIZE", 500_000)
    max_form_parts = flask_app.config.get("MAX_FORM_PARTS", 1_000)


async def read_sent(request: Request) -> AsyncIterator[SentRequest]:
    limit = SentRequest.max_content_length
    with SpooledTemporaryFile(max_size=500_000) as body:
        async for piece in request.stream():
            body.write(piece)
            if limit is not None and body.tell() > limit:
                break  # Flask refuses it
        body.seek(0)
        with SentRequest(environ_of(request.scope, body)) as sent:
            yield sent


Sent = Annotated[SentRequest, Depends(read_sent)]
'''

_RENDERED = '''
class FlaskPages(Templates):
    """Templates with Flask's options: white space stays, names that are missing are empty.

    `Templates` alone cuts the lines of blocks, escapes in every file, and refuses such names.
    """

    def environment(self) -> Environment:
        made = super().environment()
        made.trim_blocks = made.lstrip_blocks = False
        made.undefined = Undefined
        made.autoescape = flask_app.select_jinja_autoescape
        return made


def rendered(name: str, /, **context: Any) -> str:
    """Give a page as text; `await pages.render(name, request=request, …)` gives a response."""
    return pages.environment().get_template(name).render(context)
'''

ERRORS = '''

@app.exception_handler(HTTPException)
@app.exception_handler(FlaskException)
@app.exception_handler(Exception)
def as_flask(request: Request, error: Any) -> Response:
    """Answer errors with Flask's pages; take it out, and they are JSON."""
    if isinstance(error, FlaskException):
        page = error.get_response()
        return Response(page.get_data(), page.status_code, dict(page.headers))
    status = error.status_code if isinstance(error, HTTPException) else 500
    page = default_exceptions.get(status)
    if page is None:
        return JSONResponse({"detail": error.detail}, status)
    is_usual = status == 500 or error.detail == HTTPStatus(status).phrase
    text = page(None if is_usual else error.detail).get_body()
    return HTMLResponse(text, status)
'''

_ANY = "from typing import Any"
STANDINS: dict[str, Standin] = {
    "Asked": Standin(
        _ASKED,
        ("from io import BytesIO", "from typing import Annotated"),
        (
            "from flask import Request as FlaskRequest",
            "from trivet.adapters.wsgi import environ_of",
        ),
        frozenset({"Depends", "Request"}),
    ),
    "escaped": Standin(_ESCAPED, ("from urllib.parse import quote",)),
    "link": Standin(_LINK, ("from urllib.parse import urlencode",)),
    "redirected": Standin(
        _REDIRECTED,
        (),
        ("from werkzeug.utils import redirect as flask_redirect",),
        frozenset({"Response"}),
    ),
    "FlaskJSON": Standin(_JSON, ("from json import dumps", _ANY), (), frozenset({"JSONResponse"})),
    "Sent": Standin(
        _SENT,
        (
            "from collections.abc import AsyncIterator",
            "from tempfile import SpooledTemporaryFile",
            "from typing import Annotated",
        ),
        (
            "from flask import Request as FlaskRequest",
            "from trivet.adapters.wsgi import environ_of",
        ),
        frozenset({"Depends", "Request"}),
        needs_application=True,
    ),
    "rendered": Standin(
        _RENDERED,
        (_ANY,),
        ("from jinja2 import Environment, Undefined", "from trivet.templates import Templates"),
        needs_application=True,
    ),
    "as_flask": Standin(
        "",
        ("from http import HTTPStatus", _ANY),
        (
            "from werkzeug.exceptions import HTTPException as FlaskException",
            "from werkzeug.exceptions import default_exceptions",
        ),
        frozenset({"HTMLResponse", "HTTPException", "JSONResponse", "Request", "Response"}),
    ),
}
ORDER = tuple(STANDINS)
