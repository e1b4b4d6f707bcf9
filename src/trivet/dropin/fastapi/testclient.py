"""`fastapi.testclient`."""

from __future__ import annotations

from starlette.testclient import TestClient

__all__ = ["TestClient"]
