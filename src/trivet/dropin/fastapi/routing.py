"""`fastapi.routing`: routers and routes under FastAPI's names."""

from __future__ import annotations

import os
from typing import Any

from starlette.routing import BaseRoute, Mount, NoMatchFound, compile_path, get_name

from trivet.routing.contexts import RouteContext, contexts
from trivet.routing.route import Route as APIRoute
from trivet.routing.route import WebSocketRoute as APIWebSocketRoute
from trivet.routing.router import Router

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "BaseRoute",
    "Mount",
    "NoMatchFound",
    "RouteContext",
    "compile_path",
    "get_name",
    "iter_route_contexts",
]

iter_route_contexts = contexts


class APIRouter(Router):
    """A router with FastAPI's own switch for development."""

    def frontend(self, path: str, **options: Any) -> None:
        """Serve a built front end; `FASTAPI_ENV=development` lets its folder be missing."""
        options["development"] = os.environ.get("FASTAPI_ENV") == "development"
        super().frontend(path, **options)
