"""How much one client may take, as one frozen record."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits of each connection; sizes are bytes, durations seconds."""

    subscriptions: int = 100
    """Channels that a connection may be subscribed to at once."""

    waiting: int = 1000
    """Messages that may wait for a client that reads slowly; then its channel's `slow` decides."""

    waiting_bytes: int = 1024 * 1024
    """Bytes of such messages."""

    frame_bytes: int = 64 * 1024
    """The largest frame that a client may send; more is closed with 1009."""

    message_bytes: int = 256 * 1024
    """The largest message that may be published, as JSON."""

    frames: float = 20.0
    """Frames a second that a client may send on average; more is closed with 1008."""

    burst: int = 100
    """Frames that it may send at once."""

    heartbeat: float = 25.0
    """Silence after which a client gets a ping, which it has to answer."""

    idle: float = 70.0
    """A client of which nothing was heard for so long is closed with 4408."""

    stall: float = 30.0
    """A client that takes nothing for so long is cut off."""
