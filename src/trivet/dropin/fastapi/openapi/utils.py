"""`fastapi.openapi.utils`."""

from __future__ import annotations

from trivet.openapi.document import get_openapi

__all__ = ["get_openapi"]
