"""What can go wrong between a program and its channels."""

from __future__ import annotations

from trivet.errors import TrivetError

__all__ = ["BackendAway", "MessageTooLarge", "NoSuchChannel"]


class BackendAway(TrivetError, ConnectionError):
    """The back end does not answer, so nothing was published; a request is answered with 503."""

    def __init__(self, what: str, error: BaseException | None = None) -> None:
        reason = f": {error}" if error is not None and str(error) else ""
        super().__init__(f"{what} does not answer{reason}; nothing was published")


class MessageTooLarge(TrivetError, ValueError):
    """A message is larger than the limit; a request is answered with 413."""

    def __init__(self, topic: str, size: int, most: int) -> None:
        super().__init__(
            f"a message to {topic!r} has {size} bytes, and at most {most} are allowed: publish a"
            " key of what is large, or raise Limits(message_bytes=…)"
        )


class NoSuchChannel(TrivetError, LookupError):
    """No channel is declared that has such a name; the message may be shown to clients."""
