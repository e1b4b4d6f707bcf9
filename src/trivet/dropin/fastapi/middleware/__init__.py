"""`fastapi.middleware`."""

from __future__ import annotations

from starlette.middleware import Middleware

__all__ = ["Middleware"]
