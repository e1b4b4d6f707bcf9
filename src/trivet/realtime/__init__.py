"""Channels over WebSockets and server-sent events, from one process to many machines.

``from trivet.realtime import Realtime, Replay``
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trivet.realtime.backends.backend import Backend
from trivet.realtime.backends.memory import MemoryBackend
from trivet.realtime.channel import Channel, Messages, Received, Replay, TooSlow, Topic
from trivet.realtime.errors import BackendAway, MessageTooLarge, NoSuchChannel
from trivet.realtime.limits import Limits
from trivet.realtime.presence import Member
from trivet.realtime.realtime import Realtime
from trivet.realtime.slow import Disconnect, DropOldest

if TYPE_CHECKING:
    from trivet.realtime.backends.nats import NatsBackend
    from trivet.realtime.backends.postgres import PostgresBackend
    from trivet.realtime.backends.redis import RedisBackend

__all__ = [
    "Backend",
    "BackendAway",
    "Channel",
    "Disconnect",
    "DropOldest",
    "Limits",
    "Member",
    "MemoryBackend",
    "MessageTooLarge",
    "Messages",
    "NatsBackend",
    "NoSuchChannel",
    "PostgresBackend",
    "Realtime",
    "Received",
    "RedisBackend",
    "Replay",
    "TooSlow",
    "Topic",
]

# What needs a library of its own is loaded with its first use.
_LATE = {"NatsBackend": "nats", "PostgresBackend": "postgres", "RedisBackend": "redis"}


def __getattr__(name: str) -> Any:
    module = _LATE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"trivet.realtime.backends.{module}"), name)
