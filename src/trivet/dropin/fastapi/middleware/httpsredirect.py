"""`fastapi.middleware.httpsredirect`."""

from __future__ import annotations

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

__all__ = ["HTTPSRedirectMiddleware"]
