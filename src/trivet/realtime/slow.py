"""What becomes of a client that reads more slowly than messages come; each channel says it.

What waits for a client is bounded (`Limits.waiting`), whatever the channel says, and no client
waits for another one.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Disconnect", "DropOldest", "Slow"]


@dataclass(frozen=True, slots=True)
class DropOldest:
    """Leave out the oldest messages that wait; the client is told by a `gap`, and goes on."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the connection with 1013; the client comes again, and gets what is kept."""


Slow = DropOldest | Disconnect
