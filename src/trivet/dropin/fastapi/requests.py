"""`fastapi.requests`."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request

__all__ = ["HTTPConnection", "Request"]
