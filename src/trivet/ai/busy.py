"""What a client is told when there is no room left."""

from __future__ import annotations

import math

from trivet.errors import HTTPException

__all__ = ["Busy"]

_LONGEST = 60  # seconds: what is told beyond that is a guess


class Busy(HTTPException):
    """No room: 503, or 429 where it is the client who asks too much, with `Retry-After`."""

    def __init__(self, detail: str, *, retry_after: float, status: int = 503) -> None:
        self.retry_after = min(max(math.ceil(retry_after), 1), _LONGEST)
        """In whole seconds, from 1 to 60."""
        super().__init__(status, detail, {"Retry-After": str(self.retry_after)})
