"""Every response class in one place; all are Starlette's own or stand on them.

`FileResponse` adds preconditions to Starlette's. The two classes for outside JSON libraries are
here for programs that were written with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from typing_extensions import deprecated

from trivet.errors import SetupError, TrivetDeprecationWarning
from trivet.http.files import FileResponse
from trivet.http.sse import EventSourceResponse

__all__ = [
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "ORJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "UJSONResponse",
]

_REASON = (
    " is deprecated: what a handler returns is made into JSON by Pydantic's own encoder wherever"
    " there is a return type or a response model, which is faster than any response class."
)


@deprecated("UJSONResponse" + _REASON, category=TrivetDeprecationWarning, stacklevel=2)
class UJSONResponse(JSONResponse):
    """JSON written by the package ujson, which must be installed."""

    def render(self, content: Any) -> bytes:
        text: str = _library("ujson", "UJSONResponse").dumps(content, ensure_ascii=False)
        return text.encode()


@deprecated("ORJSONResponse" + _REASON, category=TrivetDeprecationWarning, stacklevel=2)
class ORJSONResponse(JSONResponse):
    """JSON written by the package orjson, which must be installed."""

    def render(self, content: Any) -> bytes:
        library = _library("orjson", "ORJSONResponse")
        written: bytes = library.dumps(
            content, option=library.OPT_NON_STR_KEYS | library.OPT_SERIALIZE_NUMPY
        )
        return written


def _library(name: str, user: str) -> Any:  # a module that Trivet does not depend on
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SetupError(
            f"{user} needs the package {name!r}, which is not installed",
            code="http.json-library",
            mend=f"pip install {name}, or leave the response class out",
        ) from error
