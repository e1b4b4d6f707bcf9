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
from trivet.testing.live import LiveProcess, LiveServer, ServerDied

__all__ = [
    "LifespanFailed",
    "LiveProcess",
    "LiveServer",
    "ServerDied",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
    "async_client",
    "running",
]
