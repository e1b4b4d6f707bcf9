"""A transport that keeps what it is given, for tests."""

from __future__ import annotations

from trivet.mail.message import Message

__all__ = ["MemoryTransport"]


class MemoryTransport:
    """Keep messages in `messages`, the last one last; nothing is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing: what was sent is still to be looked at."""

    async def send(self, message: Message) -> None:
        """Keep a message."""
        self.messages.append(message)

    def clear(self) -> None:
        """Forget all messages."""
        self.messages.clear()
