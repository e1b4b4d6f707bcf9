"""Trivet: one Python web framework, small to start, typed and fast, complete.

The names of the core. Batteries are imported from their own packages: `trivet.security`,
`trivet.middleware`, `trivet.testing`, …; importing `trivet` loads none of them. The names of the
core are loaded with the first use of each, so that what needs none of them, such as
`trivet --help`, starts without a framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette import status
    from starlette.background import BackgroundTasks
    from starlette.requests import Request
    from starlette.websockets import WebSocket, WebSocketDisconnect

    from trivet.app.application import App
    from trivet.app.part import Part
    from trivet.binding.markers import (
        Body,
        Cookie,
        Depends,
        File,
        Form,
        Header,
        Path,
        Query,
        Security,
    )
    from trivet.errors import HTTPException, WebSocketException
    from trivet.http.responses import (
        EventSourceResponse,
        FileResponse,
        HTMLResponse,
        JSONResponse,
        PlainTextResponse,
        RedirectResponse,
        Response,
        StreamingResponse,
    )
    from trivet.http.uploads import UploadFile
    from trivet.routing.router import Router

__version__ = "0.1.0"

__all__ = [
    "App",
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Depends",
    "EventSourceResponse",
    "File",
    "FileResponse",
    "Form",
    "HTMLResponse",
    "HTTPException",
    "Header",
    "JSONResponse",
    "Part",
    "Path",
    "PlainTextResponse",
    "Query",
    "RedirectResponse",
    "Request",
    "Response",
    "Router",
    "Security",
    "StreamingResponse",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "status",
]

# Where each name is; type checkers read the imports above, and a test holds the two together.
_HOMES = {
    "App": "trivet.app.application",
    "BackgroundTasks": "starlette.background",
    "Body": "trivet.binding.markers",
    "Cookie": "trivet.binding.markers",
    "Depends": "trivet.binding.markers",
    "EventSourceResponse": "trivet.http.responses",
    "File": "trivet.binding.markers",
    "FileResponse": "trivet.http.responses",
    "Form": "trivet.binding.markers",
    "HTMLResponse": "trivet.http.responses",
    "HTTPException": "trivet.errors",
    "Header": "trivet.binding.markers",
    "JSONResponse": "trivet.http.responses",
    "Part": "trivet.app.part",
    "Path": "trivet.binding.markers",
    "PlainTextResponse": "trivet.http.responses",
    "Query": "trivet.binding.markers",
    "RedirectResponse": "trivet.http.responses",
    "Request": "starlette.requests",
    "Response": "trivet.http.responses",
    "Router": "trivet.routing.router",
    "Security": "trivet.binding.markers",
    "StreamingResponse": "trivet.http.responses",
    "UploadFile": "trivet.http.uploads",
    "WebSocket": "starlette.websockets",
    "WebSocketDisconnect": "starlette.websockets",
    "WebSocketException": "trivet.errors",
    "status": "starlette.status",
}


def __getattr__(name: str) -> Any:  # Any: a name of the core, whatever it is
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trivet' has no attribute {name!r}")
    module = import_module(home)
    value = module if home.endswith(f".{name}") else getattr(module, name)
    globals()[name] = value  # from now on it is found without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
