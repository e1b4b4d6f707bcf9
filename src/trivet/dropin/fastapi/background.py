"""`fastapi.background`."""

from __future__ import annotations

from starlette.background import BackgroundTasks

__all__ = ["BackgroundTasks"]
