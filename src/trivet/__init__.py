"""Trivet: one Python web framework, small to start, typed and fast, complete.

The names of the core. Batteries are imported from their own packages: `trivet.security`,
`trivet.middleware`, `trivet.testing`, …; importing `trivet` loads none of them.
"""

from __future__ import annotations

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
