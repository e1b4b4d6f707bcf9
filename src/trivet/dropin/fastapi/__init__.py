"""FastAPI's module names on Trivet's parts: `install()` makes `import fastapi` find this package.

Each module here offers what FastAPI's module of the same name does. Programs and extensions that
use only FastAPI's public names run unchanged.
"""

from __future__ import annotations

from starlette import status
from starlette.background import BackgroundTasks
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

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
from trivet.dropin.fastapi.applications import FastAPI
from trivet.dropin.fastapi.finder import install
from trivet.dropin.fastapi.routing import APIRouter
from trivet.errors import HTTPException, WebSocketException
from trivet.http.uploads import UploadFile

# The version whose public interface this package offers.
__version__ = "0.165.0"

__all__ = [
    "APIRouter",
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Depends",
    "FastAPI",
    "File",
    "Form",
    "HTTPException",
    "Header",
    "Path",
    "Query",
    "Request",
    "Response",
    "Security",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "install",
    "status",
]
