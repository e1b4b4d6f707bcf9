"""What tests of an application need: clients, live servers, databases, rows and counts of queries.

Nothing is loaded before it is asked for: whoever tests without a database needs no library for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trivet.testing.client import (
        LifespanFailed,
        TestClient,
        WebSocketDenialResponse,
        WebSocketTestSession,
        async_client,
        running,
    )
    from trivet.testing.database import emptied, rolled_back
    from trivet.testing.factories import Factory, derived, factory, sequence, trait
    from trivet.testing.live import LiveProcess, LiveServer, ServerDied
    from trivet.testing.queries import assert_queries, counted_queries

__all__ = [
    "Factory",
    "LifespanFailed",
    "LiveProcess",
    "LiveServer",
    "ServerDied",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
    "assert_queries",
    "async_client",
    "counted_queries",
    "derived",
    "emptied",
    "factory",
    "rolled_back",
    "running",
    "sequence",
    "trait",
]

# Where each name is; type checkers read the imports above, and a test holds the two together.
_HOMES = {
    "Factory": "factories",
    "LifespanFailed": "client",
    "LiveProcess": "live",
    "LiveServer": "live",
    "ServerDied": "live",
    "TestClient": "client",
    "WebSocketDenialResponse": "client",
    "WebSocketTestSession": "client",
    "assert_queries": "queries",
    "async_client": "client",
    "counted_queries": "queries",
    "derived": "factories",
    "emptied": "database",
    "factory": "factories",
    "rolled_back": "database",
    "running": "client",
    "sequence": "factories",
    "trait": "factories",
}


def __getattr__(name: str) -> Any:  # Any: whatever has this name
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trivet.testing' has no attribute {name!r}")
    value = getattr(import_module(f"trivet.testing.{home}"), name)
    globals()[name] = value  # from now on it is found without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
