"""`fastapi.templating`."""

from __future__ import annotations

from starlette.templating import Jinja2Templates

__all__ = ["Jinja2Templates"]
