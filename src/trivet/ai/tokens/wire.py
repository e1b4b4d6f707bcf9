"""What a wire format says of the pieces; each stream has one of its own, which may remember."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from trivet.ai.tokens.generation import Generation
from trivet.ai.tokens.pieces import Piece
from trivet.schema.encode import to_json

__all__ = ["DONE", "Wire", "event"]

DONE = b"data: [DONE]\n\n"


class Wire(Protocol):
    """One stream in one wire format, as bytes of server-sent events."""

    headers: Mapping[str, str]

    def begin(self) -> bytes:
        """Give what stands before the first piece."""

    def piece(self, piece: Piece) -> bytes:
        """Give a piece; empty where the format has no place for it."""

    def end(self, generation: Generation) -> bytes:
        """Give what stands behind the last piece."""

    def failed(self, message: str) -> bytes:
        """Give what ends a stream that has failed; `message` is fit for the client."""


def event(value: object) -> bytes:
    """Give one event whose data is JSON."""
    return b"data: " + to_json(value) + b"\n\n"
