"""`fastapi.staticfiles`."""

from __future__ import annotations

from starlette.staticfiles import StaticFiles

__all__ = ["StaticFiles"]
