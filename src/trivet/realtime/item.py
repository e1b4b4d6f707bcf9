"""One thing that subscribers are told, encoded once for all of them.

A frame is a JSON object without line breaks, the same over WebSockets and in the data of an event.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from trivet.realtime.position import Position

__all__ = ["Item", "gap_frame"]


class Item:
    """A message, or news about who is there."""

    def __init__(
        self,
        frame: str,
        *,
        data: bytes | None = None,
        number: int = 0,
        position: Position | None = None,
    ) -> None:
        self.frame = frame
        self.data = data  # the message as JSON; None for news
        self.number = number  # 0 where it has none
        self.position = position  # what clients may go on from
        self.size = len(frame)  # characters: near enough for a limit

    @classmethod
    def message(
        cls, topic: str, data: bytes, *, number: int = 0, position: Position | None = None
    ) -> Item:
        """Make the item of a message."""
        # By hand: the message is JSON already, and this is done for each one.
        place = "" if position is None else f'"id":"{position}",'
        frame = f'{{"type":"message","channel":{json.dumps(topic)},{place}"data":{data.decode()}}}'
        return cls(frame, data=data, number=number, position=position)

    @classmethod
    def news(cls, kind: str, topic: str, **what: Any) -> Item:
        """Make the item of anything else."""
        return cls(json.dumps({"type": kind, "channel": topic, **what}, separators=(",", ":")))

    @cached_property
    def event(self) -> bytes:
        """The bytes of a server-sent event on a stream of this topic alone."""
        place = "" if self.position is None else f"id: {self.position}\n"
        return f"{place}data: {self.frame}\n\n".encode()


def gap_frame(topic: str) -> str:
    """Say that messages of a topic are missing before what follows."""
    return json.dumps({"type": "gap", "channel": topic}, separators=(",", ":"))
