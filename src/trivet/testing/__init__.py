"""What tests of an application need: clients, and a live server."""

from __future__ import annotations

from trivet.testing.client import (
    LifespanFailed,
    TestClient,
    WebSocketDenialResponse,
    WebSocketTestSession,
    async_client,
    running,
)

__all__ = [
    "LifespanFailed",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
    "async_client",
    "running",
]
