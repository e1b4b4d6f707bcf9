"""Why connections end and requests of clients fail: one table of codes (RFC 6455, 7.4).

Those from 4000 on are ours, and look like the statuses of HTTP that mean the same. They stand in
close frames and in frames of type `error`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "AWAY",
    "BAD_FRAME",
    "FORBIDDEN",
    "IDLE",
    "INTERNAL",
    "MISPLACED",
    "NOT_FOUND",
    "POLICY",
    "SLOW",
    "TOO_BIG",
    "TOO_MANY",
    "UNAUTHORIZED",
    "UNAVAILABLE",
    "Close",
    "RefusedError",
    "status_of",
]

AWAY = 1001  # the server, or this worker, stops: come again
POLICY = 1008  # too many frames
TOO_BIG = 1009  # a frame, or a message
SLOW = 1013  # too slow for a channel that disconnects; come again
BAD_FRAME = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
NOT_FOUND = 4404
IDLE = 4408
MISPLACED = 4409  # subscribed already, or not subscribed
TOO_MANY = 4429
INTERNAL = 4500  # an error in the program: its log has it
UNAVAILABLE = 4503  # the back end does not answer: try again

_STATUSES = {POLICY: 429, TOO_BIG: 413, SLOW: 503, AWAY: 503}


class Close(NamedTuple):
    """Why a connection ends: a code, and at most 123 bytes of a reason."""

    code: int
    reason: str


class RefusedError(Exception):
    """What a client asked for is not done; the reason is for the client to read."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def status_of(code: int) -> int:
    """Give the status of HTTP that means the same."""
    return _STATUSES.get(code, code - 4000)
