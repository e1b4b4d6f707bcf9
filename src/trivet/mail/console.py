"""A transport that writes messages where the developer looks."""

from __future__ import annotations

import re
import sys
from typing import TextIO

from trivet.mail.message import Message

__all__ = ["ConsoleTransport"]

_RULE = "-" * 72
# What could move the cursor, hide lines, or end the program's output.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class ConsoleTransport:
    """Write messages to `stream`, by default the standard output; nothing is sent."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def send(self, message: Message) -> None:
        """Write a message: its head, its text, and what goes with it."""
        stream = sys.stdout if self._stream is None else self._stream
        text = _CONTROLS.sub("\ufffd", _written(message).replace("\r\n", "\n"))
        # A terminal that cannot show a letter shows its escape.
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()


def _written(message: Message) -> str:
    head = {
        "From": message.sender or "",
        "To": ", ".join(message.to),
        "Cc": ", ".join(message.cc),
        "Bcc": ", ".join(message.bcc),
        "Reply-To": ", ".join(message.reply_to),
        "Subject": message.subject,
        **message.headers,
    }
    lines = [_RULE, *(f"{name}: {value}" for name, value in head.items() if value), ""]
    lines += [(message.text or "").rstrip(), ""]
    if message.html is not None:
        lines.append(f"[HTML, {len(message.html):,} letters]")
    for one in message.attachments:
        lines.append(f"[{one.name}, {one.type}, {len(one.content):,} bytes]")
    return "\n".join([*lines, _RULE, ""])
