"""The JSON endpoints of accounts."""

from __future__ import annotations

from trivet.auth.api.router import api_router

__all__ = ["api_router"]
