"""From FastAPI: imports and the application object become Trivet's, all else stays as it is."""

from __future__ import annotations

from trivet.adopt.fastapi.adopting import adopt_fastapi

__all__ = ["adopt_fastapi"]
